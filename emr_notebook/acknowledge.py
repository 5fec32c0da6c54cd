"""Findings of the checks that are accepted, each beside the resource that causes it."""

from collections.abc import Mapping
from typing import cast

import aws_cdk as cdk
from constructs import IConstruct

CHECKOV = "CKV"
# cdk-nag's packs: a rule's name starts with its pack's.
PACKS = ("AwsSolutions", "NIST.800.53.R5")


def acknowledge(resource: IConstruct, reasons: Mapping[str, str]) -> None:
    """Accept findings on a resource: {rule as its check prints it: a true reason}.

    A finding in brackets is part of a rule's name. cdk-nag's rules are accepted for all that
    stands below the construct, and leave nothing in the template, whether the pack is asked for
    or not. checkov's are accepted for the resource alone, in its Metadata, where checkov reads
    them. Raises ValueError for a rule of another check.
    """
    accepted = [
        cdk.Acknowledgment(id=f"{_pack(rule)}::{rule}", reason=reason)
        for rule, reason in reasons.items()
        if not rule.startswith(CHECKOV)
    ]
    if accepted:
        cdk.Validations.of(resource).acknowledge(*accepted)
    skipped = {rule: because for rule, because in reasons.items() if rule.startswith(CHECKOV)}
    if skipped:
        _skip_in_checkov(resource, skipped)


def wildcard(stack: cdk.Stack, arn: str) -> str:
    """AwsSolutions' rule against a wildcard in that ARN, as cdk-nag prints it."""
    partition = stack.partition
    # A text where CDK knows the region, a reference elsewhere.
    if cdk.Token.is_unresolved(partition):
        arn = arn.replace(partition, "<AWS::Partition>")
    # What is left are policy variables.
    return f"AwsSolutions-IAM5[Resource::{arn.replace('${', '<').replace('}', '>')}]"


def _pack(rule: str) -> str:
    for pack in PACKS:
        if rule.startswith(f"{pack}-"):
            return pack
    raise ValueError(f"{rule!r} is no rule of {', '.join(PACKS)} or checkov ({CHECKOV}…)")


def _skip_in_checkov(resource: IConstruct, reasons: Mapping[str, str]) -> None:
    found = resource if cdk.CfnResource.is_cfn_resource(resource) else resource.node.default_child
    skips = [{"id": rule, "comment": reason} for rule, reason in reasons.items()]
    cast("cdk.CfnResource", found).add_metadata("checkov", {"skip": skips})
