"""Tests sandbox/aws/eventbridge/lambda_target.py: whom a function's policy admits."""

from typing import Any

import pytest

from sandbox.aws.eventbridge.lambda_target import admits

RULE = "arn:aws:events:eu-west-1:111122223333:rule/changes"


def policy(**changes: Any) -> dict[str, Any]:
    """The policy of a function as AWS::Lambda::Permission makes it."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Condition": {"ArnLike": {"AWS:SourceArn": RULE}},
        **changes,
    }
    return {"Statement": [statement]}


def test_the_rule_that_a_permission_names_is_admitted() -> None:
    assert admits(policy(), RULE)


@pytest.mark.parametrize(
    "changes",
    [
        {"Principal": {"Service": "scheduler.amazonaws.com"}},
        {"Action": "lambda:GetFunction"},
        {"Condition": {"ArnLike": {"AWS:SourceArn": f"{RULE}-of-others"}}},
    ],
    ids=["another service", "another action", "another rule"],
)
def test_others_are_not(changes: dict[str, Any]) -> None:
    assert not admits(policy(**changes), RULE)


def test_nobody_is_without_a_permission() -> None:
    assert not admits({"Statement": []}, RULE)
