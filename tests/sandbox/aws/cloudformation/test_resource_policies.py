"""Policies of queues and functions beyond SQS's and Lambda's quotas are refused as there."""

from typing import Any

import pytest

from sandbox.aws.cloudformation.resource_policies import (
    function_policy_problem,
    queue_policy_problem,
)

PLAIN: dict[str, Any] = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}
CONDITION = {"Condition": {"ArnEquals": {"aws:SourceArn": ["a", "b"]}}}


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


@pytest.mark.parametrize(
    ("fits", "too_large", "said"),
    [
        (policy(*[PLAIN] * 20), policy(*[PLAIN] * 21), "21 statements, at most 20"),
        (
            policy(*[PLAIN | CONDITION] * 10),
            policy(*[PLAIN | CONDITION] * 11),
            "11 conditions, at most 10",
        ),
        (
            policy(PLAIN | {"Sid": "x" * 8000}),
            policy(PLAIN | {"Sid": "x" * 8192}),
            "bytes, at most 8192",
        ),
    ],
)
def test_sqs_takes_so_much_of_a_queues_policy(
    fits: dict[str, Any], too_large: dict[str, Any], said: str
) -> None:
    assert queue_policy_problem(fits) is None
    assert said in str(queue_policy_problem(too_large))


def test_lambda_takes_20_480_bytes_of_a_functions_policy() -> None:
    empty = len('{"Version":"2012-10-17","Statement":[{"Sid":""}]}')
    fits = policy({"Sid": "x" * (20_480 - empty)})
    too_large = policy({"Sid": "x" * (20_481 - empty)})

    assert function_policy_problem(fits) is None
    assert function_policy_problem(too_large) == (
        "The final policy size (20481) is bigger than the limit (20480)."
    )
