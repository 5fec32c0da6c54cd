"""Checks that who owns notebooks may open, start and stop them: `emr-notebook doctor --as`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from emr_notebook.cli.aws.reader import Reader
from emr_notebook.cli.doctor.clone_permissions import secret_accesses
from emr_notebook.cli.doctor.iam import FIND_THE_DENIAL, name_in
from emr_notebook.cli.doctor.permissions import (
    FOR_AWS,
    PASSED,
    VIA,
    Findings,
    RequiredPermission,
    ask,
    principal_kind,
)
from emr_notebook.cli.doctor.report import (
    Line,
    Unknown,
    attempt,
    failed,
    none_if_missing,
    not_checked,
    ok,
)
from emr_notebook.cli.doctor.repositories import secret_key_arn
from emr_notebook.cli.next_commands import Commands
from emr_notebook.constructs.owner_permissions import (
    CREATE_GRANT,
    CREATE_INTERFACE,
    DESCRIBE_KEY,
    DESCRIBE_NETWORK,
    LIST,
    PASS_ROLE,
    PERMIT_INTERFACE,
    SAGEMAKER,
    USE,
)
from emr_notebook.names import OWNER_TAG
from emr_notebook.settings.model import Settings
from emr_notebook.settings.notebook import ResolvedNotebook

ANY_INTERFACE = "network-interface/eni-00000000000000000"
Answer = Mapping[str, Any]


@dataclass(frozen=True)
class Owner:
    """A principal of IAM, and the owner that it is to the owners' policy.

    `name` is None of a role without the tag: each session brings its own.
    """

    arn: str
    name: str | None
    condition_key: str

    def context(self, notebook: ResolvedNotebook) -> dict[str, str]:
        """What IAM knows of a caller who owns the notebook."""
        return {self.condition_key: self.name or str(notebook.owner)}


def check(reader: Reader, settings: Settings, _commands: Commands, principal: str) -> list[Line]:
    """A line for each deployed notebook that the principal owns, of all that its use asks for.

    Raises CommandError for what is no user or role of the account.
    """
    kind = principal_kind("--as", principal, settings)
    subject = f"{name_in(principal)} as an owner"
    owner = none_if_missing("NoSuchEntity", lambda: _owner(reader, settings, principal, kind))
    if owner is None:
        return [failed(subject, f"{principal} does not exist", advice="correct the ARN")]
    if isinstance(owner, Unknown):
        return [not_checked(subject, owner)]
    if isinstance(owner, Line):
        return [owner]
    owned = [x for x in settings.resolved_notebooks if x.owner and owner.name in (None, x.owner)]
    if not owned:
        whose = "an owner" if owner.name is None else f"the owner {owner.name}"
        advice = "give a notebook that owner in the settings, and deploy"
        return [failed(subject, f"no notebook of the stage has {whose}", advice=advice)]
    return reader.map_concurrently(lambda x: notebook_line(reader, settings, owner, x), owned)


def notebook_line(
    reader: Reader, settings: Settings, owner: Owner, notebook: ResolvedNotebook
) -> Line:
    """Whether the owner may do with the notebook all that the owners' policy is for."""
    subject = f"{name_in(owner.arn)} as owner of {notebook.name}"
    known = none_if_missing(
        "ValidationException",
        lambda: reader.ask(
            "sagemaker", "describe_notebook_instance", NotebookInstanceName=notebook.name
        ),
    )
    if known is None:
        return not_checked(subject, Unknown("SageMaker has no notebook of that name: deploy first"))
    if isinstance(known, Unknown):
        return not_checked(subject, known)
    who = owner.context(notebook)
    needs = attempt(lambda: list(_needs(reader, settings, known, who)))
    if isinstance(needs, Unknown):
        return not_checked(subject, needs)
    return _line(subject, ask(reader, owner.arn, needs, f"{owner.arn} does not exist"))


def _line(subject: str, found: Findings) -> Line:
    if found.denied:
        cause = f"they may not {', '.join(found.denied)}"
        if all(each.may_be_granted for each in found.denied.values()):
            advice = (
                "attach the policies that the stack's outputs OwnersPolicyArn name; if they are "
                "attached, deploy the stack again, or allow that beside it"
            )
        else:
            advice = FIND_THE_DENIAL
        return failed(subject, cause, advice=advice)
    if found.unknown is not None:
        return not_checked(subject, found.unknown)
    return ok(subject, "they may open, start and stop it")


def _owner(reader: Reader, settings: Settings, principal: str, kind: str) -> Owner | Line:
    subject, name = f"{name_in(principal)} as an owner", name_in(principal)
    if settings.owner_identity == "user-name":
        if kind == "user":
            return Owner(principal, name, "aws:username")
        advice = "give a user's ARN, or set owner_identity: principal-tag"
        return failed(subject, "owner_identity is user-name, and a role has none", advice=advice)
    method, argument = ("get_user", "UserName") if kind == "user" else ("get_role", "RoleName")
    described = reader.ask("iam", method, **{argument: name})[kind.title()]
    tags = {x["Key"].lower(): x["Value"] for x in described.get("Tags", [])}
    tagged = tags.get(OWNER_TAG.lower())
    if tagged is None and kind == "user":
        command = f"aws iam tag-user --user-name {name} --tags Key={OWNER_TAG},Value="
        advice = f"tag them with their name in the settings: {command}…"
        return failed(subject, f"they have no tag {OWNER_TAG}", advice=advice)
    return Owner(principal, tagged, f"aws:PrincipalTag/{OWNER_TAG}")


def _needs(
    reader: Reader, settings: Settings, known: Answer, who: Mapping[str, str]
) -> Iterator[RequiredPermission]:
    """What IAM is asked about the notebook as SageMaker knows it, whatever the settings say."""
    arn = str(known["NotebookInstanceArn"])
    tags = reader.pages("sagemaker", "list_tags", items="Tags", ResourceArn=arn)
    of_tags = {f"sagemaker:ResourceTag/{x['Key']}": str(x["Value"]) for x in tags}
    yield RequiredPermission(USE, arn, {**who, **of_tags})
    yield RequiredPermission((LIST,), "*", who)
    passed = {**who, PASSED: SAGEMAKER}
    yield RequiredPermission((PASS_ROLE,), str(known["RoleArn"]), passed)
    place = f"{settings.region}:{settings.account}"
    yield from _network(known, f"arn:{settings.partition.name}:ec2:{place}", who)
    if key := known.get("KmsKeyId"):
        named = key if key.startswith("arn:") else f"key/{key}"
        key_arn = named if named == key else f"arn:{settings.partition.name}:kms:{place}:{named}"
        via = {**who, VIA: f"sagemaker.{settings.region}.{settings.partition.dns_suffix}"}
        yield RequiredPermission((DESCRIBE_KEY,), key_arn, via)
        yield RequiredPermission((CREATE_GRANT,), key_arn, {**via, FOR_AWS: "true"})
    for secret in _secrets(reader, known):
        for each in secret_accesses(secret, secret_key_arn(reader, secret), settings):
            yield RequiredPermission(each.actions, each.resource, {**who, **each.context})


def _network(known: Answer, ec2: str, who: Mapping[str, str]) -> Iterator[RequiredPermission]:
    subnet = known.get("SubnetId")
    if subnet is None:
        return
    yield RequiredPermission(DESCRIBE_NETWORK, "*", who)
    groups = [f"security-group/{each}" for each in known.get("SecurityGroups", [])]
    for each in (ANY_INTERFACE, f"subnet/{subnet}", *groups):
        yield RequiredPermission((CREATE_INTERFACE,), f"{ec2}:{each}", who)
    within = {**who, "ec2:Subnet": f"{ec2}:subnet/{subnet}"}
    yield RequiredPermission((PERMIT_INTERFACE,), f"{ec2}:{ANY_INTERFACE}", within)


def _secrets(reader: Reader, known: Answer) -> Iterator[str]:
    """Those of the SageMaker code repositories that the notebook names; addresses have none."""
    first = known.get("DefaultCodeRepository")
    named = [*([first] if first else []), *known.get("AdditionalCodeRepositories", [])]
    for name in named:
        if "://" not in name:
            method = "describe_code_repository"
            git = reader.ask("sagemaker", method, CodeRepositoryName=name)["GitConfig"]
            if secret := git.get("SecretArn"):
                yield str(secret)
