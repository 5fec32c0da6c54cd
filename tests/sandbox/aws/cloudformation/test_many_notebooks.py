"""A stack of many notebooks, each with its real scripts and without its JupyterLab."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.aws import RunningAws, start_aws
from sandbox.tls import make_authority
from tests.sandbox.aws.running_aws import (
    LIFECYCLE_TYPE,
    NOTEBOOK_TYPE,
    Stack,
    notebook,
    resource,
    script,
    settled,
)

pytestmark = pytest.mark.sandbox

NOTEBOOKS = 50
SECONDS = 240
# As root, with ec2-user's home in its place and a process that outlives the script.
ON_START = """#!/bin/bash
set -o errexit
name=$(grep -o '"ResourceName": "[^"]*"' /opt/ml/metadata/resource-metadata.json)
echo "started $name as $(id -u)"
echo once >> /home/ec2-user/SageMaker/starts
nohup sleep 4321 >/dev/null 2>&1 &
"""


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAws]:
    place = tmp_path_factory.mktemp("many") / "with space"
    running = start_aws(state=place / "aws", authority=make_authority(place / "tls"), lab=False)
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="module")
def names(aws: RunningAws) -> list[str]:
    """The notebooks of one deployed stack."""
    lifecycle = {"Fn::GetAtt": ["Script", "NotebookInstanceLifecycleConfigName"]}
    names = [f"book-{number}" for number in range(NOTEBOOKS)]
    books = {
        f"Book{number}": resource(
            NOTEBOOK_TYPE, notebook(NotebookInstanceName=name, LifecycleConfigName=lifecycle)
        )
        for number, name in enumerate(names)
    }
    start = {"OnStart": [{"Content": script(ON_START)}]}
    stack = Stack(aws, "many", seconds=SECONDS)

    assert stack.create({"Script": resource(LIFECYCLE_TYPE, start), **books}) == "CREATE_COMPLETE"
    return names


def commands(aws: RunningAws) -> list[str]:
    """The command lines of all that the emulator started, and of what that started."""
    found, waiting = [], [aws.child.process.pid]
    while waiting:
        process = Path(f"/proc/{waiting.pop()}")
        try:
            found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
            for task in (process / "task").iterdir():
                waiting += map(int, (task / "children").read_text().split())
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended meanwhile
    return found


def test_all_are_in_service_and_have_run_their_own_scripts(
    aws: RunningAws, names: list[str]
) -> None:
    listed = aws.client("sagemaker").list_notebook_instances(StatusEquals="InService")
    found = [each["NotebookInstanceName"] for each in listed["NotebookInstances"]]
    assert sorted(found) == sorted(names)

    logs = aws.client("logs")
    for name in names:
        events = logs.get_log_events(
            logGroupName="/aws/sagemaker/NotebookInstances",
            logStreamName=f"{name}/LifecycleConfigOnStart",
        )["events"]
        assert [e["message"] for e in events] == [f'started "ResourceName": "{name}" as 0']


def test_no_jupyterlab_runs_and_what_the_scripts_started_does(
    aws: RunningAws, names: list[str]
) -> None:
    running = commands(aws)

    assert not [command for command in running if "jupyterlab" in command]
    assert len([command for command in running if "sleep 4321" in command]) == len(names)


def test_one_stops_and_starts_with_its_files_and_its_script(
    aws: RunningAws, names: list[str]
) -> None:
    client, name = aws.client("sagemaker"), names[0]
    client.stop_notebook_instance(NotebookInstanceName=name)
    assert settled(aws, name)["NotebookInstanceStatus"] == "Stopped"
    client.start_notebook_instance(NotebookInstanceName=name)
    assert settled(aws, name)["NotebookInstanceStatus"] == "InService"

    starts = aws.state / "notebooks" / name / "home" / "ec2-user" / "SageMaker" / "starts"
    assert starts.read_text().split() == ["once", "once"]


def test_nothing_is_left_of_them_after_the_emulator(
    tmp_path: Path,
) -> None:
    aws = start_aws(state=tmp_path / "aws", authority=make_authority(tmp_path), lab=False)
    client = aws.client("sagemaker")
    lifecycle = {"NotebookInstanceLifecycleConfigName": "left"}
    marked = script("#!/bin/bash\nnohup sleep 9753 >/dev/null 2>&1 &\n")
    client.create_notebook_instance_lifecycle_config(**lifecycle, OnStart=[{"Content": marked}])
    client.create_notebook_instance(
        NotebookInstanceName="one",
        InstanceType="ml.t3.medium",
        RoleArn="arn:aws:iam::111122223333:role/notebook",
        LifecycleConfigName="left",
    )
    settled(aws, "one")
    assert sleepers()
    aws.stop()

    deadline = time.monotonic() + 5
    while sleepers() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not sleepers()


def sleepers() -> list[Path]:
    """Every process of the machine that the last test's script left running."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cmdline").read_bytes() == b"sleep\x009753\x00":
                found.append(process)
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found
