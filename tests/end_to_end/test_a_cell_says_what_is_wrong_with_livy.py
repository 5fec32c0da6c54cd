"""One open kernel, whose Livy breaks off, restarts, moves and dies: what its next cells say."""

import contextlib
import json
import os
import re
import socket
import threading

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from emr_notebook.constructs import start_script
from sandbox.jupyter.outputs import output_of
from sandbox.jupyter.run_notebook import ANSI_ESCAPE, NotebookFailed, run_notebook
from tests.assets.notebook.agent.scripted_livy import scripted_livy
from tests.assets.notebook.scratch_instance import AGENT, BODY, values
from tests.conftest import ROOT
from tests.sandbox.livy.running_livy import running_stand_in
from tests.sandbox.notebook_host.running_hosts import Host

pytestmark = [pytest.mark.sandbox, pytest.mark.minutes(0.7)]

NAME = "analytics.test.internal"
FIRST, SECOND = "127.77.0.12", "127.77.0.13"
# A dead proxy everywhere, and less patience than a person's.
PREPARE = """%%local
import os
from emr_notebook_agent import sparkmagic_patches
sparkmagic_patches.RETRY_SECONDS = 1.5
for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "https_proxy"):
    os.environ[name] = "http://127.0.0.1:9"
print(sparkmagic_patches.__file__)
"""
REFUSED = '%%configure -f\n{"conf": {"spark.submit.deployMode": "client"}}'
TABLE = """%%sql -o frame -q
SELECT '007' AS code, '2026-11-29' AS day, CAST(NULL AS STRING) AS nothing, 3 AS number
"""
SHOW_TABLE = "%%local\nprint(list(frame.columns), frame.values.tolist())"


class Relay:
    """Hands a port's connections on to a Livy, and breaks one off when it is told to."""

    def __init__(self, host: str, port: int, target: tuple[str, int]) -> None:
        self.target = target
        self.breaks_at = b""
        self._server = socket.create_server((host, port))
        self._open: list[socket.socket] = []
        self.port: int = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """As the server's machine does when the server ends."""
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self.hang_up()

    def hang_up(self) -> None:
        for each in self._open:
            end(each)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            server = socket.create_connection(self.target)
            self._open += [client, server]
            for ends in ((client, server), (server, client)):
                threading.Thread(target=self._copy, args=ends, daemon=True).start()

    def _copy(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                if self.breaks_at and re.search(self.breaks_at, data):
                    self.breaks_at = b""
                    break
                sink.sendall(data)
        except OSError:
            pass
        end(source)
        end(sink)


def end(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()


def may_fail(source: str) -> NotebookNode:
    return new_code_cell(source, metadata={"tags": ["raises-exception"]})  # type: ignore[no-untyped-call,no-any-return]


def start_here() -> str:
    """The first code cell of START HERE."""
    cells = json.loads((ROOT / "assets/notebook/start_here.ipynb").read_text())["cells"]
    return next("".join(each["source"]) for each in cells if each["cell_type"] == "code")


CELLS = {
    "prepared": PREPARE,
    "start here": start_here(),
    "refused settings": REFUSED,
    "refused session": "1",
    "other settings": "%%configure -f\n{}",
    "first": "x = 41",
    "broken off": "x + 1",
    "failing": "1 / 0",
    "next": "print('x is', x)",
    "table": TABLE,
    "shown table": SHOW_TABLE,
    "restarted": "x",
    "replaced": "x",
    "start here again": start_here(),
    "dead": "x",
    "run all": "x",
    "never": "%%local\nprint('never')",
}
MAY_FAIL = {"refused settings", "refused session", "failing", "restarted", "replaced", "dead"}


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What each cell printed, its error included."""
    folder = tmp_path_factory.mktemp("a kernel")
    host = Host(folder)
    hosts = folder / "hosts"
    with running_stand_in(folder / "livy") as (livy, _), scripted_livy() as restarted:
        address, _, port = livy.url.removeprefix("http://").partition(":")
        relay = Relay(FIRST, 0, (address, int(port)))
        successor = Relay(SECOND, relay.port, ("127.0.0.1", restarted.server_port))
        hosts.write_text(f"127.0.0.1 localhost\n{FIRST} {NAME}\n")
        url = f"http://{NAME}:{relay.port}"
        *_, last = host.start(script(host, url), "--hosts", str(hosts))
        names = list(CELLS)

        def after(number: int, _total: int, _seconds: float) -> None:
            match names[number]:
                case "broken off":
                    relay.breaks_at = rb"GET /sessions/\d+/statements/"
                case "restarted":
                    relay.target = ("127.0.0.1", restarted.server_port)
                    relay.hang_up()
                case "replaced":
                    hosts.write_text(f"127.0.0.1 localhost\n{SECOND} {NAME}\n")
                case "start here again":
                    hosts.write_text(f"127.0.0.1 localhost\n{FIRST} {NAME}\n")
                    relay.close()

        cells = [
            may_fail(source) if name in MAY_FAIL else new_code_cell(source)  # type: ignore[no-untyped-call]
            for name, source in CELLS.items()
        ]
        try:
            with pytest.raises(NotebookFailed) as stopped:
                run_notebook(
                    last["url"],
                    None,
                    new_notebook(cells=cells),  # type: ignore[no-untyped-call]
                    on_cell=lambda n, total, s: after(n, total, s) if n < len(names) else None,
                )
        finally:
            host.stop()
            successor.close()
    assert stopped.value.notebook is not None
    found = {
        name: text_of(cell) for name, cell in zip(names, stopped.value.notebook.cells, strict=True)
    }
    tables = [stopped.value.notebook.cells[names.index(name)] for name in ("table", "shown table")]
    found["warnings"] = "".join(
        output.text for cell in tables for output in cell.outputs if output.get("name") == "stderr"
    )
    found["kind of failure"] = stopped.value.ename
    found["log"] = host.log()
    return found


def script(host: Host, url: str) -> str:
    """The start script of a notebook that has its agent already."""
    kept = host.volume / ".emr-notebook/agent" / AGENT.file_name
    kept.parent.mkdir(parents=True)
    kept.write_bytes(AGENT.content)
    if os.getuid() == 0:
        for path in (host.volume, *kept.relative_to(host.volume).parents[:2]):
            os.chown(host.volume / path, 1000, 1000)
    config = json.dumps(start_script.sparkmagic_config())
    header = values(LIVY_URL=url, SPARKMAGIC_CONFIG=config)
    return "\n".join(start_script.script_lines(header, BODY))


def text_of(cell: NotebookNode) -> str:
    """All that a cell printed, then its error as it is shown."""
    errors = ["\n".join(x.traceback) for x in cell.outputs if x.output_type == "error"]
    return ANSI_ESCAPE.sub("", output_of(cell) + "\n".join(errors))


def test_a_kernel_runs_the_agent_that_root_keeps(said: dict[str, str]) -> None:
    # And none that is installed beside SparkMagic, as in the development environment.
    assert said["prepared"].startswith("/opt/emr-notebook/")


def test_start_here_looks_at_livy_each_time_its_first_cell_runs(said: dict[str, str]) -> None:
    assert f"Livy at http://{NAME}:" in said["start here"]
    assert " answers (looked at " in said["start here"]
    assert "check: ok" in said["log"]


def test_a_configuration_that_livy_refuses_is_told_with_its_reason_once(
    said: dict[str, str],
) -> None:
    told = said["refused session"]

    assert told.startswith("Livy refuses this configuration of the session (HTTP 400): ")
    assert "Blacklisted configuration values in session config: spark.submit.deployMode" in told
    assert told.count("Blacklisted") == 1
    assert "Traceback" not in told


def test_with_another_configuration_the_same_kernel_goes_on(said: dict[str, str]) -> None:
    assert "SparkSession available as 'spark'" in said["first"]


def test_a_connection_that_breaks_off_while_a_cell_is_awaited_loses_nothing(
    said: dict[str, str],
) -> None:
    assert "Trying again for 1.5 seconds." in said["broken off"]
    assert "42" in said["broken off"]


def test_a_failing_cell_shows_its_own_traceback_and_the_next_one_works(
    said: dict[str, str],
) -> None:
    assert "ZeroDivisionError: division by zero" in said["failing"]
    assert "sparkmagic" not in said["failing"]
    assert "x is 41" in said["next"]


def test_text_stays_text_and_a_column_of_nulls_stays(said: dict[str, str]) -> None:
    columns = ["code", "day", "nothing", "number"]

    assert said["shown table"] == f"{columns} {[['007', '2026-11-29', None, 3]]}\n"
    assert said["warnings"] == ""


def test_after_livys_restart_a_cell_says_that_the_session_is_gone(said: dict[str, str]) -> None:
    told = said["restarted"]

    assert re.search(rf"Livy at http://{NAME}:\d+ has no Spark session \d+ any more", told)
    assert told.endswith("Next: restart the kernel.")


def test_after_the_clusters_replacement_a_cell_says_so(said: dict[str, str]) -> None:
    told = said["replaced"]

    assert f"The cluster was replaced: {NAME} led to {FIRST} and leads to {SECOND} now" in told
    assert told.endswith("Next: restart the kernel.")


def test_a_dead_livy_is_told_with_the_time_of_its_last_answer(said: dict[str, str]) -> None:
    told = said["dead"]

    assert f"Livy at http://{NAME}:" in told
    assert "refused" in told
    assert "Its last answer was at " in told
    assert "Next: start livy-server on the primary, then restart the kernel." in told
    assert "cluster is full" not in told


def test_a_failing_cell_stops_run_all(said: dict[str, str]) -> None:
    # The kernel's own answer, and not the sandbox's reading of what it printed.
    assert said["kind of failure"] == "HttpClientException"
    assert said["never"] == ""
