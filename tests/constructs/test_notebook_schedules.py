"""The schedules that start and stop notebooks: when, what they call, and what their role may do."""

import json
from typing import Any

from aws_cdk.assertions import Template

from emr_notebook.constructs.iam import POLICY_CHARACTERS
from emr_notebook.names import schedule_group_name
from tests.conftest import Change, make_templates, stage, template
from tests.templates import (
    INSTANCE,
    KEY_ARN,
    POLICY,
    ROLE,
    ROLE_ARN,
    only,
    properties,
    resources,
    two_stacks,
)

SCHEDULE, GROUP = "AWS::Scheduler::Schedule", "AWS::Scheduler::ScheduleGroup"
NIGHTS = {"start": "08:00", "stop": "19:30", "days": "mon-fri", "timezone": "Europe/Berlin"}
STOP = {"stop": "22:00", "timezone": "UTC"}
STACK = "emr-notebooks-test"
EC2 = "arn:aws:ec2:eu-west-1:111122223333"
# IAM's limit of managed policies for a role.
MOST_POLICIES = 10


def scheduled(schedule: Any = NIGHTS, **notebook: Any) -> Change:
    """A stage with that schedule for all, and more about alice."""

    def change(data: dict[str, Any]) -> None:
        data.update(defaults={"schedule": schedule}, kms_key_arn=KEY_ARN)
        data["network"]["security_group_ids"] = ["sg-11112222"]
        data["notebooks"]["alice"] |= notebook

    return change


def statements(found: Template) -> dict[str, dict[str, Any]]:
    """What the schedules' role may do, by the first action of each statement."""
    held = resources(found, POLICY, "Schedules")
    all_statements = [
        each
        for policy in held.values()
        for each in policy["Properties"]["PolicyDocument"]["Statement"]
    ]
    return {_listed(each["Action"])[0]: each for each in all_statements}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_each_time_is_a_call_of_sagemaker_for_that_notebook_in_the_settings_time_zone() -> None:
    found = template(scheduled())
    (instance,) = resources(found, INSTANCE)
    (group,) = resources(found, GROUP)
    (role,) = resources(found, ROLE, "Schedules")
    name = {"Fn::GetAtt": [instance, "NotebookInstanceName"]}

    made = properties(found, SCHEDULE, "Schedulesalicestop")
    assert made == {
        "Name": "alice-stop",
        "GroupName": {"Ref": group},
        "ScheduleExpression": "cron(30 19 ? * MON,TUE,WED,THU,FRI *)",
        "ScheduleExpressionTimezone": "Europe/Berlin",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {
            "Arn": "arn:aws:scheduler:::aws-sdk:sagemaker:stopNotebookInstance",
            "Input": {"Fn::Join": ["", ['{"NotebookInstanceName":"', name, '"}']]},
            "RoleArn": {"Fn::GetAtt": [role, "Arn"]},
            "RetryPolicy": {"MaximumRetryAttempts": 3, "MaximumEventAgeInSeconds": 300},
        },
    }
    start = properties(found, SCHEDULE, "Schedulesalicestart")
    assert start["ScheduleExpression"] == "cron(0 8 ? * MON,TUE,WED,THU,FRI *)"
    assert start["Target"]["Arn"].endswith(":aws-sdk:sagemaker:startNotebookInstance")


def test_the_group_has_the_stacks_name_wherever_the_template_is_deployed() -> None:
    assert properties(template(scheduled()), GROUP) == {"Name": {"Ref": "AWS::StackName"}}


def test_a_group_of_a_stack_with_a_long_name_has_one_of_its_own_that_scheduler_takes() -> None:
    first, second = (schedule_group_name(f"{'s' * 100}{each}") for each in "ab")

    assert first != second
    assert len(first) == len(second) == 64


def test_only_scheduler_takes_the_role_and_only_for_this_group() -> None:
    found = template(scheduled())
    (group,) = resources(found, GROUP)

    trust = properties(found, ROLE, "Schedules")["AssumeRolePolicyDocument"]
    assert trust["Statement"] == [
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": "scheduler.amazonaws.com"},
            "Condition": {
                "StringEquals": {
                    "aws:SourceArn": {"Fn::GetAtt": [group, "Arn"]},
                    "aws:SourceAccount": "111122223333",
                }
            },
        }
    ]


def test_a_role_that_only_stops_may_stop_these_notebooks_and_nothing_else() -> None:
    found = template(scheduled(STOP))
    (instance,) = resources(found, INSTANCE)

    assert statements(found) == {
        "sagemaker:StopNotebookInstance": {
            "Effect": "Allow",
            "Action": "sagemaker:StopNotebookInstance",
            "Resource": {"Ref": instance},
        }
    }


def test_a_role_that_starts_may_do_what_sagemaker_asks_of_whoever_starts_these() -> None:
    secret = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:AmazonSageMaker-git-a1b2c3"
    secret_key = f"{KEY_ARN[:-1]}0"
    repository = {"name": "team", "secret_arn": secret, "secret_key_arn": secret_key}

    def of_two_owners(data: dict[str, Any]) -> None:
        scheduled(role_arn=ROLE_ARN, default_code_repository=repository, owner="alice")(data)
        bob = {"cluster": "analytics", "owner": "bob", "role_arn": f"{ROLE_ARN}-2"}
        data["notebooks"]["bob"] = {**bob, "schedule": {"start": "08:00", "timezone": "UTC"}}

    may = statements(template(of_two_owners))
    beside = {action: each for action, each in may.items() if not action.startswith("sagemaker:")}
    assert {action: each["Resource"] for action, each in beside.items()} == {
        "ec2:DescribeNetworkInterfaces": "*",
        "iam:PassRole": [ROLE_ARN, f"{ROLE_ARN}-2"],
        "ec2:CreateNetworkInterface": [
            "arn:aws:ec2:eu-west-1:*:subnet/subnet-0a1b2c3d4e5f60718",
            f"{EC2}:network-interface/*",
            f"{EC2}:security-group/sg-11112222",
        ],
        "ec2:CreateNetworkInterfacePermission": f"{EC2}:network-interface/*",
        "kms:DescribeKey": KEY_ARN,
        "kms:CreateGrant": KEY_ARN,
        "secretsmanager:GetSecretValue": secret,
        "kms:Decrypt": secret_key,
    }
    # Whose the notebook is decides about people, not about times.
    assert may["iam:PassRole"]["Condition"] == {
        "StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}
    }
    assert "Condition" not in may["secretsmanager:GetSecretValue"]
    assert set(may["kms:Decrypt"]["Condition"]["StringEquals"]) == {"kms:ViaService"}


def test_a_notebook_may_be_started_only_where_it_has_a_start() -> None:
    def change(data: dict[str, Any]) -> None:
        scheduled()(data)
        data["notebooks"]["bob"] = {"cluster": "analytics", "schedule": STOP}

    found = template(change)
    ids = {
        each["Properties"]["NotebookInstanceName"]: name
        for name, each in resources(found, INSTANCE).items()
    }

    may = statements(found)
    assert may["sagemaker:StartNotebookInstance"]["Resource"] == {"Ref": ids[f"{STACK}-alice"]}
    assert may["sagemaker:StopNotebookInstance"]["Resource"] == {"Ref": ids[f"{STACK}-bob"]}


def test_who_declines_and_who_has_none_is_neither_started_nor_stopped() -> None:
    def change(data: dict[str, Any]) -> None:
        data["defaults"] = {"schedule": STOP}
        data["notebooks"]["bob"] = {"cluster": "analytics", "schedule": "none"}

    found = template(change)
    assert [each["Properties"]["Name"] for each in resources(found, SCHEDULE).values()] == [
        "alice-stop"
    ]
    assert resources(template(), GROUP) == resources(template(scheduled("none")), GROUP) == {}


def test_each_stack_has_its_own_group_and_role() -> None:
    def change(data: dict[str, Any]) -> None:
        two_stacks(data)
        data["defaults"] = {"schedule": STOP}

    for found in make_templates(stage(change)).values():
        assert len(resources(found, GROUP)) == 1
        assert len(resources(found, ROLE, "Schedules")) == 1


def test_schedules_go_with_their_entry_and_no_notebook_depends_on_them() -> None:
    found = template(scheduled(STOP))

    for kind, prefix in ((SCHEDULE, ""), (GROUP, ""), (ROLE, "Schedules"), (POLICY, "Schedules")):
        assert "DeletionPolicy" not in only(found, kind, prefix)
    assert "Schedules" not in json.dumps(resources(found, INSTANCE))


def test_a_hundred_notebooks_with_the_longest_names_fit_into_policies_that_iam_takes() -> None:
    def change(data: dict[str, Any]) -> None:
        data["defaults"] = {"schedule": NIGHTS, "role_arn": ROLE_ARN}
        data["notebooks"] = {
            f"n{number}": {"cluster": "analytics", "name": f"{number:063}"} for number in range(100)
        }

    (found,) = make_templates(stage(change)).values()
    held = resources(found, POLICY, "Schedules").values()
    arn = "arn:aws:sagemaker:us-gov-west-1:111122223333:notebook-instance/"
    names = {
        name: f"{arn}{each['Properties']['NotebookInstanceName']}"
        for name, each in resources(found, INSTANCE).items()
    }
    documents = [
        json.dumps(
            _with_references(each["Properties"]["PolicyDocument"], names), separators=(",", ":")
        )
        for each in held
    ]

    assert 1 < len(documents) <= MOST_POLICIES
    assert max(map(len, documents)) <= POLICY_CHARACTERS
    assert all(any(name in each for each in documents) for name in names.values())


def _with_references(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [_with_references(each, names) for each in value]
    if isinstance(value, dict):
        if set(value) == {"Ref"}:
            return names.get(value["Ref"], value["Ref"])
        return {name: _with_references(each, names) for name, each in value.items()}
    return value
