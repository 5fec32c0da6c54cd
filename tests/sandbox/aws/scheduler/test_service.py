"""EventBridge Scheduler in the sandbox: schedules of a stack run in their own role's name."""

import io
import json
import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.aws import RunningAws
from tests.end_to_end import callers
from tests.end_to_end.callers import allow, document, trust
from tests.sandbox.aws.running_aws import ROLE, Stack, resource, running_aws, settled, wait_until

pytestmark = pytest.mark.sandbox

ACCOUNT = "111122223333"
GROUP_ARN = f"arn:aws:scheduler:eu-west-1:{ACCOUNT}:schedule-group/nights"
NOTEBOOK_ARN = f"arn:aws:sagemaker:eu-west-1:{ACCOUNT}:notebook-instance/mine"
FUNCTION = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:reconcile"
STOP = "arn:aws:scheduler:::aws-sdk:sagemaker:stopNotebookInstance"
# A Monday's noon that is yet to come: the clock goes forward only.
TODAY = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
MONDAY = TODAY + timedelta(days=7 - TODAY.weekday())


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAws]:
    with running_aws(tmp_path_factory.mktemp("scheduler")) as running:
        sagemaker = running.client("sagemaker")
        sagemaker.create_notebook_instance(
            NotebookInstanceName="mine", InstanceType="ml.t3.medium", RoleArn=ROLE
        )
        settled(running, "mine")
        yield running


@pytest.fixture
def stack(aws: RunningAws, request: pytest.FixtureRequest) -> Iterator[Stack]:
    made = Stack(aws, re.sub(r"\W|_", "-", request.node.name)[:100])
    yield made
    made.delete()


def role(*statements: dict[str, Any], **condition: str) -> dict[str, Any]:
    """One that Scheduler may assume for the group, and that may do what is stated."""
    given = {"aws:SourceArn": GROUP_ARN, "aws:SourceAccount": ACCOUNT} | condition
    admitted = trust({"Service": "scheduler.amazonaws.com"})
    admitted["Statement"][0]["Condition"] = {"StringEquals": given}
    policy = {"PolicyName": "own", "PolicyDocument": json.loads(document(*statements))}
    properties = {"AssumeRolePolicyDocument": admitted, "Policies": [policy]}
    return resource("AWS::IAM::Role", properties)


def schedule(**properties: Any) -> dict[str, Any]:
    given = {
        "GroupName": {"Ref": "Group"},
        "Name": "it",
        "ScheduleExpression": "cron(30 19 ? * MON *)",
        "ScheduleExpressionTimezone": "Europe/Berlin",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {
            "Arn": STOP,
            "Input": json.dumps({"NotebookInstanceName": "mine"}),
            "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
            "RetryPolicy": {"MaximumRetryAttempts": 0},
        },
    }
    return resource("AWS::Scheduler::Schedule", given | properties)


def resources(role: dict[str, Any], schedule: dict[str, Any]) -> dict[str, Any]:
    group = resource("AWS::Scheduler::ScheduleGroup", {"Name": "nights"})
    return {"Group": group, "Role": role, "Schedule": schedule}


def status(aws: RunningAws) -> str:
    found = aws.client("sagemaker").describe_notebook_instance(NotebookInstanceName="mine")
    return str(found["NotebookInstanceStatus"])


def test_a_stacks_schedules_do_what_their_role_may_at_their_time(
    aws: RunningAws, stack: Stack
) -> None:
    forbidden = role(allow("sagemaker:StartNotebookInstance", NOTEBOOK_ARN))
    allowed = role(allow("sagemaker:StopNotebookInstance", NOTEBOOK_ARN))
    assert stack.create(resources(forbidden, schedule())) == "CREATE_COMPLETE"

    [denied] = aws.run_schedules(MONDAY.replace(hour=19))
    assert "not authorized to perform: sagemaker:StopNotebookInstance" in denied["error"]
    assert status(aws) == "InService"

    # An hour later: Berlin is not on UTC, and the new time is not for the past.
    later = schedule(ScheduleExpression="cron(30 21 ? * MON *)")
    assert stack.update(resources(allowed, later)) == "UPDATE_COMPLETE"
    [done] = aws.run_schedules(MONDAY.replace(hour=21))
    assert (done["schedule"], done["group"], done["error"]) == ("it", "nights", None)
    assert settled(aws, "mine")["NotebookInstanceStatus"] == "Stopped"
    asked = [each for each in aws.requests() if each["action"] == "StopNotebookInstance"]
    assert "assumed-role/" in asked[-1]["principal"]
    assert asked[-1]["principal"].endswith("/scheduler")

    # It is stopped already, as SageMaker says.
    [refused] = aws.run_schedules(MONDAY + timedelta(days=7, hours=10))
    assert "Status (Stopped) not in ([InService])" in refused["error"]


def test_a_rate_calls_its_function_at_once_and_then_again(aws: RunningAws, stack: Stack) -> None:
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as file:
        file.writestr("index.py", "def handler(event, _):\n    print('told', event['source'])\n")
    aws.client("lambda").create_function(
        FunctionName="reconcile",
        Runtime="python3.12",
        Role=callers.role(aws, "function", document(allow("logs:PutLogEvents")), {}),
        Handler="index.handler",
        Code={"ZipFile": code.getvalue()},
    )
    target = {"Arn": FUNCTION, "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]}}
    every = schedule(ScheduleExpression="rate(5 minutes)", Target=target)
    assert stack.create(resources(role(allow("lambda:InvokeFunction", FUNCTION)), every))

    def calls() -> list[dict[str, Any]]:
        return [each for each in aws.requests() if each["action"] in ("Invoke", "InvokeFunction")]

    wait_until(lambda: len(calls()) == 1)
    found = aws.client("scheduler").get_schedule(GroupName="nights", Name="it")
    [again] = aws.run_schedules(found["CreationDate"] + timedelta(minutes=9))
    assert again["error"] is None
    assert calls()[-1]["principal"].endswith("/scheduler")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"ScheduleExpressionTimezone": "Europe/Bonn"}, "Invalid ScheduleExpressionTimezone"),
        ({"ScheduleExpression": "cron(30 25 ? * MON *)"}, "Invalid Schedule Expression"),
        ({"GroupName": "days"}, "Schedule group days does not exist"),
        ({"Colour": "blue"}, "extraneous key [Colour]"),
    ],
)
def test_a_schedule_that_aws_refuses_fails_its_stack(
    stack: Stack, change: dict[str, Any], said: str
) -> None:
    assert stack.create(resources(role(), schedule(**change))) == "ROLLBACK_COMPLETE"
    assert said in stack.reasons()


@pytest.mark.parametrize(
    ("condition", "value"),
    [("aws:SourceArn", f"{GROUP_ARN}-other"), ("aws:SourceAccount", "444455556666")],
)
def test_a_role_for_another_group_or_account_is_not_assumed(
    stack: Stack, condition: str, value: str
) -> None:
    others = role(**{condition: value})

    assert stack.create(resources(others, schedule())) == "ROLLBACK_COMPLETE"
    assert "must allow AWS EventBridge Scheduler to assume the role" in stack.reasons()


@pytest.mark.parametrize(
    "arn",
    [
        STOP.replace("stop", "describe"),
        STOP.replace("stop", "pause"),
        STOP.replace("sagemaker", "sagemakers"),
    ],
)
def test_an_operation_that_cannot_be_scheduled_is_refused(aws: RunningAws, arn: str) -> None:
    with pytest.raises(ClientError) as refused:
        aws.client("scheduler").create_schedule(
            Name="other",
            ScheduleExpression="rate(1 hour)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": arn, "RoleArn": ROLE},
        )

    assert f"Invalid universal target {arn}" in str(refused.value)
