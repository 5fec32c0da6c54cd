"""Runs Livies without sessions, and has the fake notebook host's start script ask them."""

import contextlib
import shlex
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from emr_notebook.constructs.agent_archive import agent_archive
from sandbox.aws.emr.seed import ClusterSpec, InstanceSpec
from tests.conftest import ROOT

FIRST, SECOND = "127.0.0.1", "127.0.0.2"
SCRIPT = "assets/notebook/on_start.sh"
# The real start script, in the fake host's folder instead of a home, with an agent that was
# fetched before, and slow when told to.
FAKE_HOST_SETTINGS = """NOTEBOOK_HOME=$PWD NOTEBOOK_PROGRAMS={programs}
NOTEBOOK_USER=$(id -un) LIVY_CHECK_SECONDS=1
while [[ -e SageMaker/slow ]]; do sleep 0.1; done
"""


def adapt_start_script(root: Path) -> None:
    """Have the checkout's start script do its work in the fake host's folder."""
    agent, programs = agent_archive(), root.absolute() / "programs"
    programs.mkdir()
    (programs / agent.file_name).write_bytes(agent.content)
    settings = FAKE_HOST_SETTINGS.format(programs=shlex.quote(str(programs)))
    shebang, rest = (ROOT / SCRIPT).read_text().split("\n", 1)
    (root / SCRIPT).write_text(f"{shebang}\n{settings}{rest}")


def cluster_at(cluster_id: str, address: str, port: int, **changes: Any) -> ClusterSpec:
    """A cluster whose primary is there, and says that its Livy listens on the port."""
    conf = {"Classification": "livy-conf", "Properties": {"livy.server.port": str(port)}}
    return ClusterSpec(
        cluster_id,
        name="nightly",
        instances=(InstanceSpec(address),),
        configurations=(conf,),
        **changes,
    )


class IdleLivy(BaseHTTPRequestHandler):
    """A Livy without sessions."""

    def do_GET(self) -> None:
        body = b'{"from":0,"total":0,"sessions":[]}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Not on the tests' output."""


@contextlib.contextmanager
def idle_livies() -> Iterator[int]:
    """A Livy at each of the two addresses, on one port."""
    with contextlib.ExitStack() as running:
        with socket.create_server((FIRST, 0)) as probe:
            port = int(probe.getsockname()[1])
        for address in (FIRST, SECOND):
            server = ThreadingHTTPServer((address, port), IdleLivy)
            running.callback(server.server_close)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            running.callback(server.shutdown)
        yield port
