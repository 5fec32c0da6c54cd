"""Asks IAM whether a principal has permissions, and says what is known of the answers."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from emr_notebook.cli.aws.reader import CommandError, Reader
from emr_notebook.cli.doctor.iam import Decision, simulate
from emr_notebook.cli.doctor.report import Unknown, none_if_missing
from emr_notebook.settings.model import Settings

_PRINCIPAL = re.compile(r"arn:[\w-]+:iam::(?P<account>\d{12}):(?P<kind>user|role)/(.+/)?[^/]+")
Decisions = Mapping[str, Decision]
PASSED, VIA, FOR_AWS = "iam:PassedToService", "kms:ViaService", "kms:GrantIsForAWSResource"


@dataclass(frozen=True)
class RequiredPermission:
    """Actions on a resource, with condition keys that are known to be there, or known to be absent.

    `key_policy_may_allow` says that a key's own policy may allow it, too.
    """

    actions: tuple[str, ...]
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)
    absent_keys: frozenset[str] = frozenset()
    key_policy_may_allow: bool = False


@dataclass(frozen=True)
class Findings:
    """What IAM's simulation says of many permissions: what is `denied` for sure, by its action.

    `unknown` is why the rest is not known; None when all of it is allowed.
    """

    denied: Decisions
    unknown: Unknown | None = None


def principal_kind(option: str, arn: str, settings: Settings) -> str:
    """`user` or `role`, whose ARN an option was given. Raises CommandError for another thing."""
    named = _PRINCIPAL.fullmatch(arn)
    if named is None:
        raise CommandError(
            f"{option} takes the ARN of an IAM user or role, such as "
            f"arn:{settings.partition.name}:iam::{settings.account}:user/alice; {arn} is none. Of "
            "a session, give the ARN of its role."
        )
    if named["account"] != settings.account:
        raise CommandError(
            f"{arn} is of account {named['account']}; the stage's is {settings.account}"
        )
    return named["kind"]


def ask(
    reader: Reader, principal_arn: str, permissions: Sequence[RequiredPermission], absent: str
) -> Findings:
    """One call for each permission. `absent` is what to say of a principal that does not exist."""

    def decide(permission: RequiredPermission) -> Decisions | Unknown:
        asked = permission.actions, permission.resource, permission.context
        found = none_if_missing("NoSuchEntity", lambda: simulate(reader, principal_arn, *asked))
        if found is None:
            return Unknown(absent)
        return found if isinstance(found, Unknown) else with_known_context(permission, found)

    return summarized(principal_arn, reader.map_concurrently(decide, permissions))


def with_known_context(permission: RequiredPermission, decisions: Decisions) -> dict[str, Decision]:
    """IAM's decisions with what is known of the permission: no call brings the absent keys."""
    absent = {key.lower() for key in permission.absent_keys}
    found = {
        action: replace(
            each, depends_on=tuple(k for k in each.depends_on if k.lower() not in absent)
        )
        for action, each in decisions.items()
    }
    if permission.key_policy_may_allow:
        # The key's own policy may allow what no policy of the role does: see its line.
        return {a: each for a, each in found.items() if not each.may_be_granted}
    return found


def summarized(principal_arn: str, answers: Sequence[Decisions | Unknown]) -> Findings:
    """What is sure comes before what is not known."""
    known = [pair for each in answers if not isinstance(each, Unknown) for pair in each.items()]
    denied = [(action, each) for action, each in known if not each.allowed]
    unread = [each for each in answers if isinstance(each, Unknown)]
    name = principal_arn.rpartition("/")[2]
    unsure = [Unknown(f"{name}, {a}: {each.unsure}") for a, each in denied if each.unsure]
    return Findings(
        {action: each for action, each in denied if not each.unsure},
        next(iter([*unread, *unsure]), None),
    )
