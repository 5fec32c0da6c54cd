"""Ctrl-C, which a terminal sends to a command and to all that it has started."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sandbox.environment import clean_environment
from tests.conftest import ROOT

COMMAND = ("-m", "emr_notebook")


@dataclass
class Silent:
    """An AWS that takes connections and says nothing."""

    server: socket.socket

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.getsockname()[1]}"

    def is_asked(self) -> bool:
        try:
            self.server.accept()
        except BlockingIOError:
            return False
        return True


@pytest.fixture
def silent() -> Iterator[Silent]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield Silent(server)


def interrupted(
    *arguments: str, when: Callable[[], bool], temporary: Path, **variables: str
) -> tuple[int, str, str]:
    """A command's status, output and errors, when Ctrl-C is pressed once that is so."""
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**clean_environment(), "TMPDIR": str(temporary), **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while not when():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


@pytest.mark.parametrize(
    "command",
    [*(pytest.param(each, marks=pytest.mark.slow) for each in ("doctor", "verify")), "status"],
)
def test_that_comes_while_aws_is_silent_is_one_line(
    command: str, silent: Silent, tmp_path: Path
) -> None:
    ended = interrupted(
        *(*COMMAND, command, "--stage", "example"),
        when=silent.is_asked,
        temporary=tmp_path,
        AWS_ENDPOINT_URL=silent.url,
    )

    assert ended == (130, "", "error: interrupted\n")


@pytest.mark.slow
def test_that_comes_while_a_stage_is_synthesized_is_one_line(tmp_path: Path) -> None:
    # Node has been started, and says more than enough when it is interrupted, too.
    ended = interrupted(
        *(*COMMAND, "plan", "--stage", "example"),
        when=lambda: any(tmp_path.glob("jsii-kernel-*")),
        temporary=tmp_path,
    )

    assert ended == (130, "", "error: interrupted\n")


def test_that_comes_while_python_loads_the_command_is_one_line(tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    slow = f"import pathlib, time\npathlib.Path({str(begun)!r}).touch()\ntime.sleep(60)\n"
    (tmp_path / "typer.py").write_text(slow)
    ended = interrupted(*COMMAND, when=begun.exists, temporary=tmp_path, PYTHONPATH=str(tmp_path))

    assert ended == (130, "", "error: interrupted\n")
