"""What an approver reads of a plan."""

from typing import Any

from emr_notebook.cli.plan_line import in_one_line
from tests.cli_plan_world import LIVE, STACK, deployed
from tests.conftest import Change
from tests.emr_records import cluster, status

ALICE = f"{STACK}-alice"
OTHER_SUBNET = "subnet-00000000000000002"


def of_alice(**settings: Any) -> Change:
    return lambda data: data["notebooks"]["alice"].update(settings)


def test_it_names_what_restarts() -> None:
    said = in_one_line(deployed().plan(of_alice(instance_type="ml.m5.xlarge")))

    assert said == (
        f"{STACK}: 1 changed while stopped ({ALICE}), 1 of them restarted while somebody may use "
        "them."
    )


def test_what_changes_nothing_is_said_so() -> None:
    assert in_one_line(deployed().plan()) == f"{STACK}: 1 unchanged."


def test_a_refusal_comes_first() -> None:
    said = in_one_line(deployed().plan(of_alice(subnet_id=OTHER_SUBNET)))

    assert said.startswith("THE DEPLOY FAILS: [notebook-replaced]")
    assert f"1 replaced ({ALICE})" in said


def test_a_cluster_that_moved_is_told() -> None:
    moved = deployed(found={**LIVE, "LivyUrl": "http://10.0.0.9:8998"})

    said = in_one_line(moved.plan())

    assert "cluster analytics stays as deployed: the live one is taken with -c refresh" in said
    assert said.isascii()


def test_what_is_not_known_is_said() -> None:
    made = deployed()
    made.emr.clusters = [cluster(Status=status("STARTING"))]

    assert "NOT KNOWN: cluster analytics is not ready" in in_one_line(made.plan(refresh="1"))


def test_of_many_notebooks_it_names_a_few_and_is_short() -> None:
    def forty(data: dict[str, Any]) -> None:
        one = data["notebooks"]["alice"]
        data["notebooks"] = {f"person-{number}": dict(one) for number in range(40)}

    said = in_one_line(deployed().plan(forty))

    assert "40 created (emr-notebooks-test-person-0, " in said
    assert " and 36 more)" in said
    assert "1 removed (emr-notebooks-test-alice)" in said
    assert len(said) <= 600
    assert "\n" not in said
