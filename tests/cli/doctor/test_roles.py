"""The roles that the settings give to notebooks, and the permissions boundary."""

import json
import shlex
from typing import Any

import pytest

from emr_notebook.cli.doctor import roles
from emr_notebook.cli.doctor.iam import PolicyVerdict, evaluate_policy
from emr_notebook.cli.doctor.report import Line, State
from tests.assets.cluster_endpoint.emr_records import ACCOUNT, REGION
from tests.cli.doctor.account_in_memory import BOUNDARY, ROLE, SAGEMAKER, AccountWorld, trusting
from tests.cli.doctor.network.network_in_memory import COMMANDS, STACK, lines, settings

SUBJECT, LOGS = "role data-science", "logs by role data-science"
AGENT = "agent by role data-science"
ASSUME = "sts:AssumeRole"


def of(world: AccountWorld, arn: str = ROLE) -> dict[str, Line]:
    asked = settings(lambda data: data.update(defaults={"role_arn": arn}))
    return lines(roles.check, world, asked)


def with_trust(trust: dict[str, Any]) -> AccountWorld:
    return AccountWorld(roles={"data-science": {"Arn": ROLE, "Trust": trust}})


def policy_in(command: str) -> Any:
    words = shlex.split(command)
    return json.loads(words[words.index("--policy-document") + 1])


def test_what_exists_and_is_sagemakers_to_use_is_ok() -> None:
    assert {line.state for line in of(AccountWorld()).values()} == {State.OK}


def test_roles_that_the_deploy_makes_cost_no_call() -> None:
    world = AccountWorld()

    assert roles.check(world.reader(), settings(), COMMANDS) == []
    assert world.calls == []


def test_one_that_does_not_exist_fails_and_nothing_more_is_said_of_it() -> None:
    found = of(AccountWorld(roles={}))

    assert found[SUBJECT].state is State.FAILED
    assert found[SUBJECT].what == f"{ROLE} does not exist"
    assert LOGS not in found


def test_one_with_another_path_fails_with_its_arn() -> None:
    found = of(AccountWorld(), f"arn:aws:iam::{ACCOUNT}:role/data-science")[SUBJECT]

    assert (found.state, found.advice) == (State.FAILED, f"set role_arn: {ROLE}")


def test_one_that_trusts_others_gets_sagemaker_beside_them() -> None:
    found = of(with_trust(trusting("lambda.amazonaws.com")))[SUBJECT]
    [command] = found.commands

    assert found.state is State.FAILED
    assert command.startswith("aws iam update-assume-role-policy --role-name data-science ")
    services = [each["Principal"]["Service"] for each in policy_in(command)["Statement"]]
    assert services == ["lambda.amazonaws.com", SAGEMAKER]


def test_one_whose_trust_denies_sagemaker_is_mended_by_no_further_statement() -> None:
    trust = trusting(SAGEMAKER)
    trust["Statement"].append({"Effect": "Deny", "Action": ASSUME, "Principal": "*"})
    found = of(with_trust(trust))[SUBJECT]

    assert (found.state, found.commands) == (State.FAILED, ())
    assert "take that statement out" in found.advice


def test_one_that_trusts_under_a_condition_is_not_checked_and_no_failure() -> None:
    condition = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    found = of(with_trust(trusting(SAGEMAKER, Condition=condition)))[SUBJECT]

    assert (found.state, found.counts) == (State.NOT_CHECKED, False)
    assert "under conditions, which are not looked at" in found.what


def test_one_that_writes_no_logs_fails_and_is_let() -> None:
    world = AccountWorld(decisions={"logs:PutLogEvents": {"EvalDecision": "implicitDeny"}})
    found = of(world)[LOGS]
    [command] = found.commands

    assert found.state is State.FAILED
    assert found.what.startswith("it may not logs:PutLogEvents: ")
    assert "logs:PutLogEvents" in policy_in(command)["Statement"][0]["Action"]


def test_logs_that_a_condition_decides_about_are_not_known() -> None:
    decision = {
        "EvalDecision": "implicitDeny",
        "MissingContextValues": ["aws:PrincipalTag/EmrNotebookName"],
    }
    found = of(AccountWorld(decisions={"logs:PutLogEvents": decision}))[LOGS]

    assert found.state is State.NOT_CHECKED
    assert found.what == "its policies depend on aws:PrincipalTag/EmrNotebookName"


def test_logs_that_an_scp_denies_are_not_known() -> None:
    decision = {
        "EvalDecision": "explicitDeny",
        "OrganizationsDecisionDetail": {"AllowedByOrganizations": False},
    }
    found = of(AccountWorld(decisions={"logs:PutLogEvents": decision}))[LOGS]

    assert found.state is State.NOT_CHECKED
    assert found.what == "an SCP denies it, perhaps under a condition"


def test_logs_that_something_denies_are_let_by_no_command() -> None:
    world = AccountWorld(decisions={"logs:PutLogEvents": {"EvalDecision": "explicitDeny"}})
    found = of(world)[LOGS]

    assert (found.state, found.commands) == (State.FAILED, ())


def test_logs_are_asked_about_for_a_notebook_with_the_role() -> None:
    world = AccountWorld()
    of(world)
    [asked, _] = [given for name, given in world.calls if name == "simulate_principal_policy"]

    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/sagemaker/NotebookInstances"
    assert asked["PolicySourceArn"] == ROLE
    assert asked["ResourceArns"] == [f"{group}:log-stream:{STACK}-alice/LifecycleConfigOnStart"]


@pytest.mark.parametrize(
    ("action", "missed"),
    [
        ("iam:GetRole", {SUBJECT}),
        ("iam:SimulatePrincipalPolicy", {LOGS, AGENT}),
    ],
)
def test_a_missing_permission_is_named_where_it_is_missed(action: str, missed: set[str]) -> None:
    found = of(AccountWorld(denied={action}))

    unknown = {subject: x.what for subject, x in found.items() if x.state is State.NOT_CHECKED}
    assert unknown == dict.fromkeys(missed, f"these credentials may not {action}")


def test_forty_notebooks_with_one_role_cost_no_more_calls() -> None:
    world = AccountWorld()
    notebooks = {f"user{number}": {"cluster": "analytics"} for number in range(40)}
    asked = settings(lambda data: data.update(notebooks=notebooks, defaults={"role_arn": ROLE}))
    roles.check(world.reader(), asked, COMMANDS)

    assert len(world.calls) == 3


def test_one_that_may_not_read_every_agent_is_warned_of_and_let() -> None:
    world = AccountWorld(decisions={"s3:GetObject": {"EvalDecision": "implicitDeny"}})
    found = of(world)[AGENT]
    [command] = found.commands
    [*_, asked] = [given for name, given in world.calls if name == "simulate_principal_policy"]

    assert (found.state, found.counts) == (State.WARNING, False)
    assert found.what.startswith("it may not s3:GetObject: its notebooks are connected, and do")
    bucket = f"arn:aws:s3:::cdk-hnb659fds-assets-{ACCOUNT}-{REGION}"
    assert policy_in(command)["Statement"] == [
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{bucket}/*.pyz"}
    ]
    # An agent that a later deploy brings counts, too.
    assert asked["ResourceArns"] == [f"{bucket}/{'0' * 64}.pyz"]


def test_without_the_bootstrap_where_the_agent_is_nobody_here_knows() -> None:
    asked = settings(lambda data: data.update(defaults={"role_arn": ROLE}))
    found = {
        line.subject: line
        for line in roles.check(AccountWorld().reader(), asked, COMMANDS, has_bootstrap=False)
    }[AGENT]

    assert (found.state, found.counts) == (State.NOT_CHECKED, False)
    assert found.advice == "let it s3:GetObject on arn:aws:s3:::<CodeBucket>/<CodePrefix>*.pyz"


STOP = "sagemaker:StopNotebookInstance"


def stopping(world: AccountWorld) -> dict[str, Line]:
    """Two of three notebooks with the role stop themselves when idle."""

    def change(data: dict[str, Any]) -> None:
        data["defaults"] = {"role_arn": ROLE, "stop_after_idle_minutes": 60}
        data["notebooks"] = {
            "carol": {"cluster": "analytics", "stop_after_idle_minutes": "never"},
            "alice": {"cluster": "analytics", "name": "Alice"},
            "bob": {"cluster": "analytics"},
        }

    return lines(roles.check, world, settings(change))


def test_one_that_may_not_stop_a_notebook_that_has_to_fails_and_is_let() -> None:
    world = AccountWorld(decisions={STOP: {"EvalDecision": "implicitDeny"}})
    found = stopping(world)["idle stop of Alice by role data-science"]
    [command] = found.commands

    assert found.state is State.FAILED
    assert found.what == f"it may not {STOP}: it runs on, however long it is idle"
    # SageMaker writes names in ARNs in small letters.
    arn = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:notebook-instance"
    assert policy_in(command)["Statement"] == [
        {"Effect": "Allow", "Action": STOP, "Resource": [f"{arn}/alice", f"{arn}/{STACK}-bob"]}
    ]


def test_the_idle_stop_is_asked_of_iam_where_a_notebook_has_one() -> None:
    world = AccountWorld()
    found = stopping(world)
    asked = [given for name, given in world.calls if name == "simulate_principal_policy"]

    assert found["idle stop of Alice by role data-science"].state is State.OK
    assert [each["ActionNames"] for each in asked][1:] == [[STOP], ["s3:GetObject"]]


ALLOW = {"Effect": "Allow", "Principal": {"Service": SAGEMAKER}, "Action": ASSUME}
DENY = {**ALLOW, "Effect": "Deny"}
BOUND = {"Condition": {"Bool": {"aws:SecureTransport": "true"}}}


@pytest.mark.parametrize(
    ("statements", "verdict"),
    [
        ([ALLOW], PolicyVerdict.ALLOWS),
        (ALLOW, PolicyVerdict.ALLOWS),
        ([{**ALLOW, "Principal": "*"}], PolicyVerdict.ALLOWS),
        (
            [{**ALLOW, "Principal": {"Service": ["ec2.amazonaws.com", SAGEMAKER]}}],
            PolicyVerdict.ALLOWS,
        ),
        ([{**ALLOW, "Action": "sts:*"}], PolicyVerdict.ALLOWS),
        ([{**ALLOW, "Action": "STS:assumerole"}], PolicyVerdict.ALLOWS),
        ([{**ALLOW, **BOUND}, ALLOW], PolicyVerdict.ALLOWS),
        ([{**ALLOW, **BOUND}], PolicyVerdict.DEPENDS),
        ([ALLOW, {**DENY, **BOUND}], PolicyVerdict.DEPENDS),
        ([{**ALLOW, "NotAction": "kms:*", "Action": ASSUME}], PolicyVerdict.DEPENDS),
        ([], PolicyVerdict.IMPLICITLY_DENIES),
        ([DENY], PolicyVerdict.EXPLICITLY_DENIES),
        ([ALLOW, DENY], PolicyVerdict.EXPLICITLY_DENIES),
        ([ALLOW, {**DENY, "Principal": "*"}], PolicyVerdict.EXPLICITLY_DENIES),
        ([ALLOW, {**DENY, "Principal": {"AWS": ACCOUNT}}], PolicyVerdict.ALLOWS),
        ([{**DENY, **BOUND}], PolicyVerdict.IMPLICITLY_DENIES),
        ([{**ALLOW, "Action": "sts:TagSession"}], PolicyVerdict.IMPLICITLY_DENIES),
        ([{**ALLOW, "Principal": {"AWS": ACCOUNT}}], PolicyVerdict.IMPLICITLY_DENIES),
    ],
)
def test_a_policys_statements_decide_unless_a_condition_does(
    statements: Any, verdict: PolicyVerdict
) -> None:
    assert evaluate_policy({"Statement": statements}, ASSUME, {SAGEMAKER}) is verdict


BOUNDARY_SUBJECT = "permissions boundary"


def boundary_line(world: AccountWorld) -> Line:
    asked = settings(lambda data: data.update(permissions_boundary_arn=BOUNDARY))
    [found] = roles.check_boundary(world.reader(), asked, COMMANDS)
    return found


class TestBoundary:
    def test_one_that_exists_is_ok(self) -> None:
        assert boundary_line(AccountWorld()) == Line(
            BOUNDARY_SUBJECT, State.OK, f"{BOUNDARY} exists"
        )

    def test_one_that_does_not_exist_fails(self) -> None:
        found = boundary_line(AccountWorld(policies=set()))

        assert (found.state, found.what) == (State.FAILED, f"{BOUNDARY} does not exist")

    def test_a_missing_permission_is_named(self) -> None:
        found = boundary_line(AccountWorld(denied={"iam:GetPolicy"}))

        assert found == Line(
            BOUNDARY_SUBJECT, State.NOT_CHECKED, "these credentials may not iam:GetPolicy"
        )

    def test_a_stage_without_one_costs_no_call(self) -> None:
        world = AccountWorld()

        assert roles.check_boundary(world.reader(), settings(), COMMANDS) == []
        assert world.calls == []
