"""Adds cdk-nag's checks, which fail a synthesis, and accepts findings with a reason."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, cast

import aws_cdk as cdk
import jsii
from cdk_nag import AwsSolutionsChecks, NagPack, NIST80053R5Checks
from constructs import IConstruct

# By the names that the settings know them by.
OPTIONAL_PACKS: Final[Mapping[str, Callable[[], NagPack]]] = {"nist": NIST80053R5Checks}
CHECKOV = "CKV"
# cdk-nag's packs: a rule's name starts with its pack's.
PACKS = ("AwsSolutions", "NIST.800.53.R5")


def add_checks(scope: IConstruct, optional: Iterable[str] = ()) -> None:
    """Check what stands below the scope, an app, a stage or a stack: AwsSolutions, and more.

    `optional` are names in OPTIONAL_PACKS.

    A finding that nobody accepted fails the synthesis, and is printed with the construct it is
    about. Accepted ones are in validation-report.json beside the templates, with their reasons.
    """
    packs = [AwsSolutionsChecks(), *(OPTIONAL_PACKS[name]() for name in sorted(set(optional)))]
    cdk.Validations.of(scope).add_plugins(*(_ScopedPack(scope, pack) for pack in packs))


@jsii.implements(cdk.IPolicyValidationPlugin)
class _ScopedPack:
    """A pack that looks at one scope.

    By itself a pack looks at the whole app, whatever it was added to: with two stages in one app,
    everything would be reported twice, and one stage's optional packs would check the other, too.
    """

    def __init__(self, scope: IConstruct, pack: NagPack) -> None:
        self._scope = scope
        self._pack = pack

    @property
    def name(self) -> str:
        return self._pack.name

    @property
    def rule_ids(self) -> list[str] | None:
        return self._pack.rule_ids

    @property
    def version(self) -> str | None:
        return self._pack.version

    def validate(
        self,
        context: cdk.IPolicyValidationContext,  # noqa: ARG002 - what CDK hands to every plugin
    ) -> cdk.PolicyValidationPluginReport:
        return self._pack.validate_scope(self._scope)


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


def wildcard_rule(stack: cdk.Stack, arn: str) -> str:
    """AwsSolutions' rule against a wildcard in that ARN, as cdk-nag prints it."""
    partition = stack.partition
    # A text where CDK knows the region, a reference elsewhere.
    if cdk.Token.is_unresolved(partition):
        arn = arn.replace(partition, "<AWS::Partition>")
    arn = _with_intrinsics(stack.resolve(arn))
    variables_named = re.sub(r"\$\{([^}]*)\}", r"<\1>", arn)
    return f"AwsSolutions-IAM5[Resource::{variables_named}]"


def aws_policy_rule(arn: str) -> str:
    """AwsSolutions' rule against that policy of AWS's own, as cdk-nag prints it."""
    return f"AwsSolutions-IAM4[Policy::{arn}]"


def _with_intrinsics(resolved: Any) -> str:
    """A text in which other intrinsics than references are written as JSON."""
    if isinstance(resolved, str):
        return resolved
    _, parts = resolved["Fn::Join"]
    texts = [x if isinstance(x, str) else json.dumps(x, separators=(",", ":")) for x in parts]
    return "".join(texts)


def _pack(rule: str) -> str:
    for pack in PACKS:
        if rule.startswith(f"{pack}-"):
            return pack
    raise ValueError(f"{rule!r} is no rule of {', '.join(PACKS)} or checkov ({CHECKOV}…)")


def _skip_in_checkov(resource: IConstruct, reasons: Mapping[str, str]) -> None:
    found = resource if cdk.CfnResource.is_cfn_resource(resource) else resource.node.default_child
    skips = [{"id": rule, "comment": reason} for rule, reason in reasons.items()]
    cast("cdk.CfnResource", found).add_metadata("checkov", {"skip": skips})
