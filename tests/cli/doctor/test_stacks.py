"""Whether the stage's stacks can be deployed, and whether its names are free."""

from typing import Any

import botocore.loaders
import pytest

from emr_notebook.cli.doctor import stacks
from emr_notebook.cli.doctor.report import Line, State
from emr_notebook.settings.model import Settings
from tests.assets.cluster_endpoint.emr_records import REGION
from tests.cli.doctor.account_in_memory import AccountWorld, template
from tests.cli.doctor.network.network_in_memory import COMMANDS, STACK, lines, settings

OF = f"--stack-name {STACK} --region {REGION}"


def line(world: AccountWorld) -> Line:
    return next(
        each
        for each in stacks.check(world.reader(), settings(), COMMANDS)
        if each.subject == f"stack {STACK}"
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


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED"])
def test_one_whose_first_deploy_failed_is_no_obstacle_to_the_cdk_and_one_to_a_pipeline(
    status: str,
) -> None:
    found = line(at(status))

    assert found.state is State.OK
    assert "cdk deploy deletes it" in found.what
    assert f"before a pipeline's deploy: aws cloudformation delete-stack {OF}" in found.advice


def test_one_whose_first_deploy_paused_is_rolled_back_with_the_notebooks_that_it_made() -> None:
    found = line(at("CREATE_FAILED"))

    assert found.state is State.FAILED
    undo = f"aws cloudformation rollback-stack {OF} --retain-except-on-create"
    assert found.advice.startswith("save the files ")
    assert found.advice.endswith(undo)


@pytest.mark.parametrize("status", ["CREATE_FAILED", "ROLLBACK_FAILED"])
def test_no_command_deletes_what_a_failed_first_deploy_made(status: str) -> None:
    assert line(at(status)).commands == ()


def test_one_whose_deletion_failed_is_deleted() -> None:
    found = line(at("DELETE_FAILED"))

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
        ("DELETE_IN_PROGRESS", "delete"),
        ("IMPORT_IN_PROGRESS", "import"),
    ],
)
def test_one_that_is_being_changed_is_waited_for(status: str, end: str) -> None:
    found = line(at(status))

    assert found.state is State.FAILED
    assert found.commands == (f"aws cloudformation wait stack-{end}-complete {OF}",)


@pytest.mark.parametrize("status", ["ROLLBACK_IN_PROGRESS", "IMPORT_ROLLBACK_IN_PROGRESS"])
def test_one_whose_end_the_aws_cli_cannot_wait_for_has_no_command(status: str) -> None:
    found = line(at(status))

    assert (found.state, found.commands) == (State.FAILED, ())
    assert found.advice == "wait until it ends, then run doctor again"


def _acceptors(end: str) -> set[str]:
    """The statuses that end one of botocore's waits, which are the AWS CLI's."""
    waits = botocore.loaders.Loader().load_service_model("cloudformation", "waiters-2")["waiters"]
    return {str(each["expected"]) for each in waits[f"Stack{end.title()}Complete"]["acceptors"]}


@pytest.mark.parametrize(
    ("status", "comes_to"),
    [
        ("CREATE_IN_PROGRESS", "CREATE_COMPLETE"),
        ("CREATE_IN_PROGRESS", "ROLLBACK_COMPLETE"),
        ("UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"),
        ("UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE"),
        ("UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE"),
        ("DELETE_IN_PROGRESS", "DELETE_COMPLETE"),
        ("IMPORT_IN_PROGRESS", "IMPORT_COMPLETE"),
    ],
)
def test_a_printed_wait_ends_at_what_the_stack_comes_to(status: str, comes_to: str) -> None:
    [command] = line(at(status)).commands
    end = command.partition(" wait stack-")[2].partition("-complete ")[0]

    assert comes_to in _acceptors(end)


def test_every_stack_of_the_stage_has_a_line() -> None:
    notebooks = {
        "alice": {"cluster": "analytics"},
        "bob": {"cluster": "analytics", "stack": "two"},
    }
    asked = settings(lambda data: data.update(notebooks=notebooks))
    world = AccountWorld(statuses={f"{STACK}-two": "DELETE_FAILED"})
    found = stacks.check(world.reader(), asked, COMMANDS)

    assert [(each.subject, each.state) for each in found[:2]] == [
        (f"stack {STACK}", State.OK),
        (f"stack {STACK}-two", State.FAILED),
    ]


def test_a_missing_permission_is_named() -> None:
    world = at("CREATE_COMPLETE")
    world.denied = {"cloudformation:GetTemplate"}

    assert line(world).state is State.NOT_CHECKED
    assert line(world).what == "these credentials may not cloudformation:GetTemplate"


NOTEBOOKS, LIFECYCLES = "notebook names", "lifecycle configuration names"
ALICE = f"{STACK}-alice"


def stage_of_two(**changes: Any) -> Settings:
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


def name_lines(world: AccountWorld, asked: Settings | None = None) -> dict[str, Line]:
    return lines(stacks.check, world, asked or stage_of_two())


class TestNames:
    def test_free_names_are_ok(self) -> None:
        assert name_lines(AccountWorld())[NOTEBOOKS].state is State.OK

    def test_a_deployed_notebook_has_its_own_name(self) -> None:
        assert name_lines(deployed())[NOTEBOOKS].state is State.OK

    def test_a_name_that_another_notebook_has_fails_without_a_word_of_deleting_its_files(
        self,
    ) -> None:
        world = AccountWorld(notebooks=[ALICE, "unrelated"])
        found = name_lines(world)[NOTEBOOKS]

        assert (found.state, found.commands) == (State.FAILED, ())
        assert found.what == (
            f"SageMaker has already {ALICE}, which is none of the stack {STACK}'s"
        )
        assert "give another name (notebooks.alice.name): what has this one" in found.advice
        assert "delete" not in found.advice

    def test_a_name_in_the_template_of_a_failed_first_deploy_is_somebody_elses(self) -> None:
        assert name_lines(deployed("ROLLBACK_COMPLETE"))[NOTEBOOKS].state is State.FAILED

    def test_a_name_that_another_stack_of_the_stage_has_is_taken(self) -> None:
        found = name_lines(deployed(), stage_of_two(stack="two"))[NOTEBOOKS]

        assert found.state is State.FAILED
        assert f"none of the stack {STACK}-two's" in found.what

    @pytest.mark.parametrize(
        "action", ["sagemaker:ListNotebookInstances", "cloudformation:DescribeStacks"]
    )
    def test_a_missing_permission_is_named_where_a_name_is_in_question(self, action: str) -> None:
        world = deployed()
        world.denied = {action}

        assert name_lines(world)[NOTEBOOKS] == Line(
            NOTEBOOKS, State.NOT_CHECKED, f"these credentials may not {action}"
        )

    def test_free_names_need_no_look_at_the_stack(self) -> None:
        world = AccountWorld(denied={"cloudformation:DescribeStacks"})

        assert name_lines(world)[NOTEBOOKS].state is State.OK

    def test_lifecycle_configurations_have_no_line_when_no_name_is_given(self) -> None:
        assert LIFECYCLES not in name_lines(AccountWorld())

    def test_a_lifecycle_configurations_name_is_the_stacks_own_or_taken(self) -> None:
        asked = stage_of_two(lifecycle_config_name="starts")

        assert name_lines(deployed(), asked)[LIFECYCLES].state is State.OK
        assert (
            name_lines(AccountWorld(lifecycles=["starts"]), asked)[LIFECYCLES].state is State.FAILED
        )
        assert name_lines(AccountWorld(), asked)[LIFECYCLES].state is State.OK

    def test_a_stage_without_notebooks_gives_no_names(self) -> None:
        asked = settings(lambda data: data.update(notebooks={}))

        assert list(name_lines(AccountWorld(), asked)) == [f"stack {STACK}"]
