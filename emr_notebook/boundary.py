"""The permissions boundary of a stack's roles."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam


def bound_roles(stack: cdk.Stack, policy_arn: str | None) -> None:
    """Bound every role of the stack by this policy; without one, none."""
    if policy_arn is not None:
        boundary = iam.ManagedPolicy.from_managed_policy_arn(stack, "Boundary", policy_arn)
        iam.PermissionsBoundary.of(stack).apply(boundary)
