"""Checks that the notebooks' roles may clone the notebooks' code repositories."""

from collections.abc import Iterable, Iterator, Mapping

from emr_notebook.cli.aws.reader import Reader, Refused
from emr_notebook.cli.doctor.clone_permissions import (
    CODECOMMIT_ACTIONS,
    Access,
    Clone,
    accesses,
)
from emr_notebook.cli.doctor.iam import (
    FIND_THE_DENIAL,
    Decision,
    name_in,
    put_role_policy,
    simulate,
)
from emr_notebook.cli.doctor.network.destinations import (
    Repository,
    all_code_repositories,
    named_repositories,
)
from emr_notebook.cli.doctor.network.egress import code_repositories
from emr_notebook.cli.doctor.report import (
    Line,
    Unknown,
    attempt,
    failed,
    not_checked,
    ok,
)
from emr_notebook.cli.next_commands import Commands
from emr_notebook.settings.model import Settings
from emr_notebook.settings.notebook import CODECOMMIT_URL, CodeRepository

_POLICY = "notebook-repositories"


def check(reader: Reader, settings: Settings, commands: Commands) -> list[Line]:
    """A line for each given role with code repositories, and each named one that made roles clone.

    One call for each secret and one for its key; one for each repository, secret and key of each
    given role. None where notebooks have no repository.
    """
    named = named_repositories(settings)
    known = attempt(lambda: code_repositories(reader)) if named else {}
    clones = {each: _clone(reader, each, known) for each in all_code_repositories(settings)}
    given_roles: dict[str, dict[CodeRepository, Clone | Unknown]] = {}
    made: dict[CodeRepository, bool] = {}
    for notebook in settings.resolved_notebooks:
        for each in notebook.code_repositories:
            if notebook.role_arn is not None:
                given_roles.setdefault(notebook.role_arn, {})[each] = clones[each]
            elif each.name is not None:
                made[each] = made.get(each, False) or bool(notebook.managed_policy_arns)
    lines = [made_line(each, clones[each], has_policies=more) for each, more in made.items()]
    return lines + reader.map_concurrently(
        lambda role: _role_line(reader, role, given_roles[role].values(), settings, commands),
        given_roles,
    )


def made_line(given: CodeRepository, clone: Clone | Unknown, *, has_policies: bool) -> Line:
    """Whether the settings have a made role get what cloning the named repository asks of it.

    Policies of the user's own, when it has some, may allow more: they are not read.
    """
    subject = f"access to code repository {given.name}"
    if isinstance(clone, Unknown):
        return not_checked(subject, clone)
    cause, advice = _missing(given, clone)
    if not cause:
        return ok(subject)
    cause = f"a made role may not {cause}"
    if has_policies:
        return not_checked(subject, Unknown(f"{cause}, unless its managed_policy_arns let it"))
    return failed(subject, cause, advice=advice)


def _missing(given: CodeRepository, clone: Clone) -> tuple[str, str]:
    """What a made role cannot do, and the setting that lets it; "" when there is nothing."""
    if clone.secret_arn and clone.secret_arn != given.secret_arn:
        return f"read {clone.secret_arn}", f"set its secret_arn: {clone.secret_arn}"
    if clone.key_arn and clone.key_arn != given.secret_key_arn:
        return f"decrypt with {clone.key_arn}", f"set its secret_key_arn: {clone.key_arn}"
    if not clone.secret_arn and CODECOMMIT_URL.fullmatch(clone.url):
        advice = f"give its url, {clone.url}, in place of its name, or a policy in "
        return f"{' and '.join(CODECOMMIT_ACTIONS)} there", f"{advice}managed_policy_arns"
    return "", ""


def role_line(
    role: str, decisions: Mapping[Access, Mapping[str, Decision]] | Unknown, commands: Commands
) -> Line:
    """Whether a given role may do what its notebooks' clones ask: by IAM's decisions on each."""
    subject = f"code repositories by role {name_in(role)}"
    if isinstance(decisions, Unknown):
        return not_checked(subject, decisions)
    denied = list(_denied(decisions))
    if not denied:
        return ok(subject)
    unsure = [decision.unsure for _, decision in denied if decision.unsure]
    if unsure:
        return not_checked(subject, Unknown(unsure[0]))
    cause = f"it may not {', '.join(what for what, _ in denied)}: nothing is cloned from there"
    if not all(decision.may_be_granted for _, decision in denied):
        return failed(subject, cause, advice=FIND_THE_DENIAL)
    return failed(subject, cause, _granting(role, decisions, commands))


def _denied(decisions: Mapping[Access, Mapping[str, Decision]]) -> Iterator[tuple[str, Decision]]:
    for access, by_action in decisions.items():
        for action, decision in by_action.items():
            if not decision.allowed:
                yield f"{action} on {access.resource}", decision


def _granting(role: str, asked: Iterable[Access], commands: Commands) -> str:
    statements = [
        {"Effect": "Allow", "Action": list(each.actions), "Resource": each.resource}
        | ({"Condition": {"StringEquals": each.context}} if each.context else {})
        for each in asked
    ]
    return put_role_policy(role, _POLICY, statements, commands.region)


def _clone(
    reader: Reader, given: CodeRepository, known: Mapping[str, Repository] | Unknown
) -> Clone | Unknown:
    if given.name is None:
        return Clone(given, given.url or "")
    if isinstance(known, Unknown):
        return known
    found = {name.lower(): each for name, each in known.items()}.get(given.name.lower())
    if found is None:
        return Unknown("SageMaker has none of this name")
    secret_arn = found.secret_arn
    key_arn = attempt(lambda: secret_key_arn(reader, secret_arn)) if secret_arn else ""
    if isinstance(key_arn, Unknown):
        return key_arn
    return Clone(given, found.url, secret_arn, key_arn)


def secret_key_arn(reader: Reader, secret_arn: str) -> str:
    """The customer's key that encrypts the secret; "" for Secrets Manager's own or no secret.

    Raises as Reader.ask does.
    """
    try:
        secret = reader.ask("secretsmanager", "describe_secret", SecretId=secret_arn)
    except Refused as refused:
        if refused.code != "ResourceNotFoundException":
            raise
        return ""
    key = secret.get("KmsKeyId")
    if key is None:
        return ""
    described = reader.ask("kms", "describe_key", KeyId=key)["KeyMetadata"]
    return "" if described.get("KeyManager") == "AWS" else str(described["Arn"])


def _role_line(
    reader: Reader,
    role: str,
    clones: Iterable[Clone | Unknown],
    settings: Settings,
    commands: Commands,
) -> Line:
    asked: dict[Access, None] = {}
    for clone in clones:
        if isinstance(clone, Unknown):
            return role_line(role, clone, commands)
        asked |= dict.fromkeys(accesses(clone, settings))
    decisions = attempt(lambda: {each: _decisions(reader, role, each) for each in asked})
    return role_line(role, decisions, commands)


def _decisions(reader: Reader, role: str, access: Access) -> dict[str, Decision]:
    return simulate(reader, role, access.actions, access.resource, access.context)
