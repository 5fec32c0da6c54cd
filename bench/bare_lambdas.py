"""Makes what a stage has beside its notebooks: the Lambdas, what they may, and what they answer."""

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3_assets as s3_assets
from aws_cdk import custom_resources as cr

ASSETS = Path(__file__).parent.parent / "assets"


def add_lambdas(stack: cdk.Stack) -> None:
    """Add the resolver, its provider, the two custom resources, and the agent's file."""
    log, role = _role(stack, "Resolver")
    function = lambda_.Function(
        stack,
        "Function",
        runtime=lambda_.Runtime.PYTHON_3_14,
        architecture=lambda_.Architecture.ARM_64,
        handler="cluster_endpoint.handler.on_event",
        code=lambda_.Code.from_asset(str(ASSETS / "lambda"), exclude=["**/__pycache__"]),
        timeout=cdk.Duration.minutes(15),
        log_group=log,
        role=role,
    )
    log, role = _role(stack, "Framework")
    provider = cr.Provider(
        stack,
        "Provider",
        on_event_handler=function,
        log_group=log,
        framework_on_event_role=role,
    )
    for kind in ("ClusterEndpoint", "ReplacementGuard"):
        cdk.CustomResource(
            stack, kind, service_token=provider.service_token, resource_type=f"Custom::{kind}"
        )
    agent = s3_assets.Asset(
        stack, "Agent", path=str(ASSETS / "notebook/agent"), exclude=["**/__pycache__"]
    )
    cdk.CfnOutput(stack, "AgentUri", value=agent.s3_object_url)


def _role(stack: cdk.Stack, name: str) -> tuple[logs.ILogGroup, iam.IRole]:
    log = logs.CfnLogGroup(stack, f"{name}Log", retention_in_days=365)
    statement = {"Effect": "Allow", "Action": "logs:PutLogEvents", "Resource": log.attr_arn}
    policy = iam.CfnManagedPolicy(
        stack,
        f"{name}Policy",
        policy_document={"Version": "2012-10-17", "Statement": [statement]},
    )
    role = iam.Role(
        stack,
        f"{name}Role",
        assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
        managed_policies=[
            iam.ManagedPolicy.from_managed_policy_arn(stack, f"{name}PolicyUsed", policy.ref)
        ],
    )
    return (
        logs.LogGroup.from_log_group_arn(stack, f"{name}LogUsed", log.attr_arn),
        # The provider would add a policy of its own.
        role.without_policy_updates(),
    )
