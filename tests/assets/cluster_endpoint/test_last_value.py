"""Tests cluster_endpoint/last_value.py: the value of the last completed deploy is read."""

import json
import logging
from typing import Any

import botocore.session
import pytest

from cluster_endpoint import last_value, output_formats
from cluster_endpoint.aws import Aws
from tests.assets.cluster_endpoint.emr_records import BEFORE, FORMER, STACK_ID, refused
from tests.assets.cluster_endpoint.emr_world import World

STATUSES = (
    botocore.session.get_session()
    .get_service_model("cloudformation")
    .shape_for("StackStatus")
    .metadata["enum"]
)
UNDOING = {
    "ROLLBACK_IN_PROGRESS",
    "UPDATE_ROLLBACK_IN_PROGRESS",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
    "IMPORT_ROLLBACK_IN_PROGRESS",
}


def stack_of(world: World) -> last_value.Stack:
    return last_value.Stack(Aws(world.gateway(), world.time, 20), STACK_ID)


def held(output_value: Any) -> dict[str, str] | None:
    world = World()
    world.stack["Outputs"] = [{"OutputKey": "LastValue", "OutputValue": output_value}]
    return stack_of(world).last_value("LastValue")


@pytest.mark.parametrize("status", STATUSES)
def test_a_stack_rolls_back_in_the_statuses_that_say_so(status: str) -> None:
    world = World(stack={"StackStatus": status})

    assert stack_of(world).is_rolling_back is (status in UNDOING)


def test_the_statuses_of_a_rollback_are_all_known() -> None:
    # A new one of AWS's must be looked at: this list decides whether a rollback can fail.
    undone = {each for each in STATUSES if "ROLLBACK" in each and each.endswith("IN_PROGRESS")}

    assert undone == UNDOING


def test_the_named_output_holds_the_last_value() -> None:
    world = World()
    world.deployed(BEFORE)

    assert stack_of(world).last_value("LastValue") == BEFORE


def test_what_is_written_into_the_output_is_read_back() -> None:
    assert held(last_value.as_output(BEFORE)) == BEFORE


@pytest.mark.parametrize(
    "former",
    [FORMER, {"Candidates": FORMER["Candidates"]}, {**FORMER, "PrimaryDns": "ip$(id)"}],
)
def test_the_output_of_an_earlier_version_is_read_without_what_nothing_uses(
    former: dict[str, str],
) -> None:
    assert held(last_value.as_output({**BEFORE, **former})) == BEFORE


def test_what_is_written_is_as_short_as_json_can_be() -> None:
    # An answer to CloudFormation has room for 4,096 bytes, and holds it beside the attributes.
    assert " " not in last_value.as_output(BEFORE)


def test_the_order_in_which_values_were_found_changes_no_output() -> None:
    reverse = dict(reversed(BEFORE.items()))

    assert last_value.as_output(reverse) == last_value.as_output(BEFORE)


def test_another_output_is_not_read() -> None:
    world = World()
    world.deployed(BEFORE, output="Other")

    assert stack_of(world).last_value("LastValue") is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "[]",
        json.dumps([BEFORE]),
        json.dumps({**BEFORE, "LivyUrl": "http://10.0.0.9:8998; reboot"}),
        json.dumps({**BEFORE, "LivyVersion": 10}),
        json.dumps({**BEFORE, "More": "1"}),
        json.dumps({**FORMER, "LivyUrl": BEFORE["LivyUrl"]}),
        json.dumps({name: value for name, value in BEFORE.items() if name != "LivyVersion"}),
        "[" * 200_000,
    ],
)
def test_an_output_that_is_not_of_the_format_holds_none(text: str) -> None:
    assert held(text) is None


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"Stacks": []},
        {"Stacks": None},
        {"Stacks": "x"},
        {"Stacks": [None]},
        {"Stacks": [{"Outputs": None}]},
        {"Stacks": [{"Outputs": ["LastValue", None, {"OutputKey": "LastValue"}]}]},
        {"Stacks": [{"StackStatus": None}]},
    ],
)
def test_an_answer_without_a_stack_holds_none(answer: Any) -> None:
    stack = stack_of(World(lies={"DescribeStacks": answer}))

    assert stack.last_value("LastValue") is None
    assert stack.is_rolling_back is False


def test_a_stack_that_may_not_be_described_is_not_known_and_the_log_says_why(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = World(failures={"DescribeStacks": refused("AccessDenied", status=403)})

    with caplog.at_level(logging.WARNING):
        stack = stack_of(world)

    assert stack.is_rolling_back is False
    assert stack.last_value("LastValue") is None
    [said] = caplog.messages
    assert said.startswith("The stack's last value is not known: [access-denied] The resolver's")
    assert f"not allowed cloudformation:DescribeStacks on {STACK_ID}" in said


def test_the_stack_is_asked_for_by_the_id_that_the_event_names() -> None:
    world = World()

    stack_of(world)

    assert world.requests == [("DescribeStacks", {"StackName": STACK_ID})]


def test_the_placeholder_fits_every_format_and_names_no_host() -> None:
    assert set(last_value.PLACEHOLDER) == set(output_formats.FORMATS)
    assert output_formats.checked(last_value.PLACEHOLDER) == last_value.PLACEHOLDER
    assert "0.0.0.0" in last_value.PLACEHOLDER["LivyUrl"]  # noqa: S104
