"""What `emr-notebook plan` says is what the deploy after it does, and saying it changes nothing."""

import base64
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.end_to_end.checkouts import wait_until
from tests.end_to_end.resolver_world import (
    BECAUSE,
    Asked,
    Deploy,
    ResolverWorld,
    resolver_world,
    running,
)
from tests.end_to_end.stack_state import StackState
from tests.end_to_end.warm_command import Ran

pytestmark = [pytest.mark.sandbox, pytest.mark.minutes(2.2)]

OTHER_SUBNET = "subnet-0b000000000000002"
# What only reads, as the request log names it.
READING = re.compile(r"(Describe|List|Get)[A-Za-z]+|AssumeRole")
# A resized one, one whose entry goes, one of a new owner, one that is stopped and resized, one that
# may be replaced and is moved, one whose cluster moves, one that is let alone, one with other Spark
# settings, one that is resized and whose cluster moves.
PEOPLE = ("alice", "bob", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy")
CLUSTERS = {
    "analytics": {"id": "j-ANALYTICS1"},
    "reporting": {"name": "nightly-spark", "follow": False},
}
KEPT = {"aws_managed_key": BECAUSE}
AWS_CLI = Path(__file__).with_name("aws_cli.py")
OTHER = {"other": {"id": "j-OTHER00001"}}


@dataclass(frozen=True)
class Plan:
    """One run of the command."""

    status: int
    printed: str
    calls: list[str]

    @property
    def report(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.printed)
        return found

    def endpoints(self) -> dict[str, dict[str, str]]:
        """The values that the deploy is said to leave, by cluster."""
        return {each["cluster"]: each["after"] for each in self.report["clusters"]}

    def notebooks(self) -> dict[str, dict[str, Any]]:
        return {each["key"]: each for each in self.report["notebooks"]}


@dataclass(frozen=True)
class Region:
    """The stacks, and SageMaker's notebooks by name with the number of their starts."""

    stacks: Mapping[str, StackState]
    notebooks: Mapping[str, Mapping[str, Any]]
    starts: Mapping[str, int]


@dataclass
class Story:
    """Plans and deploys in their order."""

    world: ResolverWorld
    project: Path
    plans: dict[str, Plan] = field(default_factory=dict)
    deploys: dict[str, Deploy] = field(default_factory=dict)
    seen: dict[str, Region] = field(default_factory=dict)
    # What `status` says nothing needs any more, and the commands that remove it.
    leftovers: list[list[dict[str, Any]]] = field(default_factory=list)

    def plan(self, name: str, *arguments: str) -> None:
        seen = len(self.world.aws.requests())
        done = self.run("plan", *arguments)
        calls = [str(call["action"]) for call in self.world.aws.requests()[seen:]]
        self.plans[name] = Plan(done.code, done.out or done.err, calls)

    def run(self, *arguments: str) -> Ran:
        """`emr-notebook …`."""
        return self.world.command.run(*arguments, env=self._env())

    def run_program(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.project,
            env=self._env(),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def _env(self) -> dict[str, str]:
        return {**os.environ, **self.world.aws.env(), "CDK_VALIDATION": "false"}

    def look(self, name: str, *stages: str) -> None:
        client = self.world.aws.client("sagemaker")
        pages = client.get_paginator("list_notebook_instances").paginate()
        names = [x["NotebookInstanceName"] for page in pages for x in page["NotebookInstances"]]
        self.seen[name] = Region(
            {stage: self.world.stack(stage) for stage in stages},
            {x: client.describe_notebook_instance(NotebookInstanceName=x) for x in names},
            {x: len((self.world.volume(x) / "livy").read_text().split()) for x in names},
        )

    def stop(self, name: str) -> None:
        client = self.world.aws.client("sagemaker")
        client.stop_notebook_instance(NotebookInstanceName=name)
        self._wait_for(name, "Stopped")

    def start(self, name: str) -> None:
        client = self.world.aws.client("sagemaker")
        client.start_notebook_instance(NotebookInstanceName=name)
        self._wait_for(name, "InService")

    def _wait_for(self, name: str, status: str) -> None:
        client = self.world.aws.client("sagemaker")

        def reached() -> bool:
            found = client.describe_notebook_instance(NotebookInstanceName=name)
            return bool(found["NotebookInstanceStatus"] == status)

        wait_until(reached, seconds=30)

    def list_leftovers(self, stage: str) -> None:
        done = self.run("status", f"--stage={stage}", "--json")
        self.leftovers.append(json.loads(done.out)["leftovers"])


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    directory = tmp_path_factory.mktemp("plans")
    with resolver_world(directory) as world:
        told = Story(world, directory / "a check out")
        begin(told)
        change(told)
        destroy(told)
        refresh(told)
        name_anew(told)
        yield told


def begin(told: Story) -> None:
    """Plan a stage that is not deployed, deploy three, and plan one again."""
    world = told.world
    world.put(
        running("j-ANALYTICS1", "10.0.1.10"),
        running("j-REPORTING1", "10.0.1.20", name="nightly-spark"),
        running("j-OTHER00001", "10.0.1.30"),
    )
    notebooks: dict[str, Any] = {key: {"cluster": "analytics"} for key in PEOPLE}
    notebooks["grace"]["cluster"] = notebooks["judy"]["cluster"] = "reporting"
    notebooks["frank"]["replace"] = True
    world.write_stage("edited", CLUSTERS, notebooks, opt_outs=KEPT)
    other = {"other": {"id": "j-OTHER00001"}}
    world.write_stage("barred", other, {"mallory": {"cluster": "other"}})
    world.write_stage("moved", other, {"olivia": {"cluster": "other"}})
    world.write_stage("left", OTHER, {"trent": {"cluster": "other"}}, opt_outs=KEPT)
    told.plan("new", "--stage=edited", "--json")
    told.deploys["new"] = world.deploy_together(
        {stage: Asked() for stage in ("edited", "barred", "moved", "left")}
    )
    told.stop("edited-erin")
    told.plan("same", "--stage=moved", "--json")
    told.plan("same in words", "--stage=moved", "--lookup-role")
    told.look("before", "edited", "barred", "moved")


def change(told: Story) -> None:
    """Move two clusters, edit two stages, plan all three and deploy them."""
    world = told.world
    world.put(running("j-REPORTING1", state="TERMINATED", name="nightly-spark"))
    world.put(running("j-REPORTING2", "10.0.1.21", name="nightly-spark"))
    world.put(running("j-OTHER00001", "10.0.1.31"))
    notebooks: dict[str, Any] = {key: {"cluster": "analytics"} for key in PEOPLE if key != "bob"}
    notebooks["alice"]["instance_type"] = "ml.m5.xlarge"
    notebooks["carol"] = {"cluster": "analytics"}
    notebooks["dave"]["owner"] = "dave@example.com"
    notebooks["erin"]["instance_type"] = "ml.m5.xlarge"
    notebooks["frank"] |= {"replace": True, "subnet_id": OTHER_SUBNET}
    notebooks["grace"]["cluster"] = "reporting"
    notebooks["judy"] = {"cluster": "reporting", "instance_type": "ml.m5.xlarge"}
    notebooks["ivan"]["spark"] = {"executorMemory": "4g"}
    world.write_stage("edited", CLUSTERS, notebooks, opt_outs=KEPT)
    moved = {"mallory": {"cluster": "other", "subnet_id": OTHER_SUBNET}}
    world.write_stage("barred", {"other": {"id": "j-OTHER00001"}}, moved)
    trent = {"trent": {"cluster": "other", "spark": {"executorMemory": "4g"}}}
    world.write_stage("left", OTHER, trent, opt_outs=KEPT)
    told.plan("edited", "--stage=edited", "--refresh=1", "--json")
    told.plan("barred", "--stage=barred", "--json")
    told.plan("moved", "--stage=moved", "--json")
    told.deploys["changed"] = world.deploy_together(
        {"edited": Asked(refresh="1"), "barred": Asked(), "moved": Asked(), "left": Asked()}
    )
    told.look("after", "edited", "barred", "moved")


def destroy(told: Story) -> None:
    """Remove what an edit has left behind, destroy the stage, and plan it once more."""
    told.list_leftovers("left")
    for each in told.leftovers[0]:
        [command] = each["next"]
        done = told.run_program(sys.executable, str(AWS_CLI), *shlex.split(command)[1:])
        assert done.returncode == 0, done.stderr
    told.list_leftovers("left")
    (told.world.volume("left-trent") / "work.txt").write_text("a year's work")
    told.deploys["destroyed"] = told.world.destroy("left")
    told.plan("taken", "--stage=left", "--json")


def refresh(told: Story) -> None:
    """Plan and deploy the moved cluster's stage with a refresh, then run `make diff` on it.

    The destroyed stage is deployed beside it, as it was.
    """
    told.plan("refreshed", "--stage=moved", "--refresh=2", "--json")
    asked = {"moved": Asked(refresh="2"), "left": Asked()}
    told.deploys["refreshed"] = told.world.deploy_together(asked)
    told.look("refreshed", "moved")
    shutil.copy2(ROOT / "Makefile", told.project)
    shutil.copytree(ROOT / "scripts", told.project / "scripts")
    for name, more in (("same", ["REFRESH=2"]), ("different", [])):
        folder = f"BIN={Path(sys.executable).parent}"
        done = told.run_program("make", "--old-file=install", "diff", "STAGE=moved", folder, *more)
        told.plans[f"make diff, {name}"] = Plan(done.returncode, done.stdout + done.stderr, [])


def name_anew(told: Story) -> None:
    """Deploy the destroyed stage with another name, and open both notebooks."""
    notebooks = {"trent": {"cluster": "other", "name": "left-trent-2"}}
    told.world.write_stage("left", OTHER, notebooks, opt_outs=KEPT)
    told.deploys["named"] = told.world.deploy("left")
    told.stop("left-trent")
    told.start("left-trent")
    told.look("named", "left")


def outputs(stack: StackState, cluster: str) -> dict[str, str]:
    """What a deploy has found, from the stack's own outputs."""
    found: dict[str, str] = json.loads(stack.output(cluster, "Value"))
    return found


def test_a_stage_that_is_not_deployed_is_planned_as_it_is_then_made(story: Story) -> None:
    planned = story.plans["new"]

    assert not story.deploys["new"].failed, story.deploys["new"].printed
    assert planned.status == 2
    assert {each["change_type"] for each in planned.notebooks().values()} == {"created"}
    made = {each["name"] for each in planned.notebooks().values()}
    assert made == {name for name in story.seen["before"].notebooks if name.startswith("edited-")}
    stack = story.seen["before"].stacks["edited"]
    assert planned.endpoints() != {}
    for cluster, values in planned.endpoints().items():
        assert values == outputs(stack, cluster)


def test_a_stage_that_nobody_edited_has_nothing_to_change(story: Story) -> None:
    assert story.plans["same"].status == 0, story.plans["same"].printed
    assert story.plans["same"].notebooks()["olivia"]["change_type"] == "unchanged"


def test_the_bootstraps_look_up_role_sees_the_same(story: Story) -> None:
    planned = story.plans["same in words"]

    assert planned.status == 0, planned.printed
    assert planned.printed.splitlines()[-1] == "Nothing changes."
    assert "AssumeRole" in planned.calls


def test_planning_only_reads(story: Story) -> None:
    calls = {call for each in story.plans.values() for call in each.calls}

    assert "DescribeStacks" in calls
    assert [call for call in calls if not READING.fullmatch(call)] == []


def test_planned_endpoints_are_those_that_the_deploy_leaves(story: Story) -> None:
    assert not story.plans["edited"].report["unknown"]
    edited = story.seen["after"].stacks["edited"]
    assert story.plans["edited"].endpoints() != {}
    for cluster, values in story.plans["edited"].endpoints().items():
        assert values == outputs(edited, cluster)
    assert outputs(edited, "reporting")["ClusterId"] == "j-REPORTING2"


def test_every_notebook_changes_as_planned(story: Story) -> None:
    before, after = story.seen["before"], story.seen["after"]

    def observed(name: str, key: str) -> str:
        if name not in before.notebooks:
            return "created" if f"edited-{key}" not in name[:-5] else "replaced"
        if after.starts[name] > before.starts[name]:
            return "restarted"
        tags = tags_of(story, after.notebooks[name])
        changed = before.notebooks[name]["InstanceType"] != after.notebooks[name]["InstanceType"]
        if changed:
            return "changed while stopped"
        return "changed in place" if "Owner" in tags else "untouched"

    planned = story.plans["edited"].notebooks()
    said = {
        key: in_short(each) for key, each in planned.items() if each["change_type"] != "removed"
    }
    assert said == {
        "alice": "restarted",
        "carol": "created",
        "dave": "changed in place",
        "erin": "changed while stopped",
        "frank": "replaced",
        "grace": "untouched",
        "heidi": "untouched",
        "ivan": "restarted",
        "judy": "restarted",
    }
    assert {key: observed(planned[key]["name"], key) for key in said} == said


def tags_of(story: Story, notebook: Mapping[str, Any]) -> set[str]:
    client = story.world.aws.client("sagemaker")
    found = client.list_tags(ResourceArn=notebook["NotebookInstanceArn"])["Tags"]
    return {each["Key"] for each in found}


def in_short(notebook: Mapping[str, Any]) -> str:
    """A planned change in the words of what can be observed."""
    if notebook["change_type"] == "changed while stopped":
        return "restarted" if notebook["restarts"] else "changed while stopped"
    silent = ("unchanged", "changed at the next start")
    return "untouched" if notebook["change_type"] in silent else str(notebook["change_type"])


def test_a_replaced_and_a_removed_one_are_kept_as_planned(story: Story) -> None:
    planned, after = story.plans["edited"].notebooks(), story.seen["after"].notebooks
    frank, bob = planned["frank"], planned["edited-bob"]

    assert (frank["old_is_kept"], bob["change_type"], bob["old_is_kept"]) == (True, "removed", True)
    assert frank["replaces"] in after
    assert after[frank["name"]]["SubnetId"] == OTHER_SUBNET
    assert after[bob["name"]]["NotebookInstanceStatus"] == "InService"


def test_an_address_for_the_next_start_is_in_the_script_after_the_deploy(story: Story) -> None:
    planned = story.plans["edited"].notebooks()["grace"]["at_next_start"]
    notebook = story.seen["after"].notebooks["edited-grace"]
    name = notebook["NotebookInstanceLifecycleConfigName"]
    found = story.world.aws.client("sagemaker").describe_notebook_instance_lifecycle_config(
        NotebookInstanceLifecycleConfigName=name
    )
    script = base64.b64decode(found["OnStart"][0]["Content"]).decode()

    assert f"LIVY_URL='{planned['address']['after']}'" in script
    assert f"CLUSTER_ID='{planned['cluster']['after']}'" in script
    assert story.world.started_with("edited", "grace") == planned["address"]["before"]


def test_a_restart_brings_the_planned_address_with_it(story: Story) -> None:
    address = story.plans["edited"].notebooks()["judy"]["at_next_start"]["address"]

    told = story.world.started_with("edited", "judy").splitlines()
    assert told == [address["before"], address["after"]]


def test_a_replacement_that_is_not_allowed_fails_in_the_same_words(story: Story) -> None:
    planned = story.plans["barred"]
    [refusal] = planned.report["refusals"]

    assert planned.status == 1
    assert planned.notebooks()["mallory"]["change_type"] == "replaced"
    assert story.deploys["changed"].failed
    assert refusal in " ".join(story.deploys["changed"].printed.split())
    after = story.seen["after"].notebooks["barred-mallory"]
    assert after == {**story.seen["before"].notebooks["barred-mallory"], **without_answer(after)}


def without_answer(described: Mapping[str, Any]) -> dict[str, Any]:
    return {"ResponseMetadata": described["ResponseMetadata"]}


def test_without_a_refresh_a_moved_cluster_stays_as_deployed(story: Story) -> None:
    planned = story.plans["moved"]
    [endpoint] = planned.report["clusters"]

    assert planned.status == 2
    assert (endpoint["verdict"], endpoint["looked_up"]) == ("not taken", False)
    assert endpoint["live"]["LivyUrl"] == "http://10.0.1.31:8998"
    assert (
        endpoint["after"]["LivyUrl"]
        == outputs(story.seen["after"].stacks["moved"], "other")["LivyUrl"]
    )


def test_with_a_refresh_it_is_taken(story: Story) -> None:
    planned = story.plans["refreshed"]

    assert planned.status == 2
    assert planned.endpoints()["other"] == outputs(story.seen["refreshed"].stacks["moved"], "other")
    assert planned.endpoints()["other"]["LivyUrl"] == "http://10.0.1.31:8998"


def test_the_lifecycle_configuration_that_an_edit_left_is_listed_with_what_deletes_it(
    story: Story,
) -> None:
    [left], after = story.leftovers

    assert re.match(r"lifecycle configuration \S+: no notebook uses it any more", left["what"])
    assert after == []
    # The one of the edit is the stack's, and the kept notebook's, which starts with it.
    used = story.seen["named"].notebooks["left-trent"]["NotebookInstanceLifecycleConfigName"]
    assert used not in left["what"]


def test_a_deploy_after_a_destroy_fails_at_the_kept_notebook_as_planned(story: Story) -> None:
    assert not story.deploys["destroyed"].failed, story.deploys["destroyed"].printed
    planned = story.plans["taken"]
    [refusal] = planned.report["refusals"]

    assert planned.status == 1
    assert "a notebook named left-trent already, with its files: it is stack left's, or" in refusal
    said = story.deploys["refreshed"].printed
    assert re.search(r"left \|.*Cannot create a duplicate Notebook Instance.*left-trent", said), (
        said
    )


def test_another_name_deploys_it_again_and_the_kept_notebook_opens_with_its_files(
    story: Story,
) -> None:
    seen = story.seen["named"]

    assert seen.stacks["left"].status == "CREATE_COMPLETE", story.deploys["named"].printed
    states = {seen.notebooks[f"left-trent{x}"]["NotebookInstanceStatus"] for x in ("", "-2")}
    assert states == {"InService"}
    assert (story.world.volume("left-trent") / "work.txt").read_text() == "a year's work"
    assert not (story.world.volume("left-trent-2") / "work.txt").exists()


def test_make_diff_ends_with_the_plan_and_its_status(story: Story) -> None:
    same, different = (story.plans[f"make diff, {each}"] for each in ("same", "different"))

    assert same.status == 0, same.printed
    assert "Number of stacks with differences: 0" in same.printed
    assert "Nothing changes." in same.printed
    assert different.status == 2
    assert "Refresh" in different.printed
    # Make has one status for all failures; it names the command's own.
    assert "Error 2" in different.printed
