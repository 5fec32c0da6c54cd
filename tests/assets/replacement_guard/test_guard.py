"""Tests what the guard answers CloudFormation, rollbacks included."""

import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from emr_notebook.constructs.replacement_guard import TIMEOUT
from refusal import Refusal
from tests.assets.cluster_endpoint.emr_records import STACK_ID, refused
from tests.assets.cluster_endpoint.emr_world import World
from tests.assets.replacement_guard.guard_events import NAME, guard_event, properties

LAMBDA = Path(__file__).parents[3] / "assets" / "lambda"
ANSWER = {"PhysicalResourceId": "replacement-guard"}
BEFORE, ELSEWHERE = properties(), properties(SubnetId="subnet-2")
REFUSED = {
    "notebook-replaced": ELSEWHERE,
    "notebook-name-taken": properties(SubnetId="subnet-2", replace=("alice",)),
}
# Properties that no app writes, or one that is yet to come.
UNFIT: list[Any] = [
    {},
    "",
    [],
    {"Shared": {}},
    {"Notebooks": {}},
    {**BEFORE, "Shared": None},
    {**BEFORE, "Shared": "x"},
    {**BEFORE, "Notebooks": ["alice"]},
    {**BEFORE, "Notebooks": {"alice": "lab-alice"}},
    {**BEFORE, "Notebooks": {"alice": {NAME: None}}},
    {**BEFORE, "Notebooks": {"alice": {NAME: {"Ref": "x"}}}},
    {**BEFORE, "Shared": {"SecurityGroupIds": [["sg-1"]]}},
    {**BEFORE, "Shared": {"SecurityGroupIds": ["sg-1", 2]}},
]
UNFIT_NOW: list[Any] = [*UNFIT, {**BEFORE, "Replace": "alice"}, {**BEFORE, "Replace": [{}]}]
ROLLING_BACK = ["UPDATE_ROLLBACK_IN_PROGRESS", "ROLLBACK_IN_PROGRESS"]


def rolling_back(status: str = ROLLING_BACK[0]) -> World:
    return World(stack={"StackStatus": status})


@pytest.mark.parametrize("asked", [BEFORE, *UNFIT_NOW])
@pytest.mark.parametrize("verb", ["Create", "Delete"])
def test_a_create_and_a_delete_pass_whatever_is_asked(verb: str, asked: Any) -> None:
    world = World()

    assert world.answer(guard_event(verb, asked)) == ANSWER
    assert world.requests == []


def test_a_delete_answers_the_id_it_was_given() -> None:
    asked = {**guard_event("Delete", BEFORE), "PhysicalResourceId": "of-a-failed-create"}

    assert World().answer(asked) == {"PhysicalResourceId": "of-a-failed-create"}


def test_an_update_that_replaces_nothing_passes_and_asks_nobody() -> None:
    world = World(failures={"DescribeStacks": refused("AccessDenied")})

    asked = guard_event("Update", properties("alice", "bob"), BEFORE)

    assert world.answer(asked) == ANSWER
    assert world.requests == []


@pytest.mark.parametrize("code", REFUSED)
def test_an_update_that_replaces_a_notebook_is_refused(code: str) -> None:
    world = World(stack={"StackStatus": "UPDATE_IN_PROGRESS"})

    with pytest.raises(Refusal, match=rf"^\[{code}\] ") as refusal:
        world.answer(guard_event("Update", REFUSED[code], BEFORE))

    assert refusal.value.code == code
    assert world.requests == [("DescribeStacks", {"StackName": STACK_ID})]


class TestRollback:
    @pytest.mark.parametrize("status", ROLLING_BACK)
    @pytest.mark.parametrize("code", REFUSED)
    def test_it_passes_what_would_be_refused_and_the_log_says_so(
        self, code: str, status: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.INFO):
            answer = rolling_back(status).answer(guard_event("Update", REFUSED[code], BEFORE))

        assert answer == ANSWER
        [said] = caplog.messages
        assert said.startswith(f"The stack rolls back, which is not refused: [{code}] ")

    def test_after_a_refusal_the_update_back_passes(self) -> None:
        world = World(stack={"StackStatus": "UPDATE_IN_PROGRESS"})
        with pytest.raises(Refusal):
            world.answer(guard_event("Update", ELSEWHERE, BEFORE))

        world.stack["StackStatus"] = "UPDATE_ROLLBACK_IN_PROGRESS"

        assert world.answer(guard_event("Update", BEFORE, ELSEWHERE)) == ANSWER

    @pytest.mark.parametrize("failure", [refused("Throttling"), refused("", status=503)])
    def test_it_asks_for_the_stack_again_when_that_fails_in_passing(
        self, failure: Exception
    ) -> None:
        world = rolling_back()
        world.failures["DescribeStacks"] = [failure] * 6

        assert world.answer(guard_event("Update", ELSEWHERE, BEFORE)) == ANSWER

    def test_a_stack_that_may_not_be_described_counts_as_updating(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        world = World(failures={"DescribeStacks": refused("AccessDenied", status=403)})

        with pytest.raises(Refusal, match="notebook-replaced"):
            world.answer(guard_event("Update", ELSEWHERE, BEFORE))

        assert "cloudformation:DescribeStacks" in caplog.text

    def test_a_stack_that_never_answers_is_given_up_in_time_to_say_so(self) -> None:
        world = World(failures={"DescribeStacks": refused("Throttling")}, seconds_a_call=25)

        with pytest.raises(Refusal, match="notebook-replaced"):
            world.answer(guard_event("Update", ELSEWHERE, BEFORE))

        assert 45 <= world.spent <= TIMEOUT.to_seconds() - 30


class TestUnfitProperties:
    @pytest.mark.parametrize("asked", UNFIT_NOW, ids=lambda asked: str(asked)[-50:])
    def test_asked_for_in_an_update_they_are_refused(self, asked: Any) -> None:
        with pytest.raises(Refusal, match=r"\[request-unfit\].* property ResourceProperties"):
            World().answer(guard_event("Update", asked, BEFORE))

    @pytest.mark.parametrize("before", UNFIT, ids=lambda before: str(before)[-50:])
    def test_held_from_before_they_pass_and_the_log_says_that_nothing_was_compared(
        self, before: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        # They are there until an update passes: refused, they would stop each one to come.
        assert World().answer(guard_event("Update", BEFORE, before)) == ANSWER

        [said] = [each for each in caplog.messages if "compared" in each]
        assert said.startswith("Nothing is compared, and nothing refused: [request-unfit] ")
        assert "property OldResourceProperties" in said

    def test_an_update_that_brings_none_from_before_passes(self) -> None:
        world = World()

        assert world.answer(guard_event("Update", BEFORE)) == ANSWER
        assert world.requests == []

    @pytest.mark.parametrize("before", UNFIT, ids=lambda before: str(before)[-50:])
    def test_held_from_before_they_excuse_no_unfit_ones_now(self, before: Any) -> None:
        with pytest.raises(Refusal, match=r"\[request-unfit\].* property ResourceProperties"):
            World().answer(guard_event("Update", {"Shared": {}}, before))

    def test_the_place_in_them_is_named(self) -> None:
        asked = {**BEFORE, "Notebooks": {"alice": {NAME: 7}}}

        with pytest.raises(Refusal, match=rf"ResourceProperties\.Notebooks\.alice\.{NAME} is 7\."):
            World().answer(guard_event("Update", asked, BEFORE))

    @pytest.mark.parametrize("unfit", UNFIT_NOW, ids=lambda unfit: str(unfit)[-50:])
    def test_in_a_rollback_they_pass(self, unfit: Any) -> None:
        assert rolling_back().answer(guard_event("Update", unfit, BEFORE)) == ANSWER
        assert rolling_back().answer(guard_event("Update", BEFORE, unfit)) == ANSWER
        assert rolling_back().answer(guard_event("Update", unfit)) == ANSWER


@pytest.mark.parametrize("status", ["UPDATE_IN_PROGRESS", *ROLLING_BACK])
@pytest.mark.parametrize("asked", [BEFORE, ELSEWHERE, {}])
def test_the_presigned_url_is_in_no_log_line_and_no_message(
    asked: Any, status: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    try:
        said = str(
            World(stack={"StackStatus": status}).answer(guard_event("Update", asked, BEFORE))
        )
    except Refusal as refusal:
        said = str(refusal)

    assert "Signature" not in caplog.text + said


def test_a_cold_start_does_not_load_the_guard() -> None:
    program = "import sys, cluster_endpoint.handler; print('replacement_guard' in sys.modules)"

    printed = subprocess.run(
        [sys.executable, "-c", program], cwd=LAMBDA, capture_output=True, text=True, check=True
    )

    assert printed.stdout == "False\n"
