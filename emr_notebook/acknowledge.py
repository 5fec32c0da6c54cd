"""Findings of the checks that are accepted, each beside the resource that causes it."""

from collections.abc import Mapping

import aws_cdk as cdk
from constructs import IConstruct


def acknowledge(resource: IConstruct, reasons: Mapping[str, str]) -> None:
    """Accept findings on a resource: {rule's id, with its finding in brackets: a true reason}."""
    for rule, reason in reasons.items():
        cdk.Validations.of(resource).acknowledge(
            cdk.Acknowledgment(id=f"AwsSolutions::{rule}", reason=reason)
        )
