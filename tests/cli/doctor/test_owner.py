"""`emr-notebook doctor --as`: whether an owner may do what the owners' policy is for."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from emr_notebook.cli.aws.reader import CommandError
from emr_notebook.cli.doctor import owner
from emr_notebook.cli.doctor.report import Line, State
from tests.assets.cluster_endpoint.emr_records import ACCOUNT, CREATED, REGION, refused
from tests.cli.aws_in_memory import Fields
from tests.cli.doctor.account_in_memory import KEY, ROLE, SECRET, USER, AccountWorld
from tests.cli.doctor.network.network_in_memory import (
    COMMANDS,
    GIVEN,
    STACK,
    SUBNET,
    settings,
)
from tests.conftest import Change

NAME, MADE = f"{STACK}-alice", f"arn:aws:iam::{ACCOUNT}:role/{STACK}-NotebookaliceRole-1"
SUBJECT = f"dana as owner of {NAME}"
EC2 = f"arn:aws:ec2:{REGION}:{ACCOUNT}"
VIA = f"sagemaker.{REGION}.amazonaws.com"
OWNER = "aws:PrincipalTag/Owner"
SECRET_KEY = f"{KEY[:-1]}0"
# By SageMaker's API permissions reference, for a notebook that has everything; what the console
# needs to show and open it; CreateNetworkInterfacePermission, which its registry schema names; and
# by Secrets Manager's API reference kms:Decrypt.
NEEDED = (
    "sagemaker:CreatePresignedNotebookInstanceUrl",
    "sagemaker:DescribeNotebookInstance",
    "sagemaker:ListNotebookInstances",
    "sagemaker:StartNotebookInstance",
    "sagemaker:StopNotebookInstance",
    "iam:PassRole",
    "ec2:CreateNetworkInterface",
    "ec2:CreateNetworkInterfacePermission",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:DescribeKey",
    "secretsmanager:GetSecretValue",
)


@dataclass
class OwnerWorld(AccountWorld):
    """The stage deployed, with dana's notebook; `instance` are its properties in SageMaker."""

    owner_tags: dict[str, str] = field(default_factory=lambda: {"Owner": "dana@example.com"})
    instance: Fields | None = field(
        default_factory=lambda: {
            "RoleArn": MADE,
            "SubnetId": SUBNET,
            "SecurityGroups": [GIVEN],
            "KmsKeyId": KEY,
            "DefaultCodeRepository": "recipes",
            "AdditionalCodeRepositories": ["https://github.com/example/open"],
        }
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        self.secrets[SECRET]["KmsKeyId"] = SECRET_KEY
        self.keys[SECRET_KEY] = {**self.keys[KEY], "Arn": SECRET_KEY, "KeyManager": "CUSTOMER"}
        self.answers |= {
            ("iam", "get_user"): self._user,
            ("iam", "get_role"): self._tagged_role,
            ("sagemaker", "describe_notebook_instance"): self._notebook,
            ("sagemaker", "list_tags"): lambda _: {
                "Tags": [
                    {"Key": "Owner", "Value": "dana@example.com"},
                    {"Key": "EmrNotebookStack", "Value": STACK},
                ]
            },
            ("sagemaker", "describe_code_repository"): self._repository,
        }

    def _tags(self) -> list[Fields]:
        return [{"Key": key, "Value": value} for key, value in self.owner_tags.items()]

    def _user(self, given: Fields) -> Fields:
        named = {"UserName": given["UserName"], "Arn": USER, "Path": "/", "UserId": "A" * 20}
        return {"User": {**named, "CreateDate": CREATED, "Tags": self._tags()}}

    def _tagged_role(self, given: Fields) -> Fields:
        found = self._role(given)
        return {"Role": {**found["Role"], "Tags": self._tags()}}

    def _notebook(self, given: Fields) -> Fields:
        name = given["NotebookInstanceName"]
        if self.instance is None:
            raise refused("ValidationException", "RecordNotFound")
        arn = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:notebook-instance/{name}"
        return {"NotebookInstanceName": name, "NotebookInstanceArn": arn, **self.instance}

    def _repository(self, given: Fields) -> Fields:
        name = given["CodeRepositoryName"]
        git = {"RepositoryUrl": "https://example.com/recipes", "SecretArn": SECRET}
        return {
            "CodeRepositoryName": name,
            "CodeRepositoryArn": f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:code-repository/{name}",
            "CreationTime": CREATED,
            "LastModifiedTime": CREATED,
            "GitConfig": git,
        }


def owned(data: dict[str, Any]) -> None:
    data["notebooks"]["alice"]["owner"] = "dana@example.com"
    data["notebooks"]["bob"] = {"cluster": "analytics", "owner": "bob@example.com"}
    data["notebooks"]["nobodys"] = {"cluster": "analytics"}


def by_user_name(data: dict[str, Any]) -> None:
    data["notebooks"]["alice"]["owner"] = "dana"
    data["owner_identity"] = "user-name"


def of(world: OwnerWorld, principal: str = USER, change: Change = owned) -> dict[str, Line]:
    found = owner.check(world.reader(), settings(change), COMMANDS, principal)
    return {line.subject: line for line in found}


def asked(world: OwnerWorld, action: str) -> list[tuple[str, dict[str, str]]]:
    """The resource and the context of each simulation of the action."""
    given = [x for name, x in world.calls if name == "simulate_principal_policy"]
    return [
        (
            each["ResourceArns"][0],
            {x["ContextKeyName"]: x["ContextKeyValues"][0] for x in each["ContextEntries"]},
        )
        for each in given
        if action in each["ActionNames"]
    ]


def test_who_may_do_all_is_ok_about_each_notebook_of_theirs_and_no_other() -> None:
    world = OwnerWorld()

    assert of(world) == {SUBJECT: Line(SUBJECT, State.OK, "they may open, start and stop it")}
    simulated = {
        action
        for name, given in world.calls
        if name == "simulate_principal_policy"
        for action in given["ActionNames"]
    }
    assert simulated == set(NEEDED)


@pytest.mark.parametrize("action", NEEDED)
def test_one_action_that_is_missing_is_named(action: str) -> None:
    found = of(OwnerWorld(decisions={action: {"EvalDecision": "implicitDeny"}}))[SUBJECT]

    assert (found.state, found.what) == (State.FAILED, f"they may not {action}")
    assert "OwnersPolicyArn" in found.advice


def test_one_that_something_denies_is_granted_by_no_further_policy() -> None:
    denied = {"sagemaker:StartNotebookInstance": {"EvalDecision": "explicitDeny"}}

    assert "look for what denies it" in of(OwnerWorld(decisions=denied))[SUBJECT].advice


def test_iam_is_told_who_asks_and_what_the_service_brings() -> None:
    world = OwnerWorld()
    of(world)
    who = {"aws:RequestedRegion": REGION, OWNER: "dana@example.com"}

    [(arn, use)] = asked(world, "sagemaker:StartNotebookInstance")
    assert arn == f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:notebook-instance/{NAME}"
    assert use == {
        **who,
        "sagemaker:ResourceTag/Owner": "dana@example.com",
        "sagemaker:ResourceTag/EmrNotebookStack": STACK,
    }
    to_sagemaker = {"iam:PassedToService": "sagemaker.amazonaws.com"}
    assert asked(world, "iam:PassRole") == [(MADE, {**who, **to_sagemaker})]
    via = {**who, "kms:ViaService": VIA}
    assert asked(world, "kms:DescribeKey") == [(KEY, via)]
    assert asked(world, "kms:CreateGrant") == [(KEY, {**via, "kms:GrantIsForAWSResource": "true"})]
    assert asked(world, "secretsmanager:GetSecretValue") == [(SECRET, who)]
    of_secret = {
        "kms:ViaService": f"secretsmanager.{REGION}.amazonaws.com",
        "kms:EncryptionContext:SecretARN": SECRET,
    }
    assert asked(world, "kms:Decrypt") == [(SECRET_KEY, {**who, **of_secret})]
    made_of = {arn for arn, _ in asked(world, "ec2:CreateNetworkInterface")}
    interface = f"{EC2}:network-interface/eni-00000000000000000"
    assert made_of == {interface, f"{EC2}:subnet/{SUBNET}", f"{EC2}:security-group/{GIVEN}"}
    subnet = {"ec2:Subnet": f"{EC2}:subnet/{SUBNET}"}
    assert asked(world, "ec2:CreateNetworkInterfacePermission") == [(interface, {**who, **subnet})]


def test_a_notebook_in_no_vpc_with_no_key_and_no_secret_asks_for_none_of_them() -> None:
    world = OwnerWorld(instance={"RoleArn": MADE})

    assert of(world)[SUBJECT].state is State.OK
    for action in ("ec2:DescribeVpcs", "kms:CreateGrant", "secretsmanager:GetSecretValue"):
        assert asked(world, action) == []


def test_a_secret_under_secrets_managers_own_key_asks_for_none() -> None:
    world = OwnerWorld()
    world.keys[SECRET_KEY]["KeyManager"] = "AWS"

    assert of(world)[SUBJECT].state is State.OK
    assert asked(world, "kms:Decrypt") == []


def test_a_user_without_the_tag_owns_nothing() -> None:
    [found] = of(OwnerWorld(owner_tags={})).values()

    assert (found.state, found.what) == (State.FAILED, "they have no tag Owner")
    assert "aws iam tag-user --user-name dana --tags Key=Owner,Value=" in found.advice


def test_a_role_without_the_tag_gets_each_owners_by_its_session() -> None:
    world = OwnerWorld(owner_tags={})
    found = of(world, ROLE)

    names = ("alice", "bob")
    assert set(found) == {f"data-science as owner of {STACK}-{name}" for name in names}
    told = {context[OWNER] for _, context in asked(world, "sagemaker:StopNotebookInstance")}
    assert told == {"dana@example.com", "bob@example.com"}


def test_a_tag_that_no_notebook_has_is_told() -> None:
    [found] = of(OwnerWorld(owner_tags={"owner": "erin"})).values()

    assert found.state is State.FAILED
    assert found.what == "no notebook of the stage has the owner erin"


def test_by_user_name_the_owner_is_the_user_of_that_name() -> None:
    world = OwnerWorld(owner_tags={})

    assert of(world, change=by_user_name)[SUBJECT].state is State.OK
    [(_, context)] = asked(world, "sagemaker:StartNotebookInstance")
    assert context["aws:username"] == "dana"


def test_by_user_name_a_role_owns_nothing() -> None:
    [found] = of(OwnerWorld(), ROLE, by_user_name).values()

    assert (found.state, found.what) == (
        State.FAILED,
        "owner_identity is user-name, and a role has none",
    )


def test_a_notebook_that_is_not_deployed_is_not_known() -> None:
    found = of(OwnerWorld(instance=None))[SUBJECT]

    assert found.state is State.NOT_CHECKED
    assert found.what == "SageMaker has no notebook of that name: deploy first"


def test_a_user_that_does_not_exist_fails() -> None:
    world = OwnerWorld()

    def absent(_: Any) -> Any:
        raise refused("NoSuchEntity", "The user with name dana cannot be found.")

    world.answers["iam", "get_user"] = absent
    [found] = of(world).values()

    assert (found.state, found.what) == (State.FAILED, f"{USER} does not exist")


@pytest.mark.parametrize(
    ("action", "subject"),
    [
        ("iam:GetUser", "dana as an owner"),
        ("iam:SimulatePrincipalPolicy", SUBJECT),
        ("sagemaker:DescribeNotebookInstance", SUBJECT),
        ("sagemaker:ListTags", SUBJECT),
        ("sagemaker:DescribeCodeRepository", SUBJECT),
        ("secretsmanager:DescribeSecret", SUBJECT),
        ("kms:DescribeKey", SUBJECT),
    ],
)
def test_a_missing_permission_is_named(action: str, subject: str) -> None:
    found = of(OwnerWorld(denied={action}))

    assert found == {
        subject: Line(subject, State.NOT_CHECKED, f"these credentials may not {action}")
    }


@pytest.mark.parametrize(
    "principal",
    [
        "alice",
        f"arn:aws:sts::{ACCOUNT}:assumed-role/data-science/alice",
        f"arn:aws:iam::{ACCOUNT}:root",
        f"arn:aws:iam::{ACCOUNT}:group/people",
    ],
)
def test_what_is_no_user_or_role_is_refused_with_what_is(principal: str) -> None:
    with pytest.raises(CommandError, match="--as takes the ARN of an IAM user or role") as error:
        of(OwnerWorld(), principal)
    assert principal in str(error.value)


def test_a_principal_of_another_account_is_refused() -> None:
    with pytest.raises(CommandError, match=f"is of account 999988887777; the stage's is {ACCOUNT}"):
        of(OwnerWorld(), "arn:aws:iam::999988887777:user/alice")
