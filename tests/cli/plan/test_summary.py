"""What an approver reads of a plan."""

from typing import Any

from emr_notebook.cli.plan.summary import summary_line
from tests.assets.cluster_endpoint.emr_records import cluster, status
from tests.cli.plan.deployed_in_memory import LIVE, OTHER_SUBNET, STACK, deployed, of_alice

ALICE = f"{STACK}-alice"


def test_it_names_what_restarts() -> None:
    said = summary_line(deployed().plan(of_alice(instance_type="ml.m5.xlarge")))

    assert said == f"1 RESTARTED while somebody may use it ({ALICE})."


def test_what_changes_nothing_is_said_so() -> None:
    assert summary_line(deployed().plan()) == "1 unchanged."


def test_a_refusal_comes_first() -> None:
    said = summary_line(deployed().plan(of_alice(subnet_id=OTHER_SUBNET)))

    assert said.startswith("THE DEPLOY FAILS: [notebook-replaced]")
    assert f"1 REPLACED ({ALICE})" in said


def test_a_cluster_that_moved_is_told() -> None:
    moved = deployed(found={**LIVE, "LivyUrl": "http://10.0.0.9:8998"})

    said = summary_line(moved.plan())

    assert "cluster analytics stays as deployed: the live one is taken with -c refresh" in said
    assert said.isascii()


def test_what_is_not_known_is_said() -> None:
    made = deployed()
    made.emr.clusters = [cluster(Status=status("STARTING"))]

    assert "NOT KNOWN: cluster analytics is not ready" in summary_line(made.plan(refresh="1"))


def test_a_replacement_in_the_last_of_many_stacks_comes_before_all_else() -> None:
    def several(data: dict[str, Any]) -> None:
        data["notebooks"] = {
            f"person-{number}": {"cluster": "analytics", "stack": f"part{number % 4}"}
            for number in range(16)
        }

    def changed(data: dict[str, Any]) -> None:
        several(data)
        for each in data["notebooks"].values():
            each["instance_type"] = "ml.m5.xlarge"
        data["notebooks"]["person-15"].update(subnet_id=OTHER_SUBNET, replace=True)

    said = summary_line(deployed(several).plan(changed))

    assert said.startswith("1 REPLACED (emr-notebooks-test-person-15")
    assert "15 RESTARTED while somebody may use it (" in said


def test_of_many_notebooks_it_names_a_few_and_is_short() -> None:
    def forty(data: dict[str, Any]) -> None:
        one = data["notebooks"]["alice"]
        data["notebooks"] = {f"person-{number}": dict(one) for number in range(40)}

    said = summary_line(deployed().plan(forty))

    assert said.startswith(f"1 REMOVED ({ALICE}); ")
    assert "40 created (emr-notebooks-test-person-0, " in said
    assert " and 36 more)" in said
    assert len(said) <= 600
    assert "\n" not in said
