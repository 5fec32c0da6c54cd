"""A real Jupyter server, its kernel and its terminal, as the watcher sees them."""

import asyncio
import json
import os
import secrets
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from nbformat.v4 import new_code_cell, new_notebook
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

from emr_notebook_agent import jupyter, processes
from emr_notebook_agent.idle import Activity
from sandbox.isolation.processes import Child
from sandbox.jupyter.run_notebook import run_notebook
from tests.sandbox.aws.running_aws import wait_until

pytestmark = pytest.mark.sandbox

TOKEN = secrets.token_hex(16)


class Jupyter:
    """A server of its own, in a home of its own; what the watcher finds there."""

    def __init__(self, home: Path) -> None:
        self.home = home

    @property
    def address(self) -> str:
        [server] = jupyter.servers(self.home)
        return server.url.rstrip("/")

    def is_up(self) -> bool:
        return any(True for _ in jupyter.servers(self.home)) and not self.look().unseen

    def look(self) -> Activity:
        return jupyter.look(self.home)

    def started(self) -> list[str]:
        """The names of the user's programs that have this home."""
        table = processes.running()
        mine = {pid: each for pid, each in table.items() if each.home == str(self.home)}
        return [each.program for each in processes.started_by_user(mine)]

    def post(self, path: str) -> Any:
        request = urllib.request.Request(  # noqa: S310 - http to loopback
            f"{self.address}/{path}",
            method="POST",
            data=b"{}",
            headers={"Authorization": f"token {TOKEN}"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return json.load(answer)

    def type(self, terminal: str, line: str) -> None:
        """Type a line into a terminal, as a browser does."""

        async def send() -> None:
            url = f"{self.address.replace('http', 'ws', 1)}/terminals/websocket/{terminal}"
            headers = {"Authorization": f"token {TOKEN}"}
            socket = await websocket_connect(HTTPRequest(url, headers=headers))
            await socket.read_message()
            await socket.write_message(json.dumps(["stdin", f"{line}\r"]))
            await socket.read_message()
            socket.close()

        asyncio.run(send())


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jupyter]:
    home = tmp_path_factory.mktemp("home")
    found = Jupyter(home)
    options = {"token": TOKEN, "root_dir": home, "port": 0, "open_browser": False}
    command = [sys.executable, "-m", "jupyter_server", "--allow-root"]
    command += [f"--ServerApp.{key}={value}" for key, value in options.items()]
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    env = {"HOME": str(home), "PATH": path, "SHELL": "/bin/sh"}
    with Child("Jupyter", command, env=env, log=home / "log", cwd=home):
        wait_until(found.is_up, seconds=60)
        yield found


def test_a_kernel_is_busy_while_a_cell_runs_and_waits_for_another_after_it(
    server: Jupyter,
) -> None:
    done = server.home / "done"
    cell = f"import os, time\nwhile not os.path.exists({str(done)!r}):\n    time.sleep(0.05)"
    notebook = new_notebook(cells=[new_code_cell(cell)])  # type: ignore[no-untyped-call]
    options = {"kernel_name": "python3", "path": "train.ipynb"}
    running = threading.Thread(
        target=run_notebook, args=(server.address, TOKEN, notebook), kwargs=options
    )
    running.start()
    wait_until(lambda: server.look().in_use == ("the kernel of train.ipynb is busy",), seconds=60)
    # The kernel itself is no program that its user has left running.
    assert server.started() == []
    done.touch()
    running.join()

    assert server.look().in_use == ()


def test_a_terminal_keeps_the_notebook_while_a_program_runs_in_it_and_its_input_is_a_use(
    server: Jupyter,
) -> None:
    before = server.look()
    terminal = server.post("api/terminals")["name"]
    opened = server.look()

    assert opened.marks.keys() - before.marks.keys() == {f"terminal {server.address}/ {terminal}"}
    wait_until(lambda: server.started() == [])
    server.type(terminal, "sleep 1000")
    wait_until(lambda: server.started() == ["sleep"])
    assert server.look().marks != opened.marks
    assert server.look().in_use == ()
