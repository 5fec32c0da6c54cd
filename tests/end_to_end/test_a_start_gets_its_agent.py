"""A start runs the agent that was deployed and no other, from S3 or as kept, or says why not.

What the agent then runs has AWS as the notebook's role, and no more.
"""

import base64
import contextlib
import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sandbox.aws.ec2.vpc_endpoints import put_vpc_endpoints
from tests.conftest import ROOT
from tests.end_to_end.callers import deny, document
from tests.end_to_end.resolver_world import NETWORK, ResolverWorld, resolver_world
from tests.sandbox.aws.idle_livy import FIRST, cluster_at, idle_livies
from tests.sandbox.aws.running_aws import settled, wait_until

pytestmark = [pytest.mark.sandbox, pytest.mark.minutes(0.8)]

STAGE, STACK, CLUSTER_ID = "fetches", "Fetches", "j-FETCHES01"
# SageMaker writes it in lower case in the ARN that a policy is about.
NAME, OTHER = f"{STACK}-alice", f"{STACK}-bob"
# Waits for the test, then stops two notebooks as its own notebook's role.
HOOK = f"""#!/bin/bash
until [[ -e ~/SageMaker/stop ]]; do sleep 0.1; done
for name in {OTHER} {NAME}; do
  aws sagemaker stop-notebook-instance --notebook-instance-name "$name"
done
"""
S3 = "com.amazonaws.eu-west-1.s3"


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

    def status(self, name: str) -> str:
        found = self.client("sagemaker").describe_notebook_instance(NotebookInstanceName=name)
        return str(found["NotebookInstanceStatus"])

    @property
    def role(self) -> str:
        """The name of the notebook's role."""
        found = self.client("sagemaker").describe_notebook_instance(NotebookInstanceName=NAME)
        return str(found["RoleArn"]).rpartition("/")[2]

    def published(self) -> dict[str, str]:
        """The bucket and key of the agent's object."""
        sagemaker = self.client("sagemaker")
        found = sagemaker.describe_notebook_instance(NotebookInstanceName=NAME)
        script = sagemaker.describe_notebook_instance_lifecycle_config(
            NotebookInstanceLifecycleConfigName=found["NotebookInstanceLifecycleConfigName"]
        )["OnStart"][0]["Content"]
        uri = re.search("^AGENT_URI='s3://(.+)/(.+)'$", base64.b64decode(script).decode(), re.M)
        assert uri is not None
        return {"Bucket": uri[1], "Key": uri[2]}

    def fetches(self) -> list[str]:
        """Who has read the agent's object."""
        path = "/{Bucket}/{Key}".format(**self.published())
        return [
            str(call["principal"])
            for call in self.world.aws.requests()
            if call["action"] == "GetObject" and call["parameters"].get("path") == path
        ]


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
        (directory / "a check out/hooks").mkdir()
        (directory / "a check out/hooks/stop.sh").write_text(HOOK)
        world.put(cluster_at(CLUSTER_ID, FIRST, port))
        world.write_stage(
            STAGE,
            {"analytics": {"name": "nightly", "port": port}},
            {"alice": {"cluster": "analytics"}, "bob": {"cluster": "analytics"}},
            stack_name=STACK,
            defaults={"stop_after_idle_minutes": 120, "start_hook": {"file": "hooks/stop.sh"}},
            network={**NETWORK, "s3_prefix_list_id": lists["PrefixLists"][0]["PrefixListId"]},
        )
        found = world.deploy(STAGE)
        assert not found.failed, found.printed
        yield Deployed(world)


def test_the_first_start_fetches_it_as_the_notebooks_role_and_keeps_it(deployed: Deployed) -> None:
    assert "state: ok" in deployed.report()
    readers = {each.split("/")[1].rpartition("Role")[0] for each in deployed.fetches()}
    assert readers == {f"{STACK}-Notebookalice", f"{STACK}-Notebookbob"}
    [kept] = deployed.kept.iterdir()
    assert hashlib.sha256(kept.read_bytes()).hexdigest() == kept.stem
    assert kept.name == deployed.published()["Key"]


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


def test_its_hook_outlives_the_start_and_stops_its_own_notebook_alone(deployed: Deployed) -> None:
    volume = deployed.home / "SageMaker"
    (volume / "stop").touch()

    wait_until(lambda: deployed.status(NAME) == "Stopped")

    assert deployed.status(OTHER) == "InService"
    refused = "not authorized to perform: sagemaker:StopNotebookInstance"
    assert refused in (volume / ".emr-notebook/hook.log").read_text()
