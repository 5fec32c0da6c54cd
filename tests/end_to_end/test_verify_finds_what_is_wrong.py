"""`emr-notebook status`, `verify` and `open` against a stage that is really deployed."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from emr_notebook.cli.aws.live_endpoint import ASKED_BY, NOT_ASKED
from emr_notebook.cli.aws.reader import READ_METHOD
from tests.end_to_end import callers
from tests.end_to_end.callers import allow, document
from tests.end_to_end.pasted_commands import paste, put_tools, with_tools
from tests.end_to_end.resolver_world import ResolverWorld, resolver_world
from tests.end_to_end.warm_command import Ran
from tests.sandbox.aws.idle_livy import FIRST, SECOND, adapt_start_script, cluster_at, idle_livies
from tests.sandbox.aws.running_aws import settled, wait_until

pytestmark = [pytest.mark.sandbox, pytest.mark.minutes(0.8)]

STAGE, CLUSTER_ID = "lab", "j-LAB00001"
ALICE, BOB, CAROL = (f"{STAGE}-{key}" for key in ("alice", "bob", "carol"))
# What the commands need, and all that they need.
READS = (
    "sagemaker:ListNotebookInstances",
    "sagemaker:DescribeNotebookInstance",
    "sagemaker:DescribeNotebookInstanceLifecycleConfig",
    "sagemaker:ListNotebookInstanceLifecycleConfigs",
    "logs:GetLogEvents",
    "tag:GetResources",
    "elasticmapreduce:DescribeCluster",
    "elasticmapreduce:ListInstances",
    "elasticmapreduce:ListInstanceGroups",
)
# What open needs for a notebook that runs.
OPENS = (
    "sagemaker:CreatePresignedNotebookInstanceUrl",
    "sagemaker:DescribeNotebookInstance",
)


@dataclass(frozen=True)
class Lab:
    """The deployed stage: alice and carol run, bob is stopped."""

    world: ResolverWorld
    root: Path
    port: int

    def user(self, name: str, *actions: str) -> dict[str, str]:
        """The environment of a new IAM user who may do these."""
        keys = callers.user(self.world.aws, name, document(allow(list(actions))), {})
        return {
            "AWS_ACCESS_KEY_ID": keys["access_key"],
            "AWS_SECRET_ACCESS_KEY": keys["secret_key"],
        }

    def start(self, *arguments: str, **env: str) -> subprocess.Popen[str]:
        """Start `python -m emr_notebook …` in the checkout."""
        return subprocess.Popen(
            [sys.executable, "-m", "emr_notebook", *arguments],
            cwd=self.root,
            env=self.world.aws.env() | env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, command: str, *arguments: str, stage: str = STAGE, **env: str) -> Ran:
        """Run `emr-notebook <command> --stage …` to its end."""
        return self.world.command.run(
            command, "--stage", stage, *arguments, env=self.world.aws.env() | env
        )

    def paste(self, commands: list[str]) -> None:
        """Run commands as a user does who pastes them into a shell."""
        paste(*commands, root=self.root, env=with_tools(self.root, self.world.aws.env()))

    def put_cluster(self, address: str, **changes: Any) -> None:
        """Make the stage's cluster, or make it one whose primary is there."""
        self.world.put(cluster_at(CLUSTER_ID, address, self.port, **changes))


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    directory = tmp_path_factory.mktemp("status")
    with idle_livies() as port, resolver_world(directory) as world:
        lab = Lab(world, directory / "a check out", port)
        adapt_start_script(lab.root)
        put_tools(lab.root)
        lab.put_cluster(FIRST)
        clusters = {"analytics": {"name": "nightly", "port": port, "follow": False}}
        notebooks = {
            key: {"cluster": "analytics", "owner": f"{key}@example.com"}
            for key in ("alice", "bob", "carol")
        }
        world.write_stage(STAGE, clusters, notebooks)
        assert not world.deploy(STAGE).failed
        world.aws.client("sagemaker").stop_notebook_instance(NotebookInstanceName=BOB)
        settled(world.aws, BOB)
        yield lab


def test_a_deployed_stage_is_ok_and_its_stopped_notebook_no_failure(lab: Lab) -> None:
    ran = lab.run("verify")

    assert (ran.code, ran.err) == (0, "")
    said = [line.partition(" (")[0] for line in ran.out.splitlines()]
    assert said == [
        f"ok          {ALICE}: its log says that Livy answered its last start",
        f"not running {BOB}: Stopped",
        f"ok          {CAROL}: its log says that Livy answered its last start",
        f"not checked Livy of analytics: {NOT_ASKED}. Next: {ASKED_BY}",
    ]


def test_status_shows_what_the_real_start_script_said(lab: Lab) -> None:
    [alice, bob, _] = lab.run("status", "--json").json["notebooks"]

    assert (alice["state"], bob["state"]) == ("InService", "Stopped")
    assert alice["address"] == alice["deployed_address"]
    assert alice["address"].endswith(f":{lab.port}")
    assert alice["script"] == alice["deployed_script"]
    assert len(alice["script"]) == 8
    assert (alice["owner"], alice["last_start"]["state"]) == ("alice@example.com", "ok")


def test_in_a_pipe_status_is_a_line_for_each_notebook(lab: Lab) -> None:
    ran = lab.run("status")
    lines = ran.out.splitlines()

    assert (ran.code, ran.err, len(lines)) == (0, "", 5)
    assert lines[-1].startswith("Livy is not checked: ")
    assert [line.split()[:2] for line in lines[1:-1]] == [
        [ALICE, "InService"],
        [BOB, "Stopped"],
        [CAROL, "InService"],
    ]


def test_a_notebook_that_the_settings_no_longer_name_is_shown_as_kept(lab: Lab) -> None:
    clusters = {"analytics": {"name": "nightly", "port": lab.port, "follow": False}}
    left = {key: {"cluster": "analytics"} for key in ("alice", "bob", "dave")}
    lab.world.write_stage("later", clusters, left, stack_name=STAGE)
    found = lab.run("status", "--json", stage="later").json

    assert [each["name"] for each in found["kept"]] == [CAROL]
    assert found["kept"][0]["owner"] == "carol@example.com"
    assert [each["state"] for each in found["notebooks"]] == ["InService", "Stopped", None]


def test_a_cluster_that_was_replaced_is_named_and_the_printed_commands_mend_it(lab: Lab) -> None:
    lab.put_cluster(SECOND)
    ran = lab.run("verify")
    lines = [line.strip() for line in ran.out.splitlines()]

    assert ran.code == 1
    assert lines[0] == (
        f"failed      {ALICE}: Livy of analytics is at http://{SECOND}:{lab.port} now; "
        f"the deployed address is http://{FIRST}:{lab.port}"
    )
    assert lines[1] == f"not running {BOB}: Stopped"
    assert lines[2].startswith(f"failed      {CAROL}: Livy of analytics")

    lab.paste(lines[lines.index("Next (a stop ends what runs in the notebook):") + 1 :])
    mended = lab.run("verify")

    assert (mended.code, mended.out.count("ok  ")) == (0, 2)
    assert SECOND in lab.run("status").out.splitlines()[1]


def test_a_cluster_that_has_ended_fails_with_its_reason_and_its_next_step(lab: Lab) -> None:
    address = lab.run("status", "--json").json["notebooks"][0]["address"]
    host = address.removeprefix("http://").partition(":")[0]
    lab.put_cluster(host, state="TERMINATED", ended=1767229200.0)
    try:
        ran = lab.run("verify")
    finally:
        lab.put_cluster(host)

    assert ran.code == 1
    assert (
        f"failed      {ALICE}: [cluster-none] No active cluster has the name 'nightly'" in ran.out
    )
    assert "cdk deploy" not in ran.out


@pytest.mark.parametrize(
    ("command", "missing"),
    [
        ("verify", "sagemaker:ListNotebookInstances"),
        ("verify", "logs:GetLogEvents"),
        ("verify", "elasticmapreduce:ListClusters"),
        ("status", "sagemaker:DescribeNotebookInstanceLifecycleConfig"),
    ],
)
def test_a_missing_permission_is_named(lab: Lab, command: str, missing: str) -> None:
    actions = {*READS, "elasticmapreduce:ListClusters"} - {missing}
    keys = lab.user(f"without-{missing.rpartition(':')[2]}", *actions)
    ran = lab.run(command, **keys)

    assert ran.code == 3
    assert f"these credentials may not {missing}" in ran.out + ran.err
    assert "Traceback" not in ran.err


def test_nothing_but_reading_calls_is_made_and_few_of_them(lab: Lab) -> None:
    keys = lab.user("reader", *READS, "elasticmapreduce:ListClusters")
    assert lab.run("verify", **keys).code == 0
    assert lab.run("status", **keys).code == 0

    made = [
        each["action"]
        for each in lab.world.aws.requests()
        if str(each["principal"]).endswith("user/reader")
    ]
    snake = ["".join(f"_{c.lower()}" if c.isupper() else c for c in name)[1:] for name in made]
    assert all(READ_METHOD.fullmatch(name) for name in snake), made
    assert sorted(made) == sorted(
        ["GetCallerIdentity", "ListNotebookInstances", "DescribeNotebookInstanceLifecycleConfig"]
        * 2
        + ["GetLogEvents"] * (2 + 3)
        + ["ListClusters", "DescribeCluster", "ListInstances", "ListInstanceGroups"]
        # What was kept.
        + ["GetResources"] * 2
        + ["ListNotebookInstances", "ListNotebookInstanceLifecycleConfigs"]
    )


def test_credentials_that_aws_does_not_know_are_said_in_one_line(lab: Lab) -> None:
    ran = lab.run("verify", AWS_ACCESS_KEY_ID="AKIAUNKNOWN000000000")

    assert ran.code != 0
    assert len(ran.err.splitlines()) == 1
    assert "AWS does not accept the credentials" in ran.err


def test_ctrl_c_ends_the_wait_for_a_starting_notebook(lab: Lab) -> None:
    sagemaker = lab.world.aws.client("sagemaker")
    slow = lab.world.volume(BOB) / "slow"
    slow.touch()
    sagemaker.start_notebook_instance(NotebookInstanceName=BOB)
    try:
        process = lab.start("verify", "--stage", STAGE, "--wait", "5")
        lists = len(_lists(lab))
        wait_until(lambda: len(_lists(lab)) > lists)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=10)
        unsettled = lab.run("verify", "--wait", "0")
    finally:
        slow.unlink()
    waited = lab.run("verify", "--wait", "1")

    assert (process.returncode != 0, out, err) == (True, "", "error: interrupted\n")
    assert unsettled.code == 3
    assert f"unknown     {BOB}: it is still Pending" in unsettled.out
    assert waited.code == 0
    assert f"ok          {BOB}" in waited.out


def test_a_notebook_is_opened_with_two_permissions_and_a_stopped_one_started_before(
    lab: Lab,
) -> None:
    keys = lab.user("opener", *OPENS)
    opened = lab.run("open", "alice", "--print", **keys)
    lab.world.aws.client("sagemaker").stop_notebook_instance(NotebookInstanceName=BOB)
    settled(lab.world.aws, BOB)
    stopped = lab.run("open", "bob", "--print", **keys)
    started = lab.run("open", "bob", "--print", "--start")

    assert (opened.code, opened.out.count("\n"), opened.out[:7]) == (0, 1, "http://")
    assert (stopped.code, stopped.out) == (1, "")
    assert (
        f"error: {BOB} is Stopped. Next: emr-notebook open bob --stage lab --start" in stopped.err
    )
    assert (started.code, started.out[:7]) == (0, "http://")
    assert settled(lab.world.aws, BOB)["NotebookInstanceStatus"] == "InService"


def _lists(lab: Lab) -> list[dict[str, Any]]:
    return [e for e in lab.world.aws.requests() if e["action"] == "ListNotebookInstances"]
