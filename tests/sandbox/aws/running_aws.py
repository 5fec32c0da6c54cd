"""Starts an AWS for a module's tests, makes stacks in it, and waits for what they become."""

import base64
import contextlib
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from sandbox.aws import RunningAws, start_aws
from sandbox.tls import make_authority

FAKE_HOST = [sys.executable, "-m", "tests.sandbox.aws.fake_notebook_host"]
ROLE = "arn:aws:iam::111122223333:role/notebook"
NOTEBOOK_TYPE = "AWS::SageMaker::NotebookInstance"
CAPABILITIES: Mapping[str, Any] = {"Capabilities": ["CAPABILITY_NAMED_IAM"]}
LIFECYCLE_TYPE = "AWS::SageMaker::NotebookInstanceLifecycleConfig"


@contextlib.contextmanager
def running_aws(directory: Path, **options: Any) -> Iterator[RunningAws]:
    """AWS under a directory whose name has a space in it."""
    place = directory / "with space"
    aws = start_aws(
        state=place / "aws",
        authority=make_authority(place / "tls"),
        notebook_host=FAKE_HOST,
        **options,
    )
    try:
        yield aws
    finally:
        aws.stop()


def create_network(aws: RunningAws) -> tuple[str, str, str]:
    """Make a VPC, a subnet and an EMR primary's security group; return their ids."""
    ec2 = aws.client("ec2")
    vpc_id = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet_id = ec2.create_subnet(VpcId=vpc_id, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    group_id = ec2.create_security_group(
        GroupName="ElasticMapReduce-Primary",
        Description="The primary instance of the sandbox's clusters",
        VpcId=vpc_id,
    )["GroupId"]
    return vpc_id, subnet_id, group_id


def script(text: str) -> str:
    """A lifecycle script as the API wants it."""
    return base64.b64encode(text.encode()).decode()


def wait_until(happened: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.05)


def settled(aws: RunningAws, name: str) -> dict[str, Any]:
    """The notebook's description once its status no longer passes by itself."""
    client, found = aws.client("sagemaker"), {}

    def is_settled() -> bool:
        found.update(client.describe_notebook_instance(NotebookInstanceName=name))
        return found["NotebookInstanceStatus"] in ("InService", "Stopped", "Failed")

    wait_until(is_settled)
    return client.describe_notebook_instance(NotebookInstanceName=name)  # type: ignore[no-any-return]


def resource(kind: str, properties: Mapping[str, Any], **attributes: Any) -> dict[str, Any]:
    return {"Type": kind, "Properties": dict(properties), **attributes}


def notebook(**properties: Any) -> dict[str, Any]:
    """A notebook's properties in a template."""
    return {"InstanceType": "ml.t3.medium", "RoleArn": ROLE, **properties}


class Stack:
    """One stack, deployed through the API and waited for."""

    def __init__(self, aws: RunningAws, name: str, seconds: float = 60) -> None:
        self.name = name
        self._seconds = seconds
        self._client = aws.client("cloudformation")

    def create(self, resources: Mapping[str, Any], **options: Any) -> str:
        body = json.dumps({"Resources": resources})
        given = {**CAPABILITIES, **options}
        self._client.create_stack(StackName=self.name, TemplateBody=body, **given)
        return self.wait()

    def update(self, resources: Mapping[str, Any], **options: Any) -> str:
        body = json.dumps({"Resources": resources})
        given = {**CAPABILITIES, **options}
        self._client.update_stack(StackName=self.name, TemplateBody=body, **given)
        return self.wait()

    def delete(self) -> str:
        identity = self._describe()["StackId"]
        self._client.delete_stack(StackName=self.name)
        return self.wait(identity)

    def wait(self, identity: str | None = None) -> str:
        """The stack's status once it no longer changes."""

        def is_done() -> bool:
            return not self._describe(identity)["StackStatus"].endswith("_IN_PROGRESS")

        wait_until(is_done, self._seconds)
        return str(self._describe(identity)["StackStatus"])

    def physical_id(self, logical_id: str) -> str:
        found = self._client.describe_stack_resource(
            StackName=self.name, LogicalResourceId=logical_id
        )
        return str(found["StackResourceDetail"]["PhysicalResourceId"])

    def reasons(self) -> str:
        """Every reason its events give, newest first."""
        events = self._client.describe_stack_events(StackName=self.name)["StackEvents"]
        return "\n".join(e.get("ResourceStatusReason", "") for e in events)

    def events(self, logical_id: str) -> list[str]:
        """The statuses of a resource, oldest first."""
        events = self._client.describe_stack_events(StackName=self.name)["StackEvents"]
        return [e["ResourceStatus"] for e in events if e["LogicalResourceId"] == logical_id][::-1]

    def _describe(self, identity: str | None = None) -> dict[str, Any]:
        found = self._client.describe_stacks(StackName=identity or self.name)["Stacks"][0]
        return dict(found)
