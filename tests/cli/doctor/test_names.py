"""doctor: whether the stage's names are free."""

from typing import Any

import pytest

from emr_notebook.cli.doctor import stacks
from emr_notebook.cli.doctor.report import Line, State
from emr_notebook.settings.model import Settings
from tests.cli.doctor.account import AccountWorld, template
from tests.cli.doctor.network.world import STACK, lines, settings

NOTEBOOKS, LIFECYCLES = "notebook names", "lifecycle configuration names"
ALICE = f"{STACK}-alice"


def stage(**changes: Any) -> Settings:
    """Alice's notebook with these changes, and bob's."""
    alice = {"cluster": "analytics", **changes}
    notebooks = {"alice": alice, "bob": {"cluster": "analytics"}}
    return settings(lambda data: data.update(notebooks=notebooks))


def deployed(status: str = "UPDATE_COMPLETE") -> AccountWorld:
    """Alice's notebook exists, as the stack's template says."""
    made = template({"Alice": ALICE}, {"Starts": "starts"})
    world = AccountWorld(statuses={STACK: status}, templates={STACK: made})
    world.notebooks, world.lifecycles = [ALICE], ["starts"]
    return world


def of(world: AccountWorld, asked: Settings | None = None) -> dict[str, Line]:
    return lines(stacks.check, world, asked or stage())


def test_free_names_are_ok() -> None:
    assert of(AccountWorld())[NOTEBOOKS].state is State.OK


def test_a_deployed_notebook_has_its_own_name() -> None:
    assert of(deployed())[NOTEBOOKS].state is State.OK


def test_a_name_that_another_notebook_has_fails_without_a_command_that_deletes_files() -> None:
    world = AccountWorld(notebooks=[ALICE, "unrelated"])
    found = of(world)[NOTEBOOKS]

    assert (found.state, found.commands) == (State.FAILED, ())
    assert found.what == (f"SageMaker has already {ALICE}, which is none of the stack {STACK}'s")
    assert "give another name (notebooks.alice.name), or delete" in found.advice


def test_a_name_in_the_template_of_a_failed_first_deploy_is_somebody_elses() -> None:
    assert of(deployed("ROLLBACK_COMPLETE"))[NOTEBOOKS].state is State.FAILED


def test_a_name_that_another_stack_of_the_stage_has_is_taken() -> None:
    found = of(deployed(), stage(stack="two"))[NOTEBOOKS]

    assert found.state is State.FAILED
    assert f"none of the stack {STACK}-two's" in found.what


@pytest.mark.parametrize(
    "action", ["sagemaker:ListNotebookInstances", "cloudformation:DescribeStacks"]
)
def test_a_missing_permission_is_named_where_a_name_is_in_question(action: str) -> None:
    world = deployed()
    world.denied = {action}

    assert of(world)[NOTEBOOKS] == Line(
        NOTEBOOKS, State.NOT_CHECKED, f"these credentials may not {action}"
    )


def test_free_names_need_no_look_at_the_stack() -> None:
    world = AccountWorld(denied={"cloudformation:DescribeStacks"})

    assert of(world)[NOTEBOOKS].state is State.OK


def test_lifecycle_configurations_have_no_line_when_no_name_is_given() -> None:
    assert LIFECYCLES not in of(AccountWorld())


def test_a_lifecycle_configurations_name_is_the_stacks_own_or_taken() -> None:
    asked = stage(lifecycle_config_name="starts")

    assert of(deployed(), asked)[LIFECYCLES].state is State.OK
    assert of(AccountWorld(lifecycles=["starts"]), asked)[LIFECYCLES].state is State.FAILED
    assert of(AccountWorld(), asked)[LIFECYCLES].state is State.OK


def test_a_stage_without_notebooks_gives_no_names() -> None:
    asked = settings(lambda data: data.update(notebooks={}))

    assert list(of(AccountWorld(), asked)) == [f"stack {STACK}"]
