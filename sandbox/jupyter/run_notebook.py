"""Executes a notebook in a running JupyterLab, as somebody with a browser would."""

import asyncio
import contextlib
import copy
import math
import re
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from sandbox.errors import SandboxError
from sandbox.jupyter.remote_kernel import RemoteKernelClient
from sandbox.jupyter.server import JupyterServer

KERNEL_READY_SECONDS = 60

# SparkMagic's kernels print Spark's errors, and their own, and call the cell a success.
SPARKMAGIC_ERROR = re.compile(
    r"^(An error was encountered:|An internal error was encountered\."
    r"|The code failed because of a fatal error:)\s*(.*)",
    re.DOTALL | re.MULTILINE,
)
ANSI_ESCAPE = re.compile(r"\x1b\[[0-9;]*m")

OnCell = Callable[[int, int, float], None]


class NotebookFailed(SandboxError):
    """A cell that did not succeed.

    `cell_index` counts all cells from 0, `text` is the error as the notebook shows it, plain, and
    `notebook` holds the outputs up to there.
    """

    def __init__(self, cell_index: int, ename: str, evalue: str, text: str) -> None:
        super().__init__(f"Cell {cell_index + 1} of the notebook failed: {ename}: {evalue}\n{text}")
        self.cell_index = cell_index
        self.ename = ename
        self.evalue = evalue
        self.text = text
        self.notebook: NotebookNode | None = None


def run_notebook(
    url: str,
    token: str | None,
    notebook: NotebookNode | Path,
    *,
    kernel_name: str = "pysparkkernel",
    cell_timeout: float = 300.0,
    on_cell: OnCell = lambda _number, _total, _seconds: None,
    path: str = "notebook.ipynb",
) -> NotebookNode:
    """Run the cells in order in a kernel of the server's, and return the notebook with outputs.

    `url` is any address of the JupyterLab; `token` None takes the address's. The notebook is
    saved at `path` (a Path's own name, when one is given) below the server's root before it
    runs and again after, whether or not it succeeded. `on_cell` is told, after each code cell,
    its number from 1, how many there are, and the seconds it took; `cell_timeout` is in seconds.
    Raises NotebookFailed at the first cell with an error. The kernel is shut down in any case.
    """
    executed: NotebookNode
    if isinstance(notebook, Path):
        path = notebook.name
        executed = nbformat.read(notebook, as_version=4)  # type: ignore[no-untyped-call]
    else:
        executed = copy.deepcopy(notebook)
    server = JupyterServer(url, token)
    server.save(path, executed)
    try:
        with server.session(path, kernel_name) as kernel_id:
            _wait_for(_execute(server, kernel_id, executed, cell_timeout, on_cell))
    except BaseException as error:
        if isinstance(error, NotebookFailed):
            error.notebook = executed
        with contextlib.suppress(SandboxError):
            server.save(path, executed)
        raise
    server.save(path, executed)
    return executed


def _wait_for(work: Coroutine[Any, Any, None]) -> None:
    """Run it on a thread of its own, so that what a signal raises is raised here as it is.

    In asyncio's own thread nbclient would take an interrupt for the death of the kernel.
    """
    running: Future[tuple[asyncio.AbstractEventLoop, asyncio.Task[None]]] = Future()

    async def announced() -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - it runs in one
        running.set_result((asyncio.get_running_loop(), task))
        await work

    with ThreadPoolExecutor(max_workers=1) as thread:
        done = thread.submit(asyncio.run, announced())
        try:
            done.result()
        except BaseException:
            if not done.done():
                loop, task = running.result()
                loop.call_soon_threadsafe(task.cancel)
            raise


async def _execute(
    server: JupyterServer,
    kernel_id: str,
    notebook: NotebookNode,
    cell_timeout: float,
    on_cell: OnCell,
) -> None:
    client = NotebookClient(notebook, timeout=math.ceil(cell_timeout))  # takes whole seconds only
    client.reset_execution_trackers()
    address = server.channels_url(kernel_id)
    async with RemoteKernelClient.connected_to(address, server.token) as kernel:
        client.kc = kernel
        await kernel.wait_for_ready(timeout=KERNEL_READY_SECONDS)
        code_cells = [index for index, cell in enumerate(notebook.cells) if _is_run(cell)]
        for number, index in enumerate(code_cells, start=1):
            started = time.monotonic()
            await _execute_cell(client, index)
            on_cell(number, len(code_cells), time.monotonic() - started)
        client.set_widgets_metadata()


async def _execute_cell(client: NotebookClient, index: int) -> None:
    cell = client.nb.cells[index]
    try:
        await client.async_execute_cell(cell, index)
    except CellExecutionError as error:
        text = ANSI_ESCAPE.sub("", error.traceback).strip()
        # Of an error on Spark the message is the whole stack trace; the text has it, too.
        said = error.evalue.strip().partition("\n")[0]
        raise NotebookFailed(index, error.ename, said, text) from error
    except CellTimeoutError as error:
        limit = f"it took longer than its limit of {client.timeout} s"
        raise NotebookFailed(index, "CellTimeoutError", limit, cell.source) from error
    except DeadKernelError as error:
        raise NotebookFailed(index, "DeadKernelError", "its kernel died", cell.source) from error
    failure = sparkmagic_failure(index, cell)
    if failure is not None and "raises-exception" not in cell.metadata.get("tags", []):
        raise failure


def sparkmagic_failure(index: int, cell: NotebookNode) -> NotebookFailed | None:
    """The error that a SparkMagic kernel wrote among the executed cell's outputs, if any."""
    for output in cell.outputs:
        if output.output_type == "stream" and output.name == "stderr":
            found = SPARKMAGIC_ERROR.search(output.text)
            if found:
                text = ANSI_ESCAPE.sub("", found.group(2)).strip()
                return NotebookFailed(index, "SparkMagic", text.partition("\n")[0], text)
    return None


def _is_run(cell: NotebookNode) -> bool:
    return bool(cell.cell_type == "code" and cell.source.strip())
