"""Forty people, one file, edited week after week: what becomes of each notebook and its files."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.end_to_end.resolver_world import Deploy, ResolverWorld, resolver_world, running
from tests.end_to_end.stack_state import StackState

pytestmark = [pytest.mark.sandbox, pytest.mark.minutes(1.5)]

STAGE = "team"
FORTY = [f"user{number:02d}" for number in range(40)]
TEN = [f"user{number:02d}" for number in range(40, 50)]
REMOVED, RESIZED, MOVED = "user07", "user03", "user05"
OTHER_SUBNET = "subnet-0b000000000000002"
CLUSTERS = {
    "analytics": {"id": "j-ANALYTICS1"},
    "reporting": {"name": "nightly-spark", "follow": False},
}


@dataclass
class Week:
    """One edit of the file: the deploy, and what SageMaker and the disk held afterwards."""

    deploy: Deploy
    stack: StackState
    notebooks: dict[str, dict[str, Any]]
    files: dict[str, str]
    emr_calls: int


@dataclass
class Team:
    """The stage's file and its history."""

    world: ResolverWorld
    notebooks: dict[str, Any] = field(default_factory=dict)

    def deploy(self) -> Week:
        """Write the file and deploy it."""
        self.world.write_stage(STAGE, CLUSTERS, self.notebooks, opt_outs={})
        before = len(self.world.calls_by(STAGE))
        deploy = self.world.deploy(STAGE)
        found = self.described()
        return Week(
            deploy,
            self.world.stack(STAGE),
            found,
            {name: self.work_of(name) for name in found},
            len(self.world.calls_by(STAGE)) - before,
        )

    def described(self) -> dict[str, dict[str, Any]]:
        """Every notebook instance in the account, by its name."""
        client = self.world.aws.client("sagemaker")
        pages = client.get_paginator("list_notebook_instances").paginate()
        names = [x["NotebookInstanceName"] for page in pages for x in page["NotebookInstances"]]
        found = {x: client.describe_notebook_instance(NotebookInstanceName=x) for x in names}
        for each in found.values():
            del each["ResponseMetadata"]
        return found

    def write_work(self) -> None:
        """Everybody saves a file that says whose it is."""
        for name in self.described():
            (self.world.volume(name) / "work.txt").write_text(name)

    def work_of(self, name: str) -> str:
        path = self.world.volume(name) / "work.txt"
        return path.read_text() if path.exists() else ""


@pytest.fixture(scope="module")
def weeks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Week]]:
    """The file's history, deployed step by step with the CDK command line."""
    with resolver_world(tmp_path_factory.mktemp("forty")) as world:
        world.put(
            running("j-ANALYTICS1", "10.0.1.10"),
            running("j-REPORTING1", "10.0.1.20", name="nightly-spark"),
        )
        team = Team(world, {key: person(key) for key in FORTY})
        found = {"forty": team.deploy()}
        team.write_work()
        team.notebooks |= {key: person(key) for key in TEN}
        del team.notebooks[REMOVED]
        team.notebooks[RESIZED]["volume_size_in_gb"] = 50
        found["edited"] = team.deploy()
        edited = copy.deepcopy(team.notebooks)
        team.notebooks[MOVED]["subnet_id"] = OTHER_SUBNET
        found["moved"] = team.deploy()
        team.notebooks[MOVED]["replace"] = True
        found["replaced"] = team.deploy()
        team.notebooks = edited
        found["taken back"] = team.deploy()
        team.notebooks[MOVED] |= {"subnet_id": OTHER_SUBNET, "name": new_of(found["replaced"])}
        found["named"] = team.deploy()
        destroyed = world.destroy(STAGE)
        assert not destroyed.failed, destroyed.printed
        left = team.described()
        files = {name: team.work_of(name) for name in left}
        found["destroyed"] = Week(destroyed, found["named"].stack, left, files, 0)
        yield found


def person(key: str) -> dict[str, Any]:
    cluster = "analytics" if int(key[-2:]) % 2 else "reporting"
    return {"cluster": cluster, "owner": f"{key}@example.com"}


def name_of(key: str) -> str:
    return f"{STAGE}-{key}"


def new_of(week: Week) -> str:
    """The name of the notebook that took MOVED's place."""
    (name,) = (x for x in week.notebooks if x.startswith(f"{name_of(MOVED)}-"))
    return name


def test_forty_are_in_service_and_told_the_address_of_their_own_cluster(
    weeks: dict[str, Week],
) -> None:
    week = weeks["forty"]

    assert week.stack.status == "CREATE_COMPLETE"
    assert set(week.notebooks) == {name_of(key) for key in FORTY}
    assert {x["NotebookInstanceStatus"] for x in week.notebooks.values()} == {"InService"}
    configurations = {x["NotebookInstanceLifecycleConfigName"] for x in week.notebooks.values()}
    assert len(configurations) == len(CLUSTERS)


def test_emr_is_asked_for_clusters_and_not_for_notebooks(weeks: dict[str, Week]) -> None:
    # Three calls for an id, and one more for a name: with the groups of the primary.
    assert weeks["forty"].emr_calls == 7
    assert weeks["edited"].emr_calls == 0


def test_ten_more_are_made_and_the_others_are_not_touched(weeks: dict[str, Week]) -> None:
    before, after = weeks["forty"].notebooks, weeks["edited"].notebooks

    assert set(after) - set(before) == {name_of(key) for key in TEN}
    for name in set(before) - {name_of(RESIZED)}:
        assert after[name] == before[name]


def test_a_removed_notebook_runs_on_with_its_files(weeks: dict[str, Week]) -> None:
    removed = weeks["edited"].notebooks[name_of(REMOVED)]

    assert removed["NotebookInstanceStatus"] == "InService"
    assert weeks["edited"].files[name_of(REMOVED)] == name_of(REMOVED)


def test_a_resized_notebook_is_the_same_one_with_its_files(weeks: dict[str, Week]) -> None:
    before, after = (weeks[x].notebooks[name_of(RESIZED)] for x in ("forty", "edited"))

    assert (before["VolumeSizeInGB"], after["VolumeSizeInGB"]) == (5, 50)
    assert after["CreationTime"] == before["CreationTime"]
    assert weeks["edited"].files[name_of(RESIZED)] == name_of(RESIZED)


def test_a_move_to_another_subnet_is_refused_in_words_and_changes_nothing(
    weeks: dict[str, Week],
) -> None:
    week = weeks["moved"]
    printed = " ".join(week.deploy.printed.split())

    assert week.deploy.failed
    assert "[notebook-replaced]" in printed
    for part in (MOVED, "SubnetId", OTHER_SUBNET, "replace: true"):
        assert part in printed
    assert week.stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert week.notebooks == weeks["edited"].notebooks


def test_with_replace_a_new_empty_one_is_made_and_the_old_one_keeps_its_files(
    weeks: dict[str, Week],
) -> None:
    week = weeks["replaced"]
    old, new = name_of(MOVED), new_of(week)

    assert not week.deploy.failed, week.deploy.printed
    assert week.notebooks[new]["SubnetId"] == OTHER_SUBNET
    assert week.notebooks[old] == weeks["edited"].notebooks[old]
    assert (week.files[old], week.files[new]) == (old, "")


def test_taking_it_back_would_replace_it_again_and_is_refused(weeks: dict[str, Week]) -> None:
    assert weeks["taken back"].deploy.failed
    assert "[notebook-replaced]" in weeks["taken back"].deploy.printed
    assert weeks["taken back"].notebooks == weeks["replaced"].notebooks


def test_the_new_name_written_down_takes_the_place_of_replace(weeks: dict[str, Week]) -> None:
    assert not weeks["named"].deploy.failed, weeks["named"].deploy.printed
    assert weeks["named"].notebooks == weeks["replaced"].notebooks


def test_after_all_of_it_and_a_destroy_every_file_is_where_its_owner_left_it(
    weeks: dict[str, Week],
) -> None:
    week = weeks["destroyed"]

    assert {key: week.files[name_of(key)] for key in FORTY} == {x: name_of(x) for x in FORTY}
    assert {x["NotebookInstanceStatus"] for x in week.notebooks.values()} == {"InService"}
