"""Real watchers, of several starts at once: what is left of them, and what the last one does."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import emr_notebook_agent
from emr_notebook_agent.processes import is_agent, running

ARN = "arn:aws:sagemaker:eu-west-1:111122223333:notebook-instance/alice"
# The machine's own processes, and its Jupyter servers, are nobody's here.
MAIN = """
import sys
sys.path.insert(0, {package!r})
from pathlib import Path
from emr_notebook_agent import idle, instance, main, watch

watch.look = lambda home: idle.Activity()
instance.own.__defaults__ = (Path({metadata!r}),)
sys.exit(main.main(sys.argv[1:]))
"""


class Machine:
    """A home, an agent whose instance is described, and an AWS CLI that takes everything down."""

    def __init__(self, folder: Path) -> None:
        self.home, self._started = folder / "home", list[subprocess.Popen[bytes]]()
        self.asked = folder / "asked"
        metadata = folder / "metadata.json"
        metadata.write_text(json.dumps({"ResourceArn": ARN, "ResourceName": "alice"}))
        tools, self._agent = folder / "bin", folder / "agent.pyz"
        for path in (self.home, tools, self._agent):
            path.mkdir()
        package = str(Path(emr_notebook_agent.__file__).parents[1])
        text = MAIN.format(package=package, metadata=str(metadata))
        (self._agent / "__main__.py").write_text(text)
        aws = tools / "aws"
        aws.write_text(f'#!/bin/sh\necho "$@" >>{self.asked}\n')
        aws.chmod(0o755)
        self._path = f"{tools}:{os.environ['PATH']}"

    def start(self, minute_seconds: float) -> None:
        variables = {
            "HOME": str(self.home),
            "PATH": self._path,
            "IDLE_MINUTES": "10",
            "IDLE_MINUTE_SECONDS": str(minute_seconds),
        }
        command = [sys.executable, "-I", str(self._agent), "watch"]
        self._started.append(subprocess.Popen(command, env=variables))

    def ended(self) -> int:
        return sum(each.poll() is not None for each in self._started)

    def watchers(self) -> list[int]:
        table = running().values()
        return [x.pid for x in table if is_agent(x, "watch") and x.home == str(self.home)]

    def said(self) -> str:
        status = self.home / "SageMaker/.emr-notebook/status.txt"
        return status.read_text() if status.exists() else ""

    def end(self) -> None:
        for each in self._started:
            if each.poll() is None:
                each.send_signal(signal.SIGKILL)
            each.wait()


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    found = Machine(tmp_path)
    yield found
    found.end()


def eventually(found: Callable[[], object]) -> bool:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if found():
            return True
        time.sleep(0.05)
    return False


def test_of_four_starts_at_once_one_watcher_is_left_and_a_later_one_takes_over(
    machine: Machine,
) -> None:
    for _ in range(4):
        machine.start(60)

    assert eventually(lambda: machine.ended() == 3)
    [before] = machine.watchers()
    machine.start(60)
    assert eventually(lambda: machine.ended() == 4)
    assert before not in machine.watchers()


def test_a_notebook_that_nobody_opens_stops_itself_and_says_so_where_the_next_start_finds_it(
    machine: Machine,
) -> None:
    machine.start(0.05)

    assert eventually(machine.asked.exists)
    assert "stop-notebook-instance --region eu-west-1 --notebook-instance-name alice" in (
        machine.asked.read_text()
    )
    log = (machine.home / "SageMaker/.emr-notebook/agent.log").read_text()
    assert "idle_stop: stops this notebook: idle for 10 minutes" in log
    assert "idle_stop: stopping since " in machine.said()
