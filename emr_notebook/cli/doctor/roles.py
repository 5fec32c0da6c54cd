"""Checks the roles that the settings give to notebooks, and the permissions boundary."""

import json
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from emr_notebook.bootstrap import assets_bucket
from emr_notebook.cli.aws.reader import Reader
from emr_notebook.cli.aws.start_log import STREAM
from emr_notebook.cli.doctor.iam import (
    FIND_THE_DENIAL,
    Decision,
    PolicyVerdict,
    evaluate_policy,
    name_in,
    put_role_policy,
    simulate,
    with_statement,
)
from emr_notebook.cli.doctor.report import (
    Line,
    Unknown,
    attempt,
    failed,
    none_if_missing,
    not_checked,
    ok,
    unseen,
    warned,
)
from emr_notebook.cli.next_commands import Commands
from emr_notebook.constructs.agent_archive import SUFFIX
from emr_notebook.names import LOG_GROUP
from emr_notebook.settings.model import Settings

NO_SUCH_ENTITY = "NoSuchEntity"
SAGEMAKER, ASSUME = "sagemaker.amazonaws.com", "sts:AssumeRole"
LOGS = ("logs:CreateLogStream", "logs:PutLogEvents")
POLICY, STOP_POLICY = "notebook-logs", "notebook-idle-stop"
AGENT_POLICY, READ = "notebook-agent", "s3:GetObject"
STOP = "sagemaker:StopNotebookInstance"
BOUNDARY = "permissions boundary"


@dataclass(frozen=True)
class Role:
    """A role: its ARN, and whom it trusts."""

    arn: str
    trust: Mapping[str, Any] = field(default_factory=dict)


def check_boundary(reader: Reader, settings: Settings, _commands: Commands) -> list[Line]:
    """The line of the boundary: one call; none when the settings give no boundary."""
    arn = settings.permissions_boundary_arn
    if arn is None:
        return []
    found = none_if_missing(
        NO_SUCH_ENTITY, lambda: str(reader.ask("iam", "get_policy", PolicyArn=arn)["Policy"]["Arn"])
    )
    return [boundary_line(arn, found)]


def boundary_line(arn: str, policy: str | Unknown | None) -> Line:
    """Whether the policy exists; whether it allows what the roles need is not looked at."""
    if isinstance(policy, Unknown):
        return not_checked(BOUNDARY, policy)
    if policy is None:
        advice = "make that policy, or correct permissions_boundary_arn in the settings"
        return failed(BOUNDARY, f"{arn} does not exist", advice=advice)
    return ok(BOUNDARY, f"{arn} exists")


def check(
    reader: Reader, settings: Settings, commands: Commands, *, has_bootstrap: bool = True
) -> list[Line]:
    """The lines of each role that notebooks are given; the roles that a deploy makes have none.

    Three calls for each distinct role, one more where it has to stop notebooks, one less without
    the bootstrap, whose bucket the agent is read from.
    """
    used = roles(settings)
    bucket = assets_bucket(settings) if has_bootstrap else ""
    found = reader.map_concurrently(
        lambda arn: role_lines(reader, arn, used[arn], settings, commands, bucket), used
    )
    return [line for lines in found for line in lines]


def roles(settings: Settings) -> dict[str, list[str]]:
    """The names of the notebooks that use each of the given roles."""
    found: dict[str, list[str]] = {}
    for notebook in settings.resolved_notebooks:
        if notebook.role_arn is not None:
            found.setdefault(notebook.role_arn, []).append(notebook.name)
    return found


def role_lines(
    reader: Reader,
    arn: str,
    notebooks: Sequence[str],
    settings: Settings,
    commands: Commands,
    bucket: str,
) -> list[Line]:
    """Whether the role is there and SageMaker's to use; then, whether it may do what it has to.

    `bucket` has the notebooks' agent; "" when nobody here knows which.
    """
    given = Role(arn)
    role = none_if_missing(NO_SUCH_ENTITY, lambda: _role(reader, name_in(arn)))
    line = trust_line(given, role, commands)
    if role is None or (isinstance(role, Role) and role.arn != arn):
        return [line]
    region, account = settings.region, settings.account
    group = f"arn:{settings.partition.name}:logs:{region}:{account}:log-group:{LOG_GROUP}"
    stream = f"{group}:log-stream:{notebooks[0]}/{STREAM}"
    decisions = attempt(lambda: simulate(reader, arn, LOGS, stream))
    lines = [line, logs_line(given, group, decisions, commands)]
    stopping = [x for x in settings.resolved_notebooks if x.role_arn == arn and x.idle_minutes]
    if stopping:
        instances = f"arn:{settings.partition.name}:sagemaker:{region}:{account}:notebook-instance"
        arns = [f"{instances}/{each.name.lower()}" for each in stopping]
        stop = attempt(lambda: simulate(reader, arn, (STOP,), arns[0]))
        lines.append(stop_line(given, stopping[0].name, arns, stop, commands))
    return [*lines, agent_line(reader, given, settings, bucket, commands)]


def trust_line(given: Role, role: Role | Unknown | None, commands: Commands) -> Line:
    """Whether the role exists, and SageMaker may assume it."""
    subject = f"role {name_in(given.arn)}"
    if isinstance(role, Unknown):
        return not_checked(subject, role)
    if role is None:
        advice = "correct role_arn in the settings, or leave it out: then the deploy makes a role"
        return failed(subject, f"{given.arn} does not exist", advice=advice)
    if role.arn != given.arn:
        return failed(subject, f"its ARN is {role.arn}", advice=f"set role_arn: {role.arn}")
    verdict = evaluate_policy(role.trust, ASSUME, {SAGEMAKER})
    if verdict is PolicyVerdict.ALLOWS:
        return ok(subject)
    if verdict is PolicyVerdict.DEPENDS:
        return unseen(subject, f"it trusts {SAGEMAKER} under conditions, which are not looked at")
    if verdict is PolicyVerdict.EXPLICITLY_DENIES:
        advice = "take that statement out of its trust policy: no further one can win against it"
        return failed(subject, f"a statement denies {SAGEMAKER} to assume it", advice=advice)
    cause = f"it does not trust {SAGEMAKER}: no notebook can use it"
    return failed(subject, cause, _trusting(role, commands))


def logs_line(
    role: Role, group: str, decisions: Mapping[str, Decision] | Unknown, commands: Commands
) -> Line:
    """Whether starts of notebooks with the role are reported where `verify` reads."""
    subject, lost = f"logs by role {name_in(role.arn)}", "verify and status have no reports"
    statement = {
        "Effect": "Allow",
        "Action": [*LOGS, "logs:CreateLogGroup", "logs:DescribeLogStreams"],
        "Resource": [group, f"{group}:log-stream:*"],
    }
    command = put_role_policy(role.arn, POLICY, [statement], commands.region)
    return _permission_line(subject, decisions, f"{lost} of its starts", command)


def stop_line(
    role: Role,
    notebook: str,
    arns: Sequence[str],
    decisions: Mapping[str, Decision] | Unknown,
    commands: Commands,
) -> Line:
    """Whether a notebook with the role may stop itself; `arns` are of all that have to."""
    subject = f"idle stop of {notebook} by role {name_in(role.arn)}"
    statement = {"Effect": "Allow", "Action": STOP, "Resource": list(arns)}
    command = put_role_policy(role.arn, STOP_POLICY, [statement], commands.region)
    return _permission_line(subject, decisions, "it runs on, however long it is idle", command)


def agent_line(
    reader: Reader, role: Role, settings: Settings, bucket: str, commands: Commands
) -> Line:
    """Whether notebooks with the role may fetch their agent, and any that a later deploy brings."""
    subject = f"agent by role {name_in(role.arn)}"
    objects = f"arn:{settings.partition.name}:s3:::{bucket or '<CodeBucket>'}"
    if not bucket:
        advice = f"let it {READ} on {objects}/<CodePrefix>*{SUFFIX}"
        return unseen(subject, "where it is, the template's parameters say", advice=advice)
    # No agent has this name: what is allowed for it is allowed for all.
    any_agent = f"{objects}/{'0' * 64}{SUFFIX}"
    decisions = attempt(lambda: simulate(reader, role.arn, (READ,), any_agent))
    statement = {"Effect": "Allow", "Action": READ, "Resource": f"{objects}/*{SUFFIX}"}
    command = put_role_policy(role.arn, AGENT_POLICY, [statement], commands.region)
    lost = "its notebooks are connected, and do without the rest of the agent"
    return _permission_line(subject, decisions, lost, command, say=warned)


def _permission_line(
    subject: str,
    decisions: Mapping[str, Decision] | Unknown,
    lost: str,
    command: str,
    say: Callable[..., Line] = failed,
) -> Line:
    if isinstance(decisions, Unknown):
        return not_checked(subject, decisions)
    denied = {action: each for action, each in decisions.items() if not each.allowed}
    if not denied:
        return ok(subject)
    unsure = next((each.unsure for each in denied.values() if each.unsure), "")
    if unsure:
        return not_checked(subject, Unknown(unsure))
    cause = f"it may not {' and '.join(denied)}: {lost}"
    if not all(each.may_be_granted for each in denied.values()):
        return say(subject, cause, advice=FIND_THE_DENIAL)
    return say(subject, cause, command)


def _trusting(role: Role, commands: Commands) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": SAGEMAKER}, "Action": ASSUME}
    document = shlex.quote(json.dumps(with_statement(role.trust, statement)))
    command = f"aws iam update-assume-role-policy --role-name {name_in(role.arn)}"
    return f"{command} --policy-document {document} --region {commands.region}"


def _role(reader: Reader, name: str) -> Role:
    found = reader.ask("iam", "get_role", RoleName=name)["Role"]
    trust = found.get("AssumeRolePolicyDocument", {})
    # boto3 reads the JSON by itself; botocore's model says that it is text.
    return Role(str(found["Arn"]), trust if isinstance(trust, Mapping) else json.loads(trust))
