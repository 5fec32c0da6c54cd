"""A notebook runs in a real JupyterLab, cell by cell, and its failures are told."""

import json
import os
import signal
import socket
import threading
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from sandbox.errors import SandboxError
from sandbox.isolation.contained import Terminated
from sandbox.jupyter.run_notebook import NotebookFailed, run_notebook
from tests.sandbox.notebook_host.running_hosts import Host

pytestmark = pytest.mark.sandbox


class Lab:
    """A notebook instance in service."""

    def __init__(self, host: Host) -> None:
        self.host = host
        *_, last = host.start()
        self.url: str = last["url"]

    def kernels(self) -> list[Any]:
        """The kernels that its JupyterLab runs now."""
        with urllib.request.urlopen(self.url.replace("/lab?", "/api/kernels?")) as answer:  # noqa: S310
            listed: list[Any] = json.load(answer)
            return listed

    def saved(self, name: str = "notebook.ipynb") -> NotebookNode:
        """The notebook as it lies on the instance's volume."""
        return nbformat.read(self.host.volume / name, as_version=4)  # type: ignore[no-untyped-call,no-any-return]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    host = Host(tmp_path_factory.mktemp("a notebook"))
    yield Lab(host)
    host.stop()


def notebook(*sources: str) -> NotebookNode:
    cells = [new_code_cell(source) for source in sources]  # type: ignore[no-untyped-call]
    return new_notebook(cells=cells)  # type: ignore[no-untyped-call,no-any-return]


def output(cell: NotebookNode) -> str:
    text: str = cell.outputs[0].text if "text" in cell.outputs[0] else cell.outputs[0].data
    return text


def test_cells_run_as_ec2_user_on_the_instances_volume(lab: Lab) -> None:
    where = notebook("import os; print(os.getcwd(), os.environ['HOME'], os.getuid())")

    executed = run_notebook(lab.url, None, where, kernel_name="python3")

    user = 1000 if os.getuid() == 0 else 0
    assert output(executed.cells[0]) == f"/home/ec2-user/SageMaker /home/ec2-user {user}\n"
    assert lab.kernels() == []


def test_the_executed_notebook_is_saved_under_its_own_name(lab: Lab, tmp_path: Path) -> None:
    path = tmp_path / "my first notebook.ipynb"
    nbformat.write(notebook("6 * 7"), path)  # type: ignore[no-untyped-call]

    run_notebook(lab.url, None, path, kernel_name="python3")

    saved = lab.saved("my first notebook.ipynb")
    assert saved.cells[0].outputs[0].data["text/plain"] == "42"
    given = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    assert given.cells[0].outputs == []


def test_each_code_cell_is_reported_with_its_number_and_seconds(lab: Lab) -> None:
    seen: list[tuple[int, int, float]] = []
    three = notebook("1", "", "import time; time.sleep(0.5)")
    three.cells.insert(0, new_markdown_cell("# Title"))  # type: ignore[no-untyped-call]

    run_notebook(
        lab.url, None, three, kernel_name="python3", on_cell=lambda *cell: seen.append(cell)
    )

    assert [(number, total) for number, total, _ in seen] == [(1, 2), (2, 2)]
    assert seen[0][2] < 0.5 <= seen[1][2] < 2


def test_waiting_for_a_cell_costs_no_processor_time(lab: Lab) -> None:
    before = time.process_time()

    run_notebook(lab.url, None, notebook("import time; time.sleep(3)"), kernel_name="python3")

    assert time.process_time() - before < 0.5


def test_an_error_names_its_cell_and_ends_the_run_and_the_kernel(lab: Lab) -> None:
    with pytest.raises(NotebookFailed, match="Cell 2 of the notebook failed") as failed:
        run_notebook(lab.url, None, notebook("1", "1/0", "2"), kernel_name="python3")

    assert failed.value.cell_index == 1
    assert (failed.value.ename, failed.value.evalue) == ("ZeroDivisionError", "division by zero")
    assert "\x1b" not in failed.value.text
    assert [len(cell.outputs) for cell in lab.saved().cells] == [1, 1, 0]
    assert lab.kernels() == []


def test_a_cell_over_its_limit_fails_and_its_kernel_goes(lab: Lab) -> None:
    slow = notebook("import time; time.sleep(300)")

    with pytest.raises(NotebookFailed, match="longer than its limit of 1 s") as failed:
        run_notebook(lab.url, None, slow, kernel_name="python3", cell_timeout=1)

    assert failed.value.ename == "CellTimeoutError"
    assert lab.kernels() == []


def test_a_kernel_that_dies_fails_the_cell(lab: Lab) -> None:
    with pytest.raises(NotebookFailed, match="its kernel died"):
        run_notebook(lab.url, None, notebook("import os; os._exit(1)"), kernel_name="python3")

    assert lab.kernels() == []


def test_an_interrupted_run_leaves_no_kernel(lab: Lab) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_notebook(lab.url, None, notebook("1"), kernel_name="python3", on_cell=interrupt)

    assert lab.kernels() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_in_the_middle_of_a_cell_is_not_taken_for_its_kernels_death(
    lab: Lab, number: signal.Signals, capfd: pytest.CaptureFixture[str]
) -> None:
    def end(*_: object) -> None:
        raise Terminated(number)

    def soon(*_: object) -> None:
        threading.Timer(0.5, os.kill, [os.getpid(), number]).start()

    slow = notebook("1", "import time; time.sleep(60)")
    before = signal.signal(number, end)
    try:
        with pytest.raises(Terminated):
            run_notebook(lab.url, None, slow, kernel_name="python3", on_cell=soon)
    finally:
        signal.signal(number, before)

    assert lab.kernels() == []
    assert capfd.readouterr() == ("", "")


def test_the_pyspark_kernel_runs_local_cells(lab: Lab) -> None:
    executed = run_notebook(lab.url, None, notebook("%%local\nprint(6 * 7)"))

    assert output(executed.cells[0]) == "42\n"


def test_a_pyspark_cell_without_a_livy_fails_though_the_kernel_calls_it_a_success(lab: Lab) -> None:
    with pytest.raises(NotebookFailed, match="Error sending http request") as failed:
        run_notebook(lab.url, None, notebook("spark.range(5).count()"))

    assert failed.value.ename == "SparkMagic"
    assert lab.saved().cells[0].outputs[0].name == "stderr"


def test_a_proxy_that_a_kernel_is_given_takes_its_calls_to_livy(lab: Lab) -> None:
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        proxy.settimeout(30)
        address = f"http://127.0.0.1:{proxy.getsockname()[1]}"
        given = f"%%local\nimport os\nos.environ['http_proxy'] = {address!r}"
        asked = ThreadPoolExecutor(1).submit(first_line, proxy)

        with pytest.raises(NotebookFailed, match="Error sending http request"):
            run_notebook(lab.url, None, notebook(given, "spark.range(5).count()"))

        assert asked.result().startswith("POST http://localhost:8998/sessions")


def first_line(proxy: socket.socket) -> str:
    """What the proxy is asked first; it hangs up then."""
    caller, _ = proxy.accept()
    with caller, caller.makefile() as text:
        return text.readline()


def test_an_unknown_kernel_is_refused_in_jupyterlabs_words(lab: Lab) -> None:
    with pytest.raises(SandboxError, match="'nope' kernel is not available"):
        run_notebook(lab.url, None, notebook("1"), kernel_name="nope")


def test_a_server_that_is_not_there_is_named() -> None:
    with pytest.raises(SandboxError, match=r"No JupyterLab answers at http://127\.0\.0\.1:9"):
        run_notebook("http://127.0.0.1:9/lab", "token", notebook("1"))
