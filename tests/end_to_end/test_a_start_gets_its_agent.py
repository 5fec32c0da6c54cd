"""A start runs the agent that was deployed and no other, from S3 or as kept, or says why not.

The team's hook, which lies in the agent, and its environment come with it; and the agent stops
its notebook, as that one's role, when nobody uses it.
"""

import base64
import contextlib
import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from emr_notebook.constructs.start_script import header_in
from sandbox.aws.ec2.vpc_endpoints import put_vpc_endpoints
from tests.conftest import ROOT
from tests.end_to_end.callers import deny, document
from tests.end_to_end.resolver_world import NETWORK, ResolverWorld, resolver_world
from tests.sandbox.aws.idle_livy import FIRST, cluster_at, idle_livies
from tests.sandbox.aws.running_aws import settled, wait_until

pytestmark = [pytest.mark.sandbox, pytest.mark.minutes(0.8)]

STAGE, CLUSTER_ID = "fetches", "j-FETCHES01"
# SageMaker writes it in small letters into ARNs.
NAME = "Fetches-Alice"
S3 = "com.amazonaws.eu-west-1.s3"
# What root, a login shell of the user's, and the volume have of it.
HOOK = """id -un
runuser -u ec2-user -- bash -lc 'echo "$(id -un) $DATA"'
"""


@dataclass(frozen=True)
class Deployed:
    """One notebook, a real instance in a VPC with a way to S3; its Livy answers."""

    world: ResolverWorld

    def client(self, service: str) -> Any:
        return self.world.aws.client(service)

    @property
    def root(self) -> Path:
        """The instance's directory."""
        return self.world.aws.state / "notebooks" / NAME

    @property
    def home(self) -> Path:
        """That of its user."""
        return self.root / "home" / "ec2-user"

    @property
    def kept(self) -> Path:
        """Where the notebook keeps the agent."""
        return self.home / "SageMaker" / ".emr-notebook" / "agent"

    def report(self) -> str:
        """What the last start printed."""
        return (self.root / "logs" / "LifecycleConfigOnStart.log").read_text()

    def restart(self, *, forget: bool = False) -> str:
        """Stop the notebook, lose its kept agent if it is to `forget`, and start it: the report."""
        sagemaker = self.client("sagemaker")
        sagemaker.stop_notebook_instance(NotebookInstanceName=NAME)
        assert settled(self.world.aws, NAME)["NotebookInstanceStatus"] == "Stopped"
        if forget:
            shutil.rmtree(self.kept)
        sagemaker.start_notebook_instance(NotebookInstanceName=NAME)
        assert settled(self.world.aws, NAME)["NotebookInstanceStatus"] == "InService"
        return self.report()

    @contextlib.contextmanager
    def no_way_to_s3(self) -> Iterator[None]:
        """The VPC without its endpoint of S3."""
        ec2 = self.client("ec2")
        [endpoint] = [
            each
            for each in ec2.describe_vpc_endpoints()["VpcEndpoints"]
            if each["ServiceName"] == S3
        ]
        ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint["VpcEndpointId"]])
        try:
            yield
        finally:
            ec2.create_vpc_endpoint(
                VpcId=endpoint["VpcId"], ServiceName=S3, RouteTableIds=endpoint["RouteTableIds"]
            )

    @property
    def role(self) -> str:
        """The name of the notebook's role."""
        found = self.client("sagemaker").describe_notebook_instance(NotebookInstanceName=NAME)
        return str(found["RoleArn"]).rpartition("/")[2]

    def published(self) -> dict[str, str]:
        """The bucket and key of the agent's object."""
        [bucket] = [
            each["Name"]
            for each in self.client("s3").list_buckets()["Buckets"]
            if "assets" in each["Name"]
        ]
        header = header_in(self.script)
        return {"Bucket": bucket, "Key": header["AGENT_URI"].rpartition("/")[2]}

    @property
    def script(self) -> str:
        """The start script, in base64."""
        sagemaker = self.client("sagemaker")
        [found] = sagemaker.list_notebook_instance_lifecycle_configs()[
            "NotebookInstanceLifecycleConfigs"
        ]
        name = {"NotebookInstanceLifecycleConfigName": found["NotebookInstanceLifecycleConfigName"]}
        described = sagemaker.describe_notebook_instance_lifecycle_config(**name)
        return str(described["OnStart"][0]["Content"])

    def fetches(self) -> list[str]:
        """Who has read the agent's object."""
        path = "/{Bucket}/{Key}".format(**self.published())
        return [
            str(call["principal"])
            for call in self.world.aws.requests()
            if call["action"] == "GetObject" and call["parameters"].get("path") == path
        ]

    def status(self) -> str:
        """What SageMaker says of the notebook."""
        found = self.client("sagemaker").describe_notebook_instance(NotebookInstanceName=NAME)
        return str(found["NotebookInstanceStatus"])

    def put_into_script(self, lines: str) -> None:
        """Have the start script begin with these lines from the next start on."""
        sagemaker = self.client("sagemaker")
        found = sagemaker.describe_notebook_instance(NotebookInstanceName=NAME)
        key = "NotebookInstanceLifecycleConfigName"
        named = {key: found[key]}
        config = sagemaker.describe_notebook_instance_lifecycle_config(**named)
        script = base64.b64decode(config["OnStart"][0]["Content"]).decode()
        edited = script.replace("\nset -o nounset\n", f"\nset -o nounset\n{lines}\n", 1)
        content = base64.b64encode(edited.encode()).decode()
        sagemaker.update_notebook_instance_lifecycle_config(**named, OnStart=[{"Content": content}])

    def own_file(self, name: str) -> str:
        """What the agent has written there, or nothing."""
        path = self.home / "SageMaker" / ".emr-notebook" / name
        return path.read_text() if path.exists() else ""


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    directory = tmp_path_factory.mktemp("agent")
    with idle_livies() as port, resolver_world(directory, real_host=True) as world:
        shutil.copy2(
            ROOT / "assets/notebook/on_start.sh", directory / "a check out/assets/notebook"
        )
        ids = {key: NETWORK[key] for key in ("vpc_id", "vpc_cidr", "subnet_id")}
        put_vpc_endpoints(world.aws, **ids)
        lists = world.aws.client("ec2").describe_prefix_lists(
            Filters=[{"Name": "prefix-list-name", "Values": [S3]}]
        )
        (directory / "a check out" / "team.sh").write_text(HOOK)
        world.put(cluster_at(CLUSTER_ID, FIRST, port))
        world.write_stage(
            STAGE,
            {"analytics": {"name": "nightly", "port": port}},
            {
                "alice": {
                    "cluster": "analytics",
                    "name": NAME,
                    "stop_after_idle_minutes": 10,
                    "start_hook": {"file": "team.sh", "as": "root", "because": "a test"},
                    "environment": {"DATA": "s3://it's here/"},
                }
            },
            network={**NETWORK, "s3_prefix_list_id": lists["PrefixLists"][0]["PrefixListId"]},
        )
        found = world.deploy(STAGE)
        assert not found.failed, found.printed
        yield Deployed(world)


def test_the_first_start_fetches_it_as_the_notebooks_role_and_keeps_it(deployed: Deployed) -> None:
    assert "state: ok" in deployed.report()
    [principal] = set(deployed.fetches())
    assert principal.endswith(f":assumed-role/{deployed.role}/SageMaker")
    [kept] = deployed.kept.iterdir()
    assert hashlib.sha256(kept.read_bytes()).hexdigest() == kept.stem
    assert kept.name == deployed.published()["Key"]


def test_the_teams_hook_runs_as_root_and_login_shells_have_its_environment(
    deployed: Deployed,
) -> None:
    folder = deployed.kept.parent
    wait_until(lambda: "hook: ended ok at " in (folder / "status.txt").read_text())

    lines = (folder / "hook.log").read_text().splitlines()[1:-1]
    assert lines == ["root", "ec2-user s3://it's here/"]


def test_a_start_without_a_way_to_s3_runs_the_one_that_was_kept(deployed: Deployed) -> None:
    before = deployed.fetches()
    with deployed.no_way_to_s3():
        report = deployed.restart()

    assert "state: ok" in report
    assert deployed.fetches() == before


def test_with_neither_the_kernels_still_reach_livy_and_the_report_says_what_is_missing(
    deployed: Deployed,
) -> None:
    with deployed.no_way_to_s3():
        report = deployed.restart(forget=True)

    assert "state: warning" in report
    assert "The agent was not fetched from s3://" in report
    config = json.loads((deployed.home / ".sparkmagic/config.json").read_text())
    assert config["kernel_python_credentials"]["url"].startswith("http://127.0.0.1:")


def test_a_role_that_may_not_read_it_is_named_as_the_cause(deployed: Deployed) -> None:
    iam, role = deployed.client("iam"), deployed.role
    refused = {"RoleName": role, "PolicyName": "no-agent"}
    iam.put_role_policy(**refused, PolicyDocument=document(deny(["s3:GetObject"])))
    try:
        report = deployed.restart()
    finally:
        iam.delete_role_policy(**refused)

    assert "state: warning" in report
    assert "Forbidden" in report
    assert not deployed.kept.exists()


def test_other_bytes_in_its_place_are_not_run(deployed: Deployed) -> None:
    s3, place = deployed.client("s3"), deployed.published()
    right = s3.get_object(**place)["Body"].read()
    s3.put_object(**place, Body=b"touch /home/ec2-user/ran")
    try:
        report = deployed.restart()
    finally:
        s3.put_object(**place, Body=right)

    assert "what came is not the deployed file (24 bytes, SHA-256 differs)" in report
    assert not (deployed.home / "ran").exists()
    assert "state: ok" in deployed.restart()


# The watcher's minute is a moment, and what a terminal has left behind runs until it is told.
LEFT_RUNNING = """IDLE_MINUTE_SECONDS=0.3
runuser -u ec2-user -- env -i PATH="$PATH" JUPYTER_SERVER_URL=http://localhost:8888/ setsid sh -c \\
  'until [ -e /home/ec2-user/SageMaker/finished ]; do sleep 0.1; done' </dev/null &>/dev/null &"""


def test_a_notebook_stops_itself_as_its_role_once_nothing_runs_that_its_user_started(
    deployed: Deployed,
) -> None:
    deployed.put_into_script(LEFT_RUNNING)
    deployed.restart()

    wait_until(lambda: "idle_stop: stays: process " in deployed.own_file("status.txt"))
    (deployed.home / "SageMaker" / "finished").touch()
    wait_until(lambda: deployed.status() == "Stopped", seconds=60)

    *_, stop = [x for x in deployed.world.aws.requests() if x["action"] == "StopNotebookInstance"]
    assert stop["principal"].endswith(f":assumed-role/{deployed.role}/SageMaker")
    assert "idle_stop: stops this notebook: idle for 10 minutes" in deployed.own_file("agent.log")
    assert "idle_stop: stopping since " in deployed.own_file("status.txt")
