"""What a plan says of notebooks whose cluster is followed: they use its name, not its address."""

from typing import Any

import pytest

from emr_notebook.cli.command import OK
from tests.assets.cluster_endpoint.emr_records import status
from tests.cli.plan.deployed_in_memory import LIVE, STACK, PlanWorld, deployed
from tests.cli.plan.test_table import line_of, shown
from tests.conftest import Change

ALICE = f"{STACK}-alice"
ADDRESS = LIVE["LivyUrl"]
NAMED = f"http://analytics.{STACK}.internal:8998"
# What a deploy leaves of a cluster that it did not find, and waits for.
AWAITED = {
    "LivyUrl": "http://0.0.0.0:8998",
    "ClusterId": "j-UNKNOWN",
    "ReleaseLabel": "emr-0",
    "SparkVersion": "unknown",
    "LivyVersion": "unknown",
}


def by_name(spark: dict[str, Any] | None = None, **settings: Any) -> Change:
    """A stage whose cluster is chosen by its name, and so followed unless it says otherwise."""

    def change(data: dict[str, Any]) -> None:
        data["clusters"]["analytics"] = {"name": "nightly-spark"} | settings
        data["notebooks"]["alice"] |= {"spark": spark} if spark else {}

    return change


def changes_of_the_script(made: PlanWorld, change: Change, refresh: str = "") -> dict[str, Any]:
    """What the next start brings to alice, before and after."""
    [alice] = made.plan(change, refresh=refresh).notebooks
    return {each.name: (each.before, each.after) for each in alice.at_next_start}


TLS: dict[str, Any] = {"scheme": "https", "tls": {"verify": "none", "because": "a test"}}


@pytest.mark.parametrize("settings", [{}, {"follow": False}], ids=["followed", "not followed"])
def test_a_stage_that_nobody_edited_says_that_nothing_changes(settings: dict[str, Any]) -> None:
    change = by_name(**settings)

    plan = deployed(change).plan(change)

    assert plan.exit_status == OK
    assert shown(plan).splitlines()[-1] == "Nothing changes."


def test_one_that_tls_keeps_from_using_the_name_does_not_change_either() -> None:
    change = by_name(**TLS)
    found = {**LIVE, "LivyUrl": "https://ip-10-0-0-5.eu-west-1.compute.internal:8998"}

    assert changes_of_the_script(deployed(change, found=found), change) == {}


def test_one_that_waits_for_its_cluster_does_not_change_either() -> None:
    change = by_name(when_absent="deploy")
    made = deployed(change, found=AWAITED)
    made.emr.clusters.clear()

    assert changes_of_the_script(made, change) == {}
    assert changes_of_the_script(made, change, refresh="1") == {}


def test_waiting_for_another_cluster_takes_what_is_known_of_the_one_before() -> None:
    made = deployed(by_name())
    made.emr.clusters[0]["Status"] = status("TERMINATED")

    brought = changes_of_the_script(made, by_name(name="yet-to-come", when_absent="deploy"))

    assert "address" not in brought
    assert brought["cluster"] == (LIVE["ClusterId"], "j-UNKNOWN")


def test_other_spark_settings_change_no_address() -> None:
    plan = deployed(by_name()).plan(by_name({"executorMemory": "4g"}))
    line = line_of(ALICE, plan)

    assert "RESTARTS" in line
    assert "address" not in line


def test_following_replaces_the_address_by_the_name_and_leaving_off_takes_it_back() -> None:
    followed, left = by_name(), by_name(follow=False)

    begun = changes_of_the_script(deployed(left), followed)
    ended = changes_of_the_script(deployed(followed), left)

    assert begun["address"] == (ADDRESS, NAMED)
    assert ended["address"] == (NAMED, ADDRESS)


def test_the_name_stays_when_the_cluster_has_moved() -> None:
    moved = deployed(by_name(), found={**LIVE, "ClusterId": "j-BEFORE"})

    brought = changes_of_the_script(moved, by_name(), refresh="1")

    assert brought == {"cluster": ("j-BEFORE", LIVE["ClusterId"])}


def test_an_address_that_the_stack_does_not_tell_is_said_to_be_unknown() -> None:
    made = deployed(by_name())
    made.stacks[STACK]["outputs"].clear()

    assert changes_of_the_script(made, by_name()) == {}
    assert changes_of_the_script(made, by_name(), refresh="1")["address"] == ("not known", NAMED)
