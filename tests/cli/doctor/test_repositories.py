"""Whether the notebooks' roles may clone their code repositories."""

import json
import shlex
from typing import Any

import pytest

from emr_notebook.cli.doctor import repositories
from emr_notebook.cli.doctor.report import Line, State
from tests.assets.cluster_endpoint.emr_records import ACCOUNT, REGION
from tests.cli.doctor.account_in_memory import KEY, ROLE, SECRET, AccountWorld
from tests.cli.doctor.network.network_in_memory import COMMANDS, lines, settings

MADE, GIVEN = "access to code repository Recipes", "code repositories by role data-science"
CODECOMMIT = f"https://git-codecommit.{REGION}.amazonaws.com/v1/repos/recipes"
IN_CODECOMMIT = f"arn:aws:codecommit:{REGION}:{ACCOUNT}:recipes"
IN_SAGEMAKER = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:code-repository/recipes"
ELSEWHERE = "https://git.example.com/recipes"
SECRETS_MANAGER = f"secretsmanager.{REGION}.amazonaws.com"
DENIED = {"EvalDecision": "implicitDeny"}


def account(url: str = ELSEWHERE, secret: str = "", key: str = "", **changes: Any) -> AccountWorld:
    """An account whose SageMaker knows one repository, with a secret under a key of its own."""
    config = {"RepositoryUrl": url} | ({"SecretArn": secret} if secret else {})
    known = {
        "CodeRepositoryName": "Recipes",
        "CodeRepositoryArn": IN_SAGEMAKER,
        "CreationTime": 0,
        "LastModifiedTime": 0,
        "GitConfig": config,
    }
    world = AccountWorld(repositories=[known], **changes)
    world.secrets[SECRET] |= {"KmsKeyId": key} if key else {}
    world.keys[KEY] |= {"Arn": KEY, "KeyManager": "CUSTOMER"}
    return world


def of(world: AccountWorld, *given: dict[str, str], **defaults: Any) -> dict[str, Line]:
    asked = {"additional_code_repositories": list(given), **defaults}
    return lines(repositories.check, world, settings(lambda data: data.update(defaults=asked)))


def test_notebooks_without_repositories_cost_no_call() -> None:
    world = AccountWorld()

    assert repositories.check(world.reader(), settings(), COMMANDS) == []
    assert world.calls == []


class TestOfRolesThatTheDeployMakes:
    @pytest.mark.parametrize(
        ("world", "given"),
        [
            (account(), {}),
            (account(secret=SECRET), {"secret_arn": SECRET}),
            (account(secret=SECRET, key=KEY), {"secret_arn": SECRET, "secret_key_arn": KEY}),
            # Its own login needs no permission on CodeCommit.
            (account(CODECOMMIT, SECRET), {"secret_arn": SECRET}),
        ],
    )
    def test_what_the_settings_grant_is_ok(
        self, world: AccountWorld, given: dict[str, str]
    ) -> None:
        assert of(world, {"name": "Recipes", **given})[MADE].state is State.OK

    @pytest.mark.parametrize(
        ("world", "given", "advice"),
        [
            (account(secret=SECRET), {}, f"set its secret_arn: {SECRET}"),
            (
                account(secret=SECRET, key=KEY),
                {"secret_arn": SECRET},
                f"set its secret_key_arn: {KEY}",
            ),
            (account(CODECOMMIT), {}, f"give its url, {CODECOMMIT}, in place of its name"),
        ],
    )
    def test_what_they_do_not_fails_with_the_setting_that_does(
        self, world: AccountWorld, given: dict[str, str], advice: str
    ) -> None:
        found = of(world, {"name": "recipes", **given})[MADE.lower()]

        assert found.state is State.FAILED
        assert found.advice.startswith(advice)

    def test_policies_of_the_users_own_may_let_them(self) -> None:
        policy = f"arn:aws:iam::{ACCOUNT}:policy/git"
        found = of(account(CODECOMMIT), {"name": "Recipes"}, managed_policy_arns=[policy])[MADE]

        assert found.state is State.NOT_CHECKED
        assert found.what.endswith(
            "codecommit:GitPush there, unless its managed_policy_arns let it"
        )

    def test_secrets_managers_own_key_needs_no_permission(self) -> None:
        world = account(secret=SECRET, key="alias/aws/secretsmanager")
        world.keys["alias/aws/secretsmanager"] = world.keys[KEY] | {"KeyManager": "AWS"}

        assert of(world, {"name": "Recipes", "secret_arn": SECRET})[MADE].state is State.OK


class TestOfGivenRoles:
    def asked(self, world: AccountWorld, *given: dict[str, str]) -> Line:
        return of(world, *given, role_arn=ROLE)[GIVEN]

    def test_one_that_may_is_ok_and_is_asked_about_each_resource(self) -> None:
        world = account(secret=SECRET, key=KEY)
        found = self.asked(world, {"name": "Recipes"}, {"url": CODECOMMIT})

        assert found.state is State.OK
        simulated = {
            given["ResourceArns"][0]: (
                given["ActionNames"],
                [x["ContextKeyValues"] for x in given["ContextEntries"][1:]],
            )
            for name, given in world.calls
            if name == "simulate_principal_policy"
        }
        assert simulated == {
            IN_SAGEMAKER: (["sagemaker:DescribeCodeRepository"], []),
            SECRET: (["secretsmanager:GetSecretValue"], []),
            KEY: (["kms:Decrypt"], [[SECRETS_MANAGER], [SECRET]]),
            IN_CODECOMMIT: (["codecommit:GitPull", "codecommit:GitPush"], []),
        }

    def test_one_that_may_not_fails_and_is_let_by_one_policy(self) -> None:
        world = account(secret=SECRET, key=KEY, decisions={KEY: DENIED, "codecommit": DENIED})
        found = self.asked(world, {"name": "Recipes"}, {"url": CODECOMMIT})

        assert found.state is State.FAILED
        assert f"it may not kms:Decrypt on {KEY}, codecommit:GitPull on" in found.what
        words = shlex.split(found.commands[0])
        policy = json.loads(words[words.index("--policy-document") + 1])
        assert [each["Resource"] for each in policy["Statement"]] == [
            IN_SAGEMAKER,
            SECRET,
            KEY,
            IN_CODECOMMIT,
        ]
        assert policy["Statement"][2]["Condition"] == {
            "StringEquals": {
                "kms:ViaService": SECRETS_MANAGER,
                "kms:EncryptionContext:SecretARN": SECRET,
            }
        }

    def test_what_something_denies_is_let_by_no_command(self) -> None:
        world = account(CODECOMMIT, decisions={"codecommit": {"EvalDecision": "explicitDeny"}})
        found = self.asked(world, {"url": CODECOMMIT})

        assert (found.state, found.commands) == (State.FAILED, ())

    def test_what_a_condition_decides_is_not_known(self) -> None:
        decision = {**DENIED, "MissingContextValues": ["aws:PrincipalTag/team"]}
        found = self.asked(account(decisions={"codecommit": decision}), {"url": CODECOMMIT})

        assert found.state is State.NOT_CHECKED


@pytest.mark.parametrize(
    "action",
    ["sagemaker:ListCodeRepositories", "secretsmanager:DescribeSecret", "kms:DescribeKey"],
)
@pytest.mark.parametrize(("subject", "role"), [(MADE, {}), (GIVEN, {"role_arn": ROLE})])
def test_what_may_not_be_looked_at_is_never_ok(
    action: str, subject: str, role: dict[str, str]
) -> None:
    world = account(secret=SECRET, key=KEY, denied={action})
    given = {"name": "Recipes", "secret_arn": SECRET, "secret_key_arn": KEY}
    found = of(world, given, **role)[subject]

    assert (found.state, found.what) == (State.NOT_CHECKED, f"these credentials may not {action}")


def test_access_to_one_that_sagemaker_does_not_have_is_not_known() -> None:
    assert of(AccountWorld(), {"name": "Recipes"})[MADE].state is State.NOT_CHECKED
