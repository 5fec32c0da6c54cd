"""What a plan looks like, and what other programs read of it."""

import json
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from rich.console import Console
from rich.text import Text

from emr_notebook.cli.plan.as_json import plan_json
from emr_notebook.cli.plan.stage import StagePlan
from emr_notebook.cli.plan.summary import summary_line
from emr_notebook.cli.plan.table import print_plan
from tests.assets.cluster_endpoint.emr_records import cluster, status
from tests.cli.plan.deployed_in_memory import (
    LIVE,
    OTHER_SUBNET,
    STACK,
    PlanWorld,
    deployed,
    of_alice,
)
from tests.conftest import Change

OLD = {**LIVE, "LivyUrl": "http://10.0.0.9:8998"}
BECAUSE = {"because": "a test"}


def shown(plan: StagePlan, *, terminal: bool = False, width: int = 80) -> str:
    text = StringIO()
    print_plan(Console(file=text, width=width, force_terminal=terminal, highlight=False), plan)
    return text.getvalue()


def line_of(name: str, plan: StagePlan) -> str:
    """The one line that begins with a name."""
    [found] = [line for line in shown(plan).splitlines() if line.startswith(name)]
    return found.removeprefix(name).strip()


ALICE = f"{STACK}-alice"


def test_a_stage_that_stays_as_it_is_says_so_last() -> None:
    assert shown(deployed().plan()).splitlines() == [
        f"{STACK} (UPDATE_COMPLETE)",
        "Cluster    Deployed              Live                  This deploy",
        "analytics  http://10.0.0.5:8998  http://10.0.0.5:8998  unchanged",
        f"unchanged: {ALICE}",
        "",
        "Nothing changes.",
    ]


def test_a_look_up_that_finds_the_same_is_said_to_be_one() -> None:
    line = line_of("analytics", deployed().plan(refresh="1"))

    assert line.endswith("http://10.0.0.5:8998  looked up again, unchanged")


def test_a_new_stage_is_said_to_be_found_and_created() -> None:
    plan = PlanWorld().plan()

    assert line_of(STACK + " ", plan) == "(not deployed)"
    assert line_of("analytics", plan) == (
        "none      http://10.0.0.5:8998  will be found: j-2AXXXXXXGAPLF, emr-7.9.0, 3.5.5, 0.8.0"
    )
    assert line_of(ALICE, plan) == "created"


def test_an_address_that_is_not_taken_says_how_it_would_be() -> None:
    line = line_of("analytics", deployed(found=OLD).plan())

    assert line.endswith("stays as deployed: the live one is taken with -c refresh=$(date +%s)")


def test_a_restart_says_what_it_is_for_and_what_it_brings() -> None:
    plan = deployed(found=OLD).plan(of_alice(instance_type="ml.m5.xlarge"), refresh="1")

    assert line_of(ALICE, plan) == (
        "InService  RESTARTS: InstanceType ml.t3.medium → ml.m5.xlarge; the restart brings: "
        "address http://10.0.0.9:8998 → http://10.0.0.5:8998"
    )


def test_those_that_restart_are_counted_apart_from_those_that_stay_stopped() -> None:
    def three(data: dict[str, Any]) -> None:
        data["notebooks"] |= {key: {"cluster": "analytics"} for key in ("bob", "carol")}

    def larger(data: dict[str, Any]) -> None:
        three(data)
        for key in ("alice", "bob"):
            data["notebooks"][key]["instance_type"] = "ml.m5.xlarge"

    world = deployed(three)
    world.put(f"{STACK}-bob", "Stopped")

    plan = world.plan(larger)

    assert line_of("notebooks:", plan) == "1 RESTARTED, 1 unchanged, 1 changed while stopped"
    assert summary_line(plan) == (
        f"1 RESTARTED while somebody may use it ({ALICE}); "
        f"1 changed while stopped ({STACK}-bob); 1 unchanged."
    )


def test_a_replacement_says_where_the_files_are_and_that_it_is_not_allowed() -> None:
    plan = deployed().plan(of_alice(subnet_id=OTHER_SUBNET))

    assert line_of(ALICE, plan) == (
        "InService  REPLACED by an empty one (SubnetId subnet-0a1b2c3d4e5f60718 → "
        f"{OTHER_SUBNET}); its files are not carried over: they stay on {ALICE}, which is kept; "
        "NOT ALLOWED: the deploy fails, see below"
    )
    assert line_of("The deploy fails:", plan).startswith("[notebook-replaced] CloudFormation")


def test_deleted_files_are_told_in_capitals() -> None:
    def gone(data: dict[str, Any]) -> None:
        data["opt_outs"] = {"delete_volumes": BECAUSE}

    def before(data: dict[str, Any]) -> None:
        gone(data)
        data["notebooks"]["bob"] = {"cluster": "analytics"}

    plan = deployed(before).plan(gone)

    assert line_of(f"{STACK}-bob", plan) == (
        "InService  removed from the settings: DELETED with its files"
    )


def test_no_longer_keeping_is_said_in_words() -> None:
    def gone(data: dict[str, Any]) -> None:
        data["opt_outs"] = {"delete_volumes": BECAUSE}

    assert "changed in place, without a stop: deleted with its entry" in line_of(
        ALICE, deployed().plan(gone)
    )


def test_others_are_a_number_and_cdk_diff() -> None:
    def egress(data: dict[str, Any]) -> None:
        data["network"]["vpc_cidr"] = "10.1.0.0/16"

    assert "and 1 other resource changes: see cdk diff" in shown(deployed().plan(egress))


def test_costs_show_both_totals_the_difference_and_what_has_no_price() -> None:
    plan = deployed().plan(
        of_alice(volume_size_in_gb=50),
        prices={"volume-gb-month": Decimal("0.1")},
    )

    assert line_of("total", plan).split() == ["0.50", "5.00", "(+4.50)"]
    assert "no price was given for ml.t3.medium (1 notebook)" in shown(plan)


def test_a_failed_notebook_is_to_be_started_before_it_is_changed() -> None:
    made = deployed()
    made.put(ALICE, "Failed")

    changed = line_of(ALICE, made.plan(of_alice(instance_type="ml.m5.xlarge")))
    assert "Failed  changed and started: InstanceType ml.t3.medium → ml.m5.xlarge; " in changed
    assert changed.endswith("unless this change is what mends it, start it first")
    # Nothing of this is changed in the notebook itself, whose next start brings it.
    assert "start it first" not in shown(made.plan(of_alice(tags={"team": "risk"})))


def test_what_was_not_checked_is_named_with_its_permission() -> None:
    made = deployed()
    made.denied = {"elasticmapreduce:DescribeCluster", "sagemaker:ListNotebookInstances"}
    plan = made.plan(of_alice(instance_type="ml.m5.xlarge"))

    assert "not checked: elasticmapreduce:DescribeCluster is missing" in line_of("analytics", plan)
    assert "not known  stopped for a change, and started again if it runs" in line_of(ALICE, plan)
    assert "Not known: these credentials may not sagemaker:ListNotebookInstances." in shown(plan)


def test_an_unusable_cluster_that_is_not_looked_up_is_told_apart() -> None:
    made = deployed()
    made.emr.clusters = [cluster(Status=status("TERMINATED"))]

    assert "cannot be used; this deploy does not look it up: [cluster-ended]" in line_of(
        "analytics", made.plan()
    )
    assert line_of("analytics", made.plan(refresh="1")).endswith(
        "Next: start a cluster and put its id into the settings."
    )


def test_a_pipe_gets_every_row_on_a_line_and_no_colour() -> None:
    text = shown(deployed().plan(of_alice(subnet_id=OTHER_SUBNET)), width=40)

    assert "\x1b" not in text
    assert all(line == line.rstrip() for line in text.splitlines())


def test_a_terminal_gets_what_fits_and_loses_nothing() -> None:
    text = shown(deployed().plan(of_alice(subnet_id=OTHER_SUBNET)), terminal=True, width=100)

    assert "\x1b[31m" in text
    assert OTHER_SUBNET in text


def rename(**more: Any) -> Change:
    """Alice's entry has the key alicia now, and these settings."""

    def change(data: dict[str, Any]) -> None:
        data["notebooks"]["alicia"] = {**data["notebooks"].pop("alice"), **more}

    return change


class TestARename:
    """Of the settings; SageMaker knows none."""

    ALICIA = f"{STACK}-alicia"

    def test_is_named_with_what_becomes_of_the_files(self) -> None:
        plan = deployed().plan(rename())

        assert line_of(self.ALICIA, plan).startswith(
            f"created, EMPTY: {ALICE} RENAMED, and SageMaker renames nothing; its files are not"
        )
        assert "removed from the settings: kept with its files" in line_of(f"{ALICE} ", plan)
        assert f"{ALICE} RENAMED to {self.ALICIA}, which is empty" in summary_line(plan)
        found = {each["name"]: each["renamed_from"] for each in plan_json(plan)["notebooks"]}
        assert found == {self.ALICIA: ALICE, ALICE: None}

    @pytest.mark.parametrize(
        "other", [{"instance_type": "ml.m5.xlarge"}, {"owner": "bob"}, {"subnet_id": OTHER_SUBNET}]
    )
    def test_with_any_other_change_is_a_notebook_less_and_one_more(
        self, other: dict[str, str]
    ) -> None:
        assert line_of(self.ALICIA, deployed().plan(rename(**other))) == "created"

    def test_is_not_guessed_where_two_were_added(self) -> None:
        def change(data: dict[str, Any]) -> None:
            data["notebooks"]["bob"] = data["notebooks"]["alice"]
            rename()(data)

        assert line_of(self.ALICIA, deployed().plan(change)) == "created"


@pytest.mark.parametrize("width", [30, 80])
def test_a_narrow_terminal_breaks_no_name_and_no_address(width: int) -> None:
    plan = deployed(found=OLD).plan(of_alice(subnet_id=OTHER_SUBNET))
    words = Text.from_ansi(shown(plan, terminal=True, width=width)).plain.split()

    for whole in (ALICE, OTHER_SUBNET, OLD["LivyUrl"], LIVE["LivyUrl"]):
        assert any(whole in word for word in words), whole


def test_other_programs_read_the_whole_plan() -> None:
    plan = deployed(found=OLD).plan(of_alice(instance_type="ml.m5.xlarge"), refresh="1")
    found = json.loads(json.dumps(plan_json(plan)))

    assert (found["status"], found["refresh"], found["costs"]) == (2, "1", None)
    [endpoint], [notebook] = found["clusters"], found["notebooks"]
    assert endpoint["after"] == LIVE
    assert (endpoint["verdict"], endpoint["looked_up"], endpoint["why"]) == ("changes", True, None)
    assert notebook["changes"] == {
        "InstanceType": {"before": "ml.t3.medium", "after": "ml.m5.xlarge"}
    }
    assert (notebook["change_type"], notebook["restarts"]) == ("changed while stopped", True)
    assert notebook["old_is_kept"] is None


WEEKDAYS = "mon-fri Europe/Berlin"
TONIGHT = "2026-07-03 19:30 Europe/Berlin"


def nights(stop: str = "19:30", **more: str) -> dict[str, Any]:
    return {"stop": stop, "days": "mon-fri", "timezone": "Europe/Berlin", **more}


def rows_of_schedules(plan: StagePlan) -> list[str]:
    """The lines of the schedules' table, without what fills its columns."""
    lines = [" ".join(line.split()) for line in shown(plan, width=200).splitlines()]
    start = lines.index("Schedule of Times Acts next This deploy") + 1
    return lines[start : start + lines[start:].index("")]


def test_notebooks_with_the_same_times_share_a_row_that_says_when_it_acts_next() -> None:
    def after(data: dict[str, Any]) -> None:
        data["defaults"] = {"schedule": nights(start="08:00")}
        data["notebooks"] |= {
            "bob": {"cluster": "analytics"},
            "carol": {"cluster": "analytics", "schedule": nights("14:00")},
        }

    assert rows_of_schedules(deployed().plan(after))[:2] == [
        f"alice, bob start 08:00 {WEEKDAYS}, stop 19:30 {WEEKDAYS} stop {TONIGHT} new",
        # By noon of UTC, 14:00 in Berlin is over.
        f"carol stop 14:00 {WEEKDAYS} stop 2026-07-06 14:00 Europe/Berlin new",
    ]


def test_other_times_are_told_with_those_that_were_and_change_no_notebook() -> None:
    world = deployed(of_alice(schedule=nights()))

    plan = world.plan(of_alice(schedule=nights("20:00")))

    assert rows_of_schedules(plan)[0] == (
        "alice stop 20:00 mon-fri Europe/Berlin stop 2026-07-03 20:00 Europe/Berlin "
        "was stop 19:30 mon-fri Europe/Berlin"
    )
    assert f"unchanged: {ALICE}" in shown(plan)
    assert plan.exit_status == 2
    assert "1 started or stopped at other times (alice)" in summary_line(plan)


def test_times_that_are_taken_away_are_told_and_those_that_stay_change_nothing() -> None:
    world = deployed(of_alice(schedule=nights()))

    assert rows_of_schedules(world.plan(of_alice(schedule="none")))[0] == (
        "alice none removed; was stop 19:30 mon-fri Europe/Berlin"
    )
    assert world.plan(of_alice(schedule=nights())).exit_status == 0


def test_other_programs_read_the_times_and_when_they_are_next() -> None:
    plan = deployed().plan(of_alice(schedule=nights()))

    assert json.loads(json.dumps(plan_json(plan)))["schedules"] == [
        {
            "key": "alice",
            "stack": STACK,
            "before": None,
            "after": "stop 19:30 mon-fri Europe/Berlin",
            "next": f"stop {TONIGHT}",
        }
    ]
