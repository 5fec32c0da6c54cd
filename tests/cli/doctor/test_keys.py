"""The key that the settings name, and the secrets."""

import datetime
import json
import shlex
from typing import Any

import pytest

from emr_notebook.cli.doctor import keys
from emr_notebook.cli.doctor.report import Line, State
from tests.assets.cluster_endpoint.emr_records import ACCOUNT, REGION
from tests.cli.doctor.account_in_memory import KEY, ROOT, SECRET, AccountWorld, key_policy
from tests.cli.doctor.network.network_in_memory import COMMANDS, lines, settings

SHORT = KEY.rpartition("/")[2]
SUBJECT, POLICY, HIDDEN = f"key {SHORT}", f"policy of key {SHORT}", "secret git-a1b2c3"
DEPLOYER = f"arn:aws:iam::{ACCOUNT}:role/cdk-hnb659fds-cfn-exec-role-{ACCOUNT}-{REGION}"
OF = f"--key-id {KEY} --region {REGION}"
REPOSITORY = {"name": "recipes", "secret_arn": SECRET}


def of(world: AccountWorld, arn: str = KEY) -> dict[str, Line]:
    asked = settings(
        lambda data: data.update(
            kms_key_arn=arn, defaults={"additional_code_repositories": [REPOSITORY]}
        )
    )
    return lines(keys.check, world, asked)


def with_key(**changes: Any) -> AccountWorld:
    world = AccountWorld()
    world.keys[KEY] |= changes
    return world


def with_policy(policy: dict[str, Any]) -> AccountWorld:
    return AccountWorld(key_policies={KEY: policy})


def test_an_enabled_key_and_a_secret_are_ok() -> None:
    found = of(AccountWorld())

    assert {line.state for line in found.values()} == {State.OK}
    assert found[POLICY].what == "it lets the account's IAM policies decide"


def test_a_key_that_the_deploy_makes_costs_no_call() -> None:
    world = AccountWorld()

    assert keys.check(world.reader(), settings(), COMMANDS) == []
    assert world.calls == []


@pytest.mark.parametrize(
    ("state", "commands"),
    [
        ("Disabled", [f"aws kms enable-key {OF}"]),
        ("PendingDeletion", [f"aws kms cancel-key-deletion {OF}", f"aws kms enable-key {OF}"]),
        ("PendingImport", []),
    ],
)
def test_a_key_that_is_not_enabled_fails(state: str, commands: list[str]) -> None:
    found = of(with_key(KeyState=state))[SUBJECT]

    assert (found.state, found.what) == (State.FAILED, f"it is {state}")
    assert list(found.commands) == commands


def test_a_key_that_does_not_exist_fails_and_nothing_more_is_said_of_it() -> None:
    found = of(AccountWorld(keys={}))

    assert found[SUBJECT].state is State.FAILED
    assert POLICY not in found


@pytest.mark.parametrize(
    "kind", [{"KeyUsage": "SIGN_VERIFY", "KeySpec": "RSA_2048"}, {"KeySpec": "RSA_2048"}]
)
def test_a_key_of_another_kind_fails(kind: dict[str, str]) -> None:
    found = of(with_key(**kind))[SUBJECT]

    assert found.state is State.FAILED
    assert "RSA_2048" in found.what


@pytest.mark.parametrize("principal", [ROOT, ACCOUNT, DEPLOYER, "*"])
def test_a_policy_that_admits_the_account_or_the_deploys_role_is_ok(principal: str) -> None:
    assert of(with_policy(key_policy(principal)))[POLICY].state is State.OK


def test_a_policy_that_knows_others_alone_fails_and_keeps_them() -> None:
    other = f"arn:aws:iam::{ACCOUNT}:role/somebody"
    found = of(with_policy(key_policy(other)))[POLICY]
    [command] = found.commands
    words = shlex.split(command)
    policy = json.loads(words[words.index("--policy") + 1])

    assert found.state is State.FAILED
    assert [each["Principal"]["AWS"] for each in policy["Statement"]] == [other, DEPLOYER]
    assert of(with_policy(policy))[POLICY].state is State.OK


@pytest.mark.parametrize("denied", [DEPLOYER, "*", ROOT])
@pytest.mark.parametrize("allowed", [ROOT, DEPLOYER])
def test_a_policy_that_denies_it_fails_whatever_it_allows(allowed: str, denied: str) -> None:
    policy = key_policy(allowed, denied)
    policy["Statement"][1]["Effect"] = "Deny"
    found = of(with_policy(policy))[POLICY]

    assert (found.state, found.commands) == (State.FAILED, ())
    assert "no further one can win" in found.advice


def test_a_policy_that_denies_it_under_a_condition_is_not_known() -> None:
    policy = key_policy(ROOT, DEPLOYER)
    condition = {"Bool": {"kms:GrantIsForAWSResource": "false"}}
    policy["Statement"][1] |= {"Effect": "Deny", "Condition": condition}

    assert of(with_policy(policy))[POLICY].state is State.NOT_CHECKED


def test_a_policy_that_denies_it_to_others_alone_is_ok() -> None:
    policy = key_policy(ROOT, f"arn:aws:iam::{ACCOUNT}:role/somebody")
    policy["Statement"][1]["Effect"] = "Deny"

    assert of(with_policy(policy))[POLICY].state is State.OK


def test_a_policy_whose_conditions_decide_is_not_known() -> None:
    via = {"StringEquals": {"kms:ViaService": "sagemaker.eu-west-1.amazonaws.com"}}
    found = of(with_policy(key_policy("*", Condition=via)))[POLICY]

    assert found.state is State.NOT_CHECKED
    assert "its conditions decide who may kms:CreateGrant" in found.what


def test_another_accounts_key_has_a_policy_that_nobody_here_may_read() -> None:
    arn = KEY.replace(ACCOUNT, "999988887777")
    world = AccountWorld()
    world.keys[arn] = world.keys[KEY]

    assert of(world, arn)[POLICY].state is State.NOT_CHECKED
    assert world.count("get_key_policy") == 0


def test_a_secret_that_does_not_exist_fails() -> None:
    assert of(AccountWorld(secrets={}))[HIDDEN].state is State.FAILED


def test_a_secret_that_is_to_be_deleted_is_restored() -> None:
    world = AccountWorld()
    world.secrets[SECRET]["DeletedDate"] = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    found = of(world)[HIDDEN]

    assert found.commands == (
        f"aws secretsmanager restore-secret --secret-id {SECRET} --region {REGION}",
    )


@pytest.mark.parametrize(
    ("action", "missed"),
    [
        ("kms:DescribeKey", {SUBJECT}),
        ("kms:GetKeyPolicy", {POLICY}),
        ("secretsmanager:DescribeSecret", {HIDDEN}),
    ],
)
def test_a_missing_permission_is_named_where_it_is_missed(action: str, missed: set[str]) -> None:
    found = of(AccountWorld(denied={action}))

    unknown = {subject: x.what for subject, x in found.items() if x.state is State.NOT_CHECKED}
    assert unknown == dict.fromkeys(missed, f"these credentials may not {action}")
