"""Makes notebooks and their roles in a loop, each property written where it is used."""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from bench import stages

ARN = f"arn:aws:logs:{stages.REGION}:{stages.ACCOUNT}"
KEPT = cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": "sagemaker.amazonaws.com"},
        }
    ],
}
IMDS = sagemaker.CfnNotebookInstance.InstanceMetadataServiceConfigurationProperty(
    minimum_instance_metadata_service_version="2"
)
Lifecycle = sagemaker.CfnNotebookInstanceLifecycleConfig


def add_stacks(app: Construct, notebooks: int) -> None:
    """Add as many stacks as that many notebooks need."""
    for first in range(0, notebooks, stages.NOTEBOOKS_PER_STACK):
        name = stages.stack_name(first)
        env = cdk.Environment(account=stages.ACCOUNT, region=stages.REGION)
        stack = cdk.Stack(app, name, env=env, suppress_template_indentation=True)
        last = min(first + stages.NOTEBOOKS_PER_STACK, notebooks)
        _add_notebooks(stack, name, range(first, last))


def _add_notebooks(stack: cdk.Stack, stack_name: str, numbers: range) -> None:
    policies, groups = [_log_policy(stack)], [_security_group(stack)]
    key, lifecycle = _key(stack), _lifecycle(stack)
    _owners_policy(stack)
    for number in numbers:
        user = stages.user(number)
        name = f"{stages.STACK_NAME}-{user}"
        role = iam.CfnRole(
            stack,
            f"Role-{user}",
            assume_role_policy_document=TRUST,
            managed_policy_arns=policies,
            tags=[cdk.CfnTag(key="EmrNotebookName", value=name)],
        )
        role.apply_removal_policy(KEPT)
        notebook = sagemaker.CfnNotebookInstance(
            stack,
            f"Notebook-{user}",
            notebook_instance_name=name,
            instance_type="ml.t3.medium",
            role_arn=role.attr_arn,
            subnet_id=stages.SUBNET,
            security_group_ids=groups,
            kms_key_id=key,
            volume_size_in_gb=5,
            lifecycle_config_name=lifecycle,
            platform_identifier="notebook-al2023-v1",
            direct_internet_access="Disabled",
            root_access="Disabled",
            instance_metadata_service_configuration=IMDS,
            tags=[
                cdk.CfnTag(key="Owner", value=stages.owner(number)),
                cdk.CfnTag(key="EmrNotebookStack", value=stack_name),
            ],
        )
        notebook.apply_removal_policy(KEPT)


def _log_policy(stack: cdk.Stack) -> str:
    policy = iam.CfnManagedPolicy(stack, "Log", policy_document=_allow("logs:PutLogEvents"))
    policy.apply_removal_policy(KEPT)
    return policy.ref


def _owners_policy(stack: cdk.Stack) -> None:
    document = _allow("sagemaker:StartNotebookInstance")
    iam.CfnManagedPolicy(stack, "Owners", policy_document=document)


def _allow(action: str) -> dict[str, object]:
    # No wildcard, for which cdk-nag would ask a reason.
    statement = {"Effect": "Allow", "Action": action, "Resource": f"{ARN}:log-group:notebooks"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _security_group(stack: cdk.Stack) -> str:
    rule = ec2.CfnSecurityGroup.EgressProperty(
        ip_protocol="tcp",
        from_port=stages.LIVY_PORT,
        to_port=stages.LIVY_PORT,
        description="Livy",
        destination_security_group_id=stages.PRIMARY_GROUP,
    )
    group = ec2.CfnSecurityGroup(
        stack,
        "Group",
        group_description="Notebooks",
        vpc_id=stages.VPC,
        security_group_egress=[rule],
    )
    group.apply_removal_policy(KEPT)
    ec2.CfnSecurityGroupIngress(
        stack,
        "Livy",
        group_id=stages.PRIMARY_GROUP,
        description="Livy",
        ip_protocol="tcp",
        from_port=stages.LIVY_PORT,
        to_port=stages.LIVY_PORT,
        source_security_group_id=group.attr_group_id,
    )
    return group.attr_group_id


def _key(stack: cdk.Stack) -> str:
    root = {"AWS": f"arn:aws:iam::{stages.ACCOUNT}:root"}
    everything = {"Effect": "Allow", "Action": "kms:*", "Principal": root, "Resource": "*"}
    key = kms.CfnKey(
        stack,
        "Key",
        key_policy={"Version": "2012-10-17", "Statement": [everything]},
        enable_key_rotation=True,
    )
    key.apply_removal_policy(KEPT)
    return key.attr_arn


def _lifecycle(stack: cdk.Stack) -> str:
    hook = Lifecycle.NotebookInstanceLifecycleHookProperty(content=cdk.Fn.base64("#!/bin/sh"))
    lifecycle = Lifecycle(stack, "Start", on_create=[hook], on_start=[hook])
    lifecycle.apply_removal_policy(KEPT)
    return lifecycle.attr_notebook_instance_lifecycle_config_name
