"""doctor: whether the stage's stacks can be deployed."""

import pytest

from emr_notebook.cli.doctor import stacks
from emr_notebook.cli.doctor.prerequisites import Line, State
from tests.cli_account import AccountWorld
from tests.cli_network import STACK, TO, settings
from tests.emr_records import REGION

OF = f"--stack-name {STACK} --region {REGION}"


def line(world: AccountWorld) -> Line:
    return next(
        each
        for each in stacks.check(world.reader(), settings(), TO)
        if each.about == f"stack {STACK}"
    )


def at(status: str) -> AccountWorld:
    return AccountWorld(statuses={STACK: status})


@pytest.mark.parametrize(
    "status", ["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_FAILED"]
)
def test_one_that_takes_an_update_is_ok(status: str) -> None:
    assert line(at(status)) == Line(f"stack {STACK}", State.OK, status)


@pytest.mark.parametrize("world", [AccountWorld(), at("REVIEW_IN_PROGRESS")])
def test_one_that_was_never_deployed_is_ok(world: AccountWorld) -> None:
    assert line(world) == Line(f"stack {STACK}", State.OK, "not deployed yet")


def test_one_whose_first_deploy_failed_is_no_obstacle_to_the_cdk_and_one_to_a_pipeline() -> None:
    found = line(at("ROLLBACK_COMPLETE"))

    assert found.state is State.OK
    assert "cdk deploy deletes it" in found.what
    assert f"before a pipeline's deploy: aws cloudformation delete-stack {OF}" in found.advice


@pytest.mark.parametrize("status", ["ROLLBACK_FAILED", "DELETE_FAILED", "CREATE_FAILED"])
def test_one_that_no_deploy_leads_out_of_is_deleted(status: str) -> None:
    found = line(at(status))

    assert found.state is State.FAILED
    wait = f"aws cloudformation wait stack-delete-complete {OF}"
    assert found.commands == (f"aws cloudformation delete-stack {OF} && {wait}",)


def test_one_whose_rollback_stopped_is_led_on() -> None:
    found = line(at("UPDATE_ROLLBACK_FAILED"))

    assert found.state is State.FAILED
    assert found.commands[0].startswith(f"aws cloudformation continue-update-rollback {OF} && ")


@pytest.mark.parametrize(
    ("status", "end"),
    [
        ("CREATE_IN_PROGRESS", "create"),
        ("UPDATE_IN_PROGRESS", "update"),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "update"),
        ("UPDATE_ROLLBACK_IN_PROGRESS", "rollback"),
        ("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "rollback"),
        ("ROLLBACK_IN_PROGRESS", "rollback"),
        ("DELETE_IN_PROGRESS", "delete"),
        ("IMPORT_IN_PROGRESS", "import"),
        ("IMPORT_ROLLBACK_IN_PROGRESS", "import"),
    ],
)
def test_one_that_is_being_changed_is_waited_for(status: str, end: str) -> None:
    found = line(at(status))

    assert found.state is State.FAILED
    assert found.commands == (f"aws cloudformation wait stack-{end}-complete {OF}",)


def test_every_stack_of_the_stage_has_a_line() -> None:
    notebooks = {
        "alice": {"cluster": "analytics"},
        "bob": {"cluster": "analytics", "stack": "two"},
    }
    asked = settings(lambda data: data.update(notebooks=notebooks))
    world = AccountWorld(statuses={f"{STACK}-two": "DELETE_FAILED"})
    found = stacks.check(world.reader(), asked, TO)

    assert [(each.about, each.state) for each in found[:2]] == [
        (f"stack {STACK}", State.OK),
        (f"stack {STACK}-two", State.FAILED),
    ]


def test_a_missing_permission_is_named() -> None:
    world = at("CREATE_COMPLETE")
    world.denied = {"cloudformation:GetTemplate"}

    assert line(world).state is State.NOT_CHECKED
    assert line(world).what == "these credentials may not cloudformation:GetTemplate"
