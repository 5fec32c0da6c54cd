"""Makes the roles of Lambdas, and bounds every role of a stack."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from emr_notebook.checks.nag import acknowledge

# IAM's limit of a managed policy, without white space.
POLICY_CHARACTERS = 6144
# Statements that list more resources are cut, so that each fits into a policy.
RESOURCES_PER_STATEMENT = 50

PLAIN_LOG = (
    "It names clusters and notebooks and what was wrong with them, and holds no secret; "
    "CloudWatch Logs encrypts it with a key of its own."
)


@dataclass(frozen=True)
class LambdaRole:
    """A role for one Lambda, and the log group that it may write.

    The role is complete: the Lambda that takes it adds nothing to it.
    """

    role: iam.IRole
    log_group: logs.ILogGroup


def lambda_role(
    scope: Construct,
    prefix: str,
    *,
    description: str,
    statements: Sequence[dict[str, Any]],
) -> LambdaRole:
    """Make a role that may do what is stated, and write a log of its own.

    AWSLambdaBasicExecutionRole, the usual one, may write to every group of the account. Managed
    policies hold the statements, as many as needed: a stage may name hundreds of clusters.
    """
    log_group = _log_group(scope, f"{prefix}Log")
    write = allow(["logs:CreateLogStream", "logs:PutLogEvents"], [log_group.log_group_arn])
    policies = [
        iam.ManagedPolicy(
            scope,
            f"{prefix}Policy{number or ''}",
            description=description,
            statements=[iam.PolicyStatement.from_json(each) for each in held],
        )
        for number, held in enumerate(split_into_policies([write, *statements]))
    ]
    role = iam.Role(
        scope,
        f"{prefix}Role",
        description=description,
        assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
        managed_policies=policies,
    )
    return LambdaRole(role.without_policy_updates(), log_group)


def _log_group(scope: Construct, construct_id: str) -> logs.LogGroup:
    group = logs.LogGroup(
        scope,
        construct_id,
        retention=logs.RetentionDays.ONE_MONTH,
        removal_policy=cdk.RemovalPolicy.DESTROY,
    )
    acknowledge(
        group,
        {"CKV_AWS_158": PLAIN_LOG, "NIST.800.53.R5-CloudWatchLogGroupEncrypted": PLAIN_LOG},
    )
    return group


def allow(
    actions: Sequence[str],
    resources: Sequence[str],
    conditions: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """A statement that allows the actions."""
    condition = {"Condition": conditions} if conditions else {}
    return {
        "Effect": "Allow",
        "Action": list(actions),
        "Resource": list(resources),
        **condition,
    }


def split_into_policies(
    statements: Iterable[dict[str, Any]],
    room: int = POLICY_CHARACTERS,
    *,
    resource_characters: int = 0,
) -> list[list[dict[str, Any]]]:
    """The statements in order, in as few documents as fit into policies of that many characters.

    Each resource counts as `resource_characters` at least: a reference may be longer than it looks.
    """
    documents: list[list[dict[str, Any]]] = []
    left = 0
    for statement in _split_resources(statements):
        # The names of tokens are longer than what they stand for.
        size = len(json.dumps(statement)) + sum(
            max(0, resource_characters - len(each)) for each in statement["Resource"]
        )
        if not documents or size > left:
            documents.append([])
            left = room - len('{"Version":"2012-10-17","Statement":[]}')
        documents[-1].append(statement)
        left -= size
    return documents


def _split_resources(statements: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for statement in statements:
        resources = statement["Resource"]
        for start in range(0, len(resources), RESOURCES_PER_STATEMENT):
            yield {**statement, "Resource": resources[start : start + RESOURCES_PER_STATEMENT]}


def apply_permissions_boundary(stack: cdk.Stack, policy_arn: str | None) -> None:
    """Bound every role of the stack by this policy; without one, none."""
    if policy_arn is not None:
        boundary = iam.ManagedPolicy.from_managed_policy_arn(stack, "Boundary", policy_arn)
        iam.PermissionsBoundary.of(stack).apply(boundary)


def apply_role_path(stack: cdk.Stack, path: str | None) -> None:
    """Put every role that the stack has by now under this path; without one, under none."""
    for each in stack.node.find_all() if path else ():
        if isinstance(each, iam.CfnRole):
            each.path = path
