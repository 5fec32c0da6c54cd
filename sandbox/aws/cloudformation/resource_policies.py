"""Refuses policies of queues and functions that are larger than SQS's and Lambda's quotas."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.aws.cloudformation.schema import Created
from sandbox.aws.emulator import ministack

QUEUE_POLICY = "AWS::SQS::QueuePolicy"
# SQS developer guide, "Amazon SQS policy quotas".
QUEUE_STATEMENTS, QUEUE_CONDITIONS, QUEUE_BYTES = 20, 10, 8192
# Lambda developer guide, "Lambda quotas".
FUNCTION_BYTES = 20_480

Create = Callable[..., Created]
Answer = tuple[Any, ...]


def queue_policy_problem(document: Mapping[str, Any]) -> str | None:
    """Why SQS refuses a queue's policy; None when it takes it."""
    statements = document.get("Statement", [])
    conditions = sum(
        len(keys) for each in statements for keys in each.get("Condition", {}).values()
    )
    for what, found, most in (
        ("statements", len(statements), QUEUE_STATEMENTS),
        ("conditions", conditions, QUEUE_CONDITIONS),
        ("bytes", _size(document), QUEUE_BYTES),
    ):
        if found > most:
            return f"Invalid value for the parameter Policy: {found} {what}, at most {most}"
    return None


def function_policy_problem(document: Mapping[str, Any]) -> str | None:
    """Lambda's refusal of a function's policy that is too large, else None."""
    size = _size(document)
    if size <= FUNCTION_BYTES:
        return None
    return f"The final policy size ({size}) is bigger than the limit ({FUNCTION_BYTES})."


def install() -> None:
    """Check each queue's policy that a stack makes or changes, and each function's permissions."""
    handler = ministack("services.cloudformation.provisioners")._RESOURCE_HANDLERS[QUEUE_POLICY]
    create: Create = handler["create"]
    update: Create = handler["update"]

    def creating(logical_id: str, properties: Mapping[str, Any], stack: str) -> Created:
        _check(properties)
        return create(logical_id, properties, stack)

    def updating(name: str, old: Mapping[str, Any], new: Mapping[str, Any], *more: Any) -> Created:
        _check(new)
        return update(name, old, new, *more)

    handler |= {"create": creating, "update": updating}
    functions = ministack("services.lambda_svc")
    original: Callable[..., Answer] = functions._add_permission

    def adding(name: str, *given: Any, **more: Any) -> Answer:
        answer = original(name, *given, **more)
        policy = functions._functions[name]["policy"] if answer[0] < 400 else {}
        if problem := function_policy_problem(policy):
            policy["Statement"].pop()
            refused: Answer = functions.error_response_json(
                "PolicyLengthExceededException", problem, 400
            )
            return refused
        return answer

    functions._add_permission = adding


def _check(properties: Mapping[str, Any]) -> None:
    document = properties.get("PolicyDocument", {})
    parsed = json.loads(document) if isinstance(document, str) else document
    if problem := queue_policy_problem(parsed):
        raise ValueError(problem)


def _size(document: Mapping[str, Any]) -> int:
    return len(json.dumps(document, separators=(",", ":")).encode())
