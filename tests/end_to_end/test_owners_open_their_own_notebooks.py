"""The deployed policies, enforced: who opens which notebook, and what notebooks and schedules may.

Each action of each policy is taken out once, and what it allowed is then denied.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from botocore.exceptions import ClientError

from emr_notebook.cli.aws.reader import Reader
from emr_notebook.cli.aws.schedules import read_schedules
from emr_notebook.cli.doctor import owner
from emr_notebook.cli.next_commands import Commands
from emr_notebook.names import LOG_GROUP, NAME_TAG
from emr_notebook.settings.file import load_stage
from sandbox.environment import ACCOUNT, REGION
from tests.end_to_end.callers import Keys, allow, assume, document, role, user
from tests.end_to_end.resolver_world import BECAUSE, ResolverWorld, resolver_world, running
from tests.sandbox.aws.running_aws import settled

pytestmark = [pytest.mark.sandbox, pytest.mark.minutes(1.6)]

STAGE, BY_NAME = "owned", "by-user-name"
ALICE, BOB = "alice@example.com", "bob@example.com"
MINE, OTHERS = f"{STAGE}-alice", f"{STAGE}-bob"
STREAM = "LifecycleConfigOnStart"
EVENT = {"timestamp": 1_764_000_000_000, "message": "state: ok"}

Call = Callable[[Any, str], object]
# What each action of the owners' policy is for. A start while it runs is refused by SageMaker
# itself, after IAM has let it through.
USE: Mapping[str, Call] = {
    "sagemaker:CreatePresignedNotebookInstanceUrl": lambda client, name: (
        client.create_presigned_notebook_instance_url(NotebookInstanceName=name)
    ),
    "sagemaker:DescribeNotebookInstance": lambda client, name: client.describe_notebook_instance(
        NotebookInstanceName=name
    ),
    "sagemaker:StartNotebookInstance": lambda client, name: client.start_notebook_instance(
        NotebookInstanceName=name
    ),
    # Last: it is not running afterwards.
    "sagemaker:StopNotebookInstance": lambda client, name: client.stop_notebook_instance(
        NotebookInstanceName=name
    ),
}
# What IAM is asked beside it when a notebook starts: SageMaker's API permissions reference, for a
# notebook with a VPC, a key and a repository with a secret; as its registry schema has it,
# CreateNetworkInterfacePermission; and, by Secrets Manager's API reference, kms:Decrypt for a
# secret under a customer's key.
START = "sagemaker:StartNotebookInstance"
STARTING = (
    "iam:PassRole",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
    "ec2:CreateNetworkInterface",
    "ec2:CreateNetworkInterfacePermission",
    "kms:DescribeKey",
    "kms:CreateGrant",
    "secretsmanager:GetSecretValue",
    "kms:Decrypt",
)
LISTS: Mapping[str, Call] = {
    "sagemaker:ListNotebookInstances": lambda client, _: client.list_notebook_instances()
}
# What each action of a notebook role's log policy is for.
LOG: Mapping[str, Call] = {
    "logs:CreateLogGroup": lambda client, _: client.create_log_group(logGroupName=LOG_GROUP),
    "logs:CreateLogStream": lambda client, name: client.create_log_stream(
        logGroupName=LOG_GROUP, logStreamName=f"{name}/{STREAM}"
    ),
    "logs:PutLogEvents": lambda client, name: client.put_log_events(
        logGroupName=LOG_GROUP, logStreamName=f"{name}/{STREAM}", logEvents=[EVENT]
    ),
    "logs:DescribeLogStreams": lambda client, name: client.describe_log_streams(
        logGroupName=LOG_GROUP, logStreamNamePrefix=name
    ),
}
_numbers = itertools.count()
# In two days, so that it acts when a test moves the clock and at no other time.
THE_DAY = datetime.now(UTC).date() + timedelta(days=2)
SCHEDULE = {
    "start": "08:00",
    "stop": "19:30",
    "days": f"{THE_DAY:%a}".lower(),
    "timezone": "Europe/Berlin",
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ResolverWorld]:
    """Two stages: owners known by their principal's tag, and by their user's name."""
    with resolver_world(tmp_path_factory.mktemp("owners")) as found:
        found.put(running("j-OWNERS001"))
        key = found.aws.client("kms").create_key()["KeyMetadata"]["Arn"]
        secret = found.aws.client("secretsmanager").create_secret(
            Name="git", SecretString="none", KmsKeyId=key
        )
        arn = secret["ARN"]
        found.aws.client("sagemaker").create_code_repository(
            CodeRepositoryName="recipes",
            GitConfig={"RepositoryUrl": "https://github.com/example/recipes", "SecretArn": arn},
        )
        repository = {"name": "recipes", "secret_arn": arn, "secret_key_arn": key}
        clusters = {"analytics": {"id": "j-OWNERS001"}}
        notebooks = {
            "alice": {
                "cluster": "analytics",
                "owner": ALICE,
                "schedule": SCHEDULE,
                "default_code_repository": repository,
            },
            "bob": {"cluster": "analytics", "owner": BOB},
        }
        found.write_stage(STAGE, clusters, notebooks, opt_outs={"delete_volumes": BECAUSE})
        found.write_stage(BY_NAME, clusters, notebooks, owner_identity="user-name")
        for stage in (STAGE, BY_NAME):
            deploy = found.deploy(stage)
            assert not deploy.failed, deploy.printed
        yield found


def statements(world: ResolverWorld, arn: str) -> list[dict[str, Any]]:
    """A deployed policy's statements."""
    iam = world.aws.client("iam")
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    found = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]
    return list(found["Document"]["Statement"])


def owners_policy(world: ResolverWorld, stage: str = STAGE) -> list[dict[str, Any]]:
    return statements(world, world.stack(stage).outputs["OwnersPolicyArn"])


def log_policy(world: ResolverWorld) -> list[dict[str, Any]]:
    return statements(world, world.stack(STAGE).named("RolesLog"))


def without(given: list[dict[str, Any]], action: str) -> list[dict[str, Any]]:
    """The statements, the action taken out of those that allow it."""
    left = []
    for each in given:
        actions = [each["Action"]] if isinstance(each["Action"], str) else each["Action"]
        kept = [x for x in actions if x != action or each["Effect"] == "Deny"]
        if kept:
            left.append({**each, "Action": kept})
    return left


def allowed(given: list[dict[str, Any]]) -> set[str]:
    listed = [x["Action"] for x in given if x["Effect"] == "Allow"]
    return {y for x in listed for y in ([x] if isinstance(x, str) else x)}


def holder(world: ResolverWorld, given: list[dict[str, Any]], name: str = "", **tags: str) -> Keys:
    """A user who holds the policy."""
    return user(world.aws, name or f"owner-{next(_numbers)}", document(*given), tags)


def may(world: ResolverWorld, service: str, keys: Keys, call: Call, name: str) -> bool:
    """Whether IAM lets the caller do it; what the service then says of it does not count."""
    try:
        call(world.aws.client(service, **keys), name)
    except ClientError as error:
        return error.response["Error"]["Code"] not in ("AccessDeniedException", "AccessDenied")
    return True


OPEN = USE["sagemaker:CreatePresignedNotebookInstanceUrl"]


def test_an_owner_opens_their_own_notebook_and_not_anothers(world: ResolverWorld) -> None:
    alice = holder(world, owners_policy(world), Owner=ALICE)

    assert may(world, "sagemaker", alice, OPEN, MINE)
    assert not may(world, "sagemaker", alice, OPEN, OTHERS)


def test_an_owner_does_nothing_at_all_to_anothers_notebook(world: ResolverWorld) -> None:
    alice = holder(world, owners_policy(world), Owner=ALICE)

    assert [x for x, call in USE.items() if may(world, "sagemaker", alice, call, OTHERS)] == []


def test_an_owner_stops_and_starts_their_own_notebook(world: ResolverWorld) -> None:
    alice = world.aws.client("sagemaker", **holder(world, owners_policy(world), Owner=ALICE))
    states = []
    for change in (alice.stop_notebook_instance, alice.start_notebook_instance):
        change(NotebookInstanceName=MINE)
        states.append(settled(world.aws, MINE)["NotebookInstanceStatus"])

    assert states == ["Stopped", "InService"]


@pytest.mark.parametrize("action", STARTING)
def test_without_one_that_a_start_asks_for_an_owner_cannot_start(
    world: ResolverWorld, action: str
) -> None:
    left = holder(world, without(owners_policy(world), action), Owner=ALICE)

    with pytest.raises(ClientError, match=f"not authorized to perform: {action} on resource"):
        USE[START](world.aws.client("sagemaker", **left), MINE)


def test_doctor_names_the_one_that_is_missing(world: ResolverWorld) -> None:
    settings, given = load_stage(STAGE, world.config), owners_policy(world)
    commands, reader = Commands.of(STAGE, settings), Reader(REGION, caller(world))

    def what(action: str) -> dict[str, str]:
        name = f"looked-at-{next(_numbers)}"
        holder(world, without(given, action), name=name, Owner=ALICE)
        arn = f"arn:aws:iam::{ACCOUNT}:user/{name}"
        found = owner.check(reader, settings, commands, arn)
        return {line.subject.removeprefix(f"{name} as owner of "): line.what for line in found}

    assert what("none") == {MINE: "they may open, start and stop it"}
    for action in (*USE, *LISTS, *STARTING):
        assert what(action) == {MINE: f"they may not {action}"}


def caller(world: ResolverWorld) -> Callable[[str, str, Mapping[str, Any]], Mapping[str, Any]]:
    """How a Reader calls this AWS, with a client for each service."""
    client = cache(world.aws.client)
    return lambda service, method, given: getattr(client(service), method)(**given)


def test_an_owner_uses_the_keys_and_anothers_secret_for_nothing_but_a_start(
    world: ResolverWorld,
) -> None:
    key, secret = world.stack(STAGE).named("VolumeKey"), "git"
    alice = holder(world, owners_policy(world), Owner=ALICE)
    bob = holder(world, owners_policy(world), Owner=BOB)

    assert not may(world, "kms", alice, lambda client, name: client.describe_key(KeyId=name), key)
    read: Call = lambda client, name: client.get_secret_value(SecretId=name)  # noqa: E731
    assert may(world, "secretsmanager", alice, read, secret)
    assert not may(world, "secretsmanager", bob, read, secret)
    of_secret = world.aws.client("secretsmanager").describe_secret(SecretId=secret)["KmsKeyId"]
    sealed = world.aws.client("kms").encrypt(KeyId=of_secret, Plaintext=b"none")["CiphertextBlob"]
    decrypt: Call = lambda client, name: client.decrypt(KeyId=name, CiphertextBlob=sealed)  # noqa: E731
    assert not may(world, "kms", alice, decrypt, of_secret)


def test_whatever_else_they_may_they_do_not_open_anothers(world: ResolverWorld) -> None:
    everything = allow("sagemaker:*")
    alice = holder(world, [*owners_policy(world), everything], Owner=ALICE)

    assert may(world, "sagemaker", alice, OPEN, MINE)
    assert not may(world, "sagemaker", alice, OPEN, OTHERS)
    # Of another stack, about which this policy says nothing.
    assert may(world, "sagemaker", alice, OPEN, f"{BY_NAME}-bob")


def test_who_has_no_owner_tag_opens_none(world: ResolverWorld) -> None:
    nobody = holder(world, [*owners_policy(world), allow("sagemaker:*")])

    assert not may(world, "sagemaker", nobody, OPEN, MINE)


def test_a_session_tag_names_the_owner_too(world: ResolverWorld) -> None:
    shared = role(world.aws, "data-science", document(*owners_policy(world)), {})
    session = assume(world.aws, shared, Tags=[{"Key": "Owner", "Value": ALICE}])

    assert may(world, "sagemaker", session, OPEN, MINE)
    assert not may(world, "sagemaker", session, OPEN, OTHERS)


def test_by_user_name_the_owner_is_the_user_of_that_name(world: ResolverWorld) -> None:
    policy = owners_policy(world, BY_NAME)
    alice = holder(world, policy, name=ALICE)
    pretender = holder(world, policy, Owner=ALICE)

    assert may(world, "sagemaker", alice, OPEN, f"{BY_NAME}-alice")
    assert not may(world, "sagemaker", alice, OPEN, f"{BY_NAME}-bob")
    assert not may(world, "sagemaker", pretender, OPEN, f"{BY_NAME}-alice")


def test_every_action_of_the_owners_policy_is_one_that_is_tried_here(world: ResolverWorld) -> None:
    assert allowed(owners_policy(world)) == {*USE, *LISTS, *STARTING}
    # The agent's are tried by a start that fetches it.
    assert allowed(log_policy(world)) == {*LOG, "s3:GetObject", "kms:Decrypt"}


@pytest.mark.parametrize("action", [*LISTS, *USE])
def test_without_one_action_its_owner_cannot_do_that_and_only_that(
    world: ResolverWorld, action: str
) -> None:
    left = holder(world, without(owners_policy(world), action), Owner=ALICE)

    calls = {**LISTS, **USE}
    denied = [x for x, call in calls.items() if not may(world, "sagemaker", left, call, MINE)]
    assert denied == [action]


def test_a_notebooks_role_writes_its_own_log_and_not_anothers(world: ResolverWorld) -> None:
    keys = notebook_session(world, log_policy(world))

    assert [x for x, call in LOG.items() if not may(world, "logs", keys, call, MINE)] == []
    for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
        assert not may(world, "logs", keys, LOG[action], OTHERS)


@pytest.mark.parametrize("action", LOG)
def test_without_one_action_a_notebooks_role_cannot_do_that_and_only_that(
    world: ResolverWorld, action: str
) -> None:
    keys = notebook_session(world, without(log_policy(world), action))

    assert [x for x, call in LOG.items() if not may(world, "logs", keys, call, MINE)] == [action]


def notebook_session(world: ResolverWorld, given: list[dict[str, Any]]) -> Keys:
    """A session of a role as the stack makes it for alice's notebook."""
    iam = world.aws.client("iam")
    made = iam.list_role_tags(RoleName=world.stack(STAGE).named("NotebookaliceRole"))["Tags"]
    tags = {each["Key"]: each["Value"] for each in made}
    assert tags[NAME_TAG] == MINE
    made_here = role(world.aws, f"notebook-{next(_numbers)}", document(*given), tags)
    return assume(world.aws, made_here)


def schedules_policy(world: ResolverWorld) -> list[dict[str, Any]]:
    return statements(world, world.stack(STAGE).named("SchedulesPolicy"))


def run_schedules(world: ResolverWorld, hour: int, minute: int, week: int = 0) -> list[str]:
    """What is due in the stage when it is that time in Berlin: each schedule, with its error."""
    day = THE_DAY + timedelta(weeks=week)
    until = datetime.combine(day, time(hour, minute), ZoneInfo("Europe/Berlin"))
    made = [each for each in world.aws.run_schedules(until) if each["group"] == STAGE]
    return [f"{each['schedule']} {each['error']}" for each in made]


def test_schedules_start_and_stop_their_notebook_at_its_times_and_its_files_stay(
    world: ResolverWorld,
) -> None:
    sagemaker = world.aws.client("sagemaker")
    if settled(world.aws, MINE)["NotebookInstanceStatus"] != "Stopped":
        sagemaker.stop_notebook_instance(NotebookInstanceName=MINE)
        settled(world.aws, MINE)
    (world.volume(MINE) / "work.txt").write_text("a week's work")
    seen = []
    for hour, minute in ((8, 0), (19, 30)):
        ran = run_schedules(world, hour, minute)
        other = sagemaker.describe_notebook_instance(NotebookInstanceName=OTHERS)
        status = settled(world.aws, MINE)["NotebookInstanceStatus"]
        seen.append((*ran, status, other["NotebookInstanceStatus"]))

    others = seen[0][-1]
    assert seen == [
        ("alice-start None", "InService", others),
        ("alice-stop None", "Stopped", others),
    ]
    assert (world.volume(MINE) / "work.txt").read_text() == "a week's work"


def test_a_stop_of_what_is_stopped_is_given_up_before_somebody_starts_it_again(
    world: ResolverWorld,
) -> None:
    sagemaker = world.aws.client("sagemaker")
    run_schedules(world, 8, 0, week=1)
    settled(world.aws, MINE)
    sagemaker.stop_notebook_instance(NotebookInstanceName=MINE)
    settled(world.aws, MINE)

    assert "Status (Stopped) not in" in run_schedules(world, 19, 36, week=1)[-1]
    sagemaker.start_notebook_instance(NotebookInstanceName=MINE)
    settled(world.aws, MINE)
    assert run_schedules(world, 23, 59, week=1) == []
    assert settled(world.aws, MINE)["NotebookInstanceStatus"] == "InService"


def test_the_commands_read_the_times_that_the_settings_say_with_one_permission(
    world: ResolverWorld,
) -> None:
    settings = load_stage(STAGE, world.config)
    of_the_group = f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/{STAGE}/*"
    keys = holder(world, [allow("scheduler:GetSchedule", of_the_group)])
    client = world.aws.client("scheduler", **keys)
    reader = Reader(REGION, lambda _, method, given: getattr(client, method)(**given))

    found = read_schedules(reader, settings.resolved_notebooks)

    assert {key: each.times for key, each in found.items()} == {
        "alice": settings.notebook("alice").scheduled
    }


def test_a_schedules_role_touches_no_notebook_that_has_no_times(world: ResolverWorld) -> None:
    given = holder(world, schedules_policy(world))

    assert [x for x, call in USE.items() if may(world, "sagemaker", given, call, OTHERS)] == []


@pytest.mark.parametrize("action", ["sagemaker:StopNotebookInstance", START, *STARTING])
def test_without_one_action_a_schedules_role_does_not_start_or_stop(
    world: ResolverWorld, action: str
) -> None:
    assert allowed(schedules_policy(world)) == {"sagemaker:StopNotebookInstance", START, *STARTING}
    left = holder(world, without(schedules_policy(world), action))

    called = action if action in USE else START
    with pytest.raises(ClientError, match=f"not authorized to perform: {action} on resource"):
        USE[called](world.aws.client("sagemaker", **left), MINE)
