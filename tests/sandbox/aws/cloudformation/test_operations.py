"""Which states of a stack admit an update or a deletion, without the emulator."""

import pytest

from sandbox.aws.cloudformation.operations import delete_problem, update_problem

ARN = "arn:aws:cloudformation:eu-west-1:111122223333:stack/notebooks/1"


def stack(status: str) -> dict[str, str]:
    return {"StackId": ARN, "StackStatus": status}


@pytest.mark.parametrize(
    "status", ["CREATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS"]
)
def test_a_stack_at_rest_may_be_updated(status: str) -> None:
    assert update_problem(stack(status)) == ""


@pytest.mark.parametrize(
    "status", ["CREATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "ROLLBACK_COMPLETE"]
)
def test_one_that_changes_or_never_was_may_not(status: str) -> None:
    assert update_problem(stack(status)) == (
        f"Stack:{ARN} is in {status} state and can not be updated."
    )


@pytest.mark.parametrize("status", ["CREATE_IN_PROGRESS", "ROLLBACK_COMPLETE", "UPDATE_COMPLETE"])
def test_a_creation_may_be_ended_by_a_deletion(status: str) -> None:
    assert delete_problem(stack(status)) == ""


@pytest.mark.parametrize(
    "status", ["ROLLBACK_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_IN_PROGRESS"]
)
def test_an_update_or_rollback_may_not(status: str) -> None:
    assert (
        delete_problem(stack(status)) == f"Stack [{ARN}] cannot be deleted while in status {status}"
    )
