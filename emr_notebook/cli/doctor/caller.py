"""Checks whose the credentials are, and whether they may deploy, as IAM simulates it."""

import json
import shlex
from collections.abc import Mapping, Sequence

from emr_notebook.bootstrap import bootstrap_role_arn
from emr_notebook.cli.aws.reader import Reader
from emr_notebook.cli.doctor.iam import (
    FIND_THE_DENIAL,
    Decision,
    Principal,
    caller,
    name_in,
    simulate,
)
from emr_notebook.cli.doctor.report import Line, Unknown, attempt, failed, not_checked, ok
from emr_notebook.cli.next_commands import Commands
from emr_notebook.settings.model import Settings

SUBJECT = "permission to deploy"
ACTION = "sts:AssumeRole"
# Of the roles that cdk bootstrap makes: a deploy uses the first two.
NEEDED, LOOKUP = ("deploy", "file-publishing"), "lookup"
POLICY = "cdk-deploy"


def account_line(reader: Reader, settings: Settings) -> Line:
    """Whether the credentials are of the stage's account. AWS lets everybody ask that."""
    caller = reader.ask("sts", "get_caller_identity")
    subject = f"account {settings.account}"
    if caller["Account"] == settings.account:
        return ok(subject, f"as {caller['Arn']}")
    cause = f"the credentials are of account {caller['Account']}: nothing else can be checked"
    return failed(subject, cause, advice="choose another profile (AWS_PROFILE) or stage (--stage)")


def check(reader: Reader, settings: Settings, commands: Commands) -> list[Line]:
    """The line of the caller: four calls, one more for a role."""
    principal = attempt(lambda: caller(reader))
    if isinstance(principal, Unknown):
        return [not_checked(SUBJECT, principal)]
    if principal.kind == "root":
        # Root cannot assume a role; the CDK goes on with the credentials that it has.
        return [ok(SUBJECT, "the account's root user may do everything")]

    def decide(kind: str) -> Decision | Unknown:
        role = bootstrap_role_arn(settings, kind)
        return attempt(lambda: simulate(reader, principal.arn, [ACTION], role)[ACTION])

    kinds = [*NEEDED, LOOKUP]
    decisions = dict(zip(kinds, reader.map_concurrently(decide, kinds), strict=True))
    return [deploy_line(principal, decisions, settings, commands)]


def deploy_line(
    principal: Principal,
    decisions: Mapping[str, Decision | Unknown],
    settings: Settings,
    commands: Commands,
) -> Line:
    """Whether the caller may assume what the CDK's deploy assumes."""
    found = {kind: each for kind, each in decisions.items() if isinstance(each, Decision)}
    denied = [kind for kind in NEEDED if kind in found and not found[kind].allowed]
    sure = [kind for kind in denied if not found[kind].unsure]
    if sure:
        roles = [bootstrap_role_arn(settings, kind) for kind in (*NEEDED, LOOKUP)]
        grantable = all(found[kind].may_be_granted for kind in sure)
        names, region = _role_names(sure), commands.region
        return _denied(principal, names, roles, grantable=grantable, region=region)
    for kind in NEEDED:
        each = decisions[kind]
        if isinstance(each, Unknown):
            return not_checked(SUBJECT, each)
    if denied:
        return not_checked(SUBJECT, Unknown(f"{principal.arn}: {found[denied[0]].unsure}"))
    return ok(SUBJECT, _allowed(principal, decisions[LOOKUP]))


def _denied(
    principal: Principal, kinds: str, roles: Sequence[str], *, grantable: bool, region: str
) -> Line:
    cause = f"{principal.arn} may not {ACTION} on the bootstrap's {kinds}"
    policy = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": ACTION, "Resource": list(roles)}],
        }
    )
    if not grantable:
        advice = f"have whoever administers IAM {FIND_THE_DENIAL}"
        return failed(SUBJECT, cause, advice=advice)
    if principal.is_managed:
        advice = f"have IAM Identity Center's permission set allow it: {policy}"
        return failed(SUBJECT, cause, advice=advice)
    put = f"aws iam put-{principal.kind}-policy --{principal.kind}-name {name_in(principal.arn)}"
    options = f"--policy-name {POLICY} --policy-document {shlex.quote(policy)} --region {region}"
    advice = "it takes somebody who administers IAM to run that"
    return failed(SUBJECT, cause, f"{put} {options}", advice=advice)


def _allowed(principal: Principal, lookup: Decision | Unknown) -> str:
    may = f"{principal.arn} may assume the bootstrap's {_role_names(NEEDED)}"
    if isinstance(lookup, Decision) and lookup.allowed:
        return may
    # A deploy does without.
    why = lookup.why if isinstance(lookup, Unknown) else "it may not assume the look-up role"
    return f"{may}; not --lookup-role: {why}"


def _role_names(kinds: Sequence[str]) -> str:
    return f"{' and '.join(kinds)} role{'s' if len(kinds) > 1 else ''}"
