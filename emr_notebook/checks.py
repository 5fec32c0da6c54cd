"""The checks of cdk-nag that fail a synthesis."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

import aws_cdk as cdk
import jsii
from cdk_nag import AwsSolutionsChecks, NagPack, NIST80053R5Checks
from constructs import IConstruct

# By the names that the settings know them by.
OPTIONAL: Final[Mapping[str, Callable[[], NagPack]]] = {"nist": NIST80053R5Checks}


def add_checks(scope: IConstruct, optional: Iterable[str] = ()) -> None:
    """Check what stands below the scope, an app, a stage or a stack: AwsSolutions, and more.

    `optional` are names in OPTIONAL.

    A finding that nobody accepted fails the synthesis, and is printed with the construct it is
    about. Accepted ones are in validation-report.json beside the templates, with their reasons.
    """
    packs = [AwsSolutionsChecks(), *(OPTIONAL[name]() for name in sorted(set(optional)))]
    cdk.Validations.of(scope).add_plugins(*(_Below(scope, pack) for pack in packs))


@jsii.implements(cdk.IPolicyValidationPlugin)
class _Below:
    """A pack that looks at one scope.

    By itself a pack looks at the whole app, whatever it was added to: with two stages in one app,
    everything would be reported twice, and one stage's wish would be laid upon the other.
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
