"""Refuses an operation on a stack while another one is under way, which ministack lets run."""

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.aws.emulator import ministack

Answer = Any
Handler = Callable[[dict[str, Any]], Answer]
# No update starts from these; CloudFormation names them in its refusal.
STUCK = frozenset({"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED"})
# A stack that is being created may be deleted, and one that is being deleted once more.
DELETABLE = frozenset({"CREATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "REVIEW_IN_PROGRESS"})


def update_problem(stack: Mapping[str, Any]) -> str:
    """Why the stack takes no update now, in CloudFormation's words; empty when it does."""
    status = str(stack["StackStatus"])
    # REVIEW_IN_PROGRESS is no operation: the stack waits for its first change set.
    under_way = status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS"
    if under_way or status in STUCK:
        return f"Stack:{stack['StackId']} is in {status} state and can not be updated."
    return ""


def delete_problem(stack: Mapping[str, Any]) -> str:
    """Why the stack cannot be deleted now, in CloudFormation's words; empty when it can."""
    status = str(stack["StackStatus"])
    if status.endswith("_IN_PROGRESS") and status not in DELETABLE:
        return f"Stack [{stack['StackId']}] cannot be deleted while in status {status}"
    return ""


def install() -> None:
    """Ask about the stack's state before ministack's own handlers."""
    handlers = ministack("services.cloudformation.handlers")
    actions: dict[str, Handler] = handlers._ACTION_HANDLERS

    def updates(parameters: dict[str, Any]) -> bool:
        return bool(handlers._p(parameters, "ChangeSetType", "UPDATE") == "UPDATE")

    def guard(
        action: str,
        problem: Callable[[Mapping[str, Any]], str],
        applies: Callable[[dict[str, Any]], bool] = lambda _: True,
    ) -> None:
        original = actions[action]

        def handle(parameters: dict[str, Any]) -> Answer:
            stack = handlers._resolve_stack(handlers._p(parameters, "StackName"))
            said = problem(stack) if stack and applies(parameters) else ""
            return handlers._error("ValidationError", said) if said else original(parameters)

        actions[action] = handle

    guard("UpdateStack", update_problem)
    guard("CreateChangeSet", update_problem, updates)
    guard("DeleteStack", delete_problem)
