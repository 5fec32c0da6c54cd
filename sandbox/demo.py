"""Runs `make demo`: from nothing to a Spark result in a deployed notebook, checked at each step."""

import shutil
import signal
import time
import traceback
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import nbformat
from nbconvert import HTMLExporter
from nbformat import NotebookNode
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from emr_notebook.settings.file import load_stage
from sandbox import data
from sandbox.deployment import STAGE, Deployment, bootstrap, deploy
from sandbox.errors import SandboxError
from sandbox.isolation.contained import Terminated
from sandbox.jupyter.outputs import output_of, spark_table
from sandbox.jupyter.run_notebook import NotebookFailed, run_notebook
from sandbox.jupyter.static_outputs import with_static_outputs
from sandbox.report import Progress, Report
from sandbox.spark.failures import java_cause
from sandbox.world import Options, World, start_world

EXAMPLE = Path("examples/spark_on_emr.ipynb")
CELL_SECONDS = 180
SHOWN = (EXAMPLE.name, EXAMPLE.with_suffix(".html").name, "report.json")


def run_demo(options: Options, console: Console) -> int:
    """Run the demo, and answer the exit status: 0, or 1 when a step failed.

    Whatever happens, `report.json` is written and nothing is left running.
    """
    report = Report()
    progress = Progress(console, lambda step: _begin(step, options, report, progress))
    _forget_earlier_results(options.state)
    status = 1
    try:
        with ExitStack() as running:
            _chain(options, running, progress, report)
            with progress.step("Tear everything down"):
                running.close()
        status, report.error = 0, None
    except (SandboxError, OSError) as error:
        report.error = f"{progress.failed}: {error}"
    except KeyboardInterrupt:
        report.error, status = f"{progress.failed}: interrupted", 128 + signal.SIGINT
    except Terminated as end:
        report.error = f"{progress.failed}: {signal.Signals(end.number).name} ended it from outside"
        status = 128 + end.number
    except Exception as error:
        # None that the demo foresees; its place is for whoever mends it, not for the terminal.
        log = options.state / "logs" / "traceback.log"
        log.write_text(traceback.format_exc())
        report.error = f"{progress.failed}: {type(error).__name__}: {error} (see {log})"
    report.write(options.state / "report.json", progress.steps)
    if status == 0:
        _show(console, options, report, progress)
    elif status == 1:
        console.print(f"\n[red]The demo failed at:[/] {escape(str(report.error))}", highlight=False)
    return status


def _begin(step: str, options: Options, report: Report, progress: Progress) -> None:
    """Write what is true should nobody be left to write more: the demo did not end."""
    report.error = f"{step}: it did not end: the demo still runs, or was killed"
    report.write(options.state / "report.json", progress.steps)


def _forget_earlier_results(state: Path) -> None:
    """A failed run must not leave an earlier run's result to be taken for its own.

    The report is this run's already.
    """
    for name in (*SHOWN[:2], "outputs.json"):
        (state / name).unlink(missing_ok=True)
    shutil.rmtree(state / "logs", ignore_errors=True)
    (state / "logs").mkdir(parents=True)


def _chain(options: Options, running: ExitStack, progress: Progress, report: Report) -> None:
    settings = load_stage(STAGE, options.checkout / "config")
    world = start_world(options, settings, running, progress)
    report.livy, report.cluster = world.livy.version, world.cluster_id
    with progress.step("cdk bootstrap"):
        bootstrap(world)
    with progress.step("cdk deploy"):
        deployment = deploy(world)
    report.notebook = deployment.notebook_name
    with progress.step("Check the resolver's answer"):
        deployment.check_resolver()
    with progress.step("Check the notebook's start script"):
        deployment.check_start()
    with progress.step("Check SparkMagic's configuration"):
        _check_sparkmagic(deployment)
    with progress.step(f"Run {EXAMPLE.name} in the notebook"):
        executed = _run_example(deployment, progress, report)
    with progress.step("Check the result against the data"):
        report.spark_result = _checked_result(world, executed)


def _check_sparkmagic(deployment: Deployment) -> None:
    """Ask SparkMagic itself, in the notebook's own PySpark kernel, which Livy it would use."""
    probe = nbformat.v4.new_notebook(  # type: ignore[no-untyped-call]
        cells=[
            nbformat.v4.new_code_cell(  # type: ignore[no-untyped-call]
                "%%local\nfrom sparkmagic.utils import configuration\n"
                "print(configuration.base64_kernel_python_credentials()['url'])"
            )
        ]
    )
    executed = run_notebook(
        deployment.jupyter_url(), None, probe, cell_timeout=CELL_SECONDS, path="sparkmagic.ipynb"
    )
    used = output_of(executed.cells[0]).strip()
    if used != deployment.notebook_url:
        raise SandboxError(
            f"SparkMagic would use {used}, not the deployed {deployment.notebook_url}. The start "
            "script must write ~/.sparkmagic/config.json of ec2-user: look at "
            "assets/notebook/on_start.sh."
        )


def _run_example(deployment: Deployment, progress: Progress, report: Report) -> NotebookNode:
    options, lake = deployment.world.options, deployment.world.lake
    notebook = nbformat.read(options.checkout / EXAMPLE, as_version=4)  # type: ignore[no-untyped-call]
    parameters = _cell_tagged(notebook, "parameters")
    parameters.source = f'DATA = "{lake.data}"\nOUTPUT = "{lake.output}"'
    code_cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    first_result = code_cells.index(_cell_tagged(notebook, "first-result")) + 1
    started = time.monotonic()

    def on_cell(number: int, total: int, seconds: float) -> None:
        progress.note(f"cell {number} of {total}: {seconds:.1f} s")
        if number == first_result:
            report.first_result_seconds = round(time.monotonic() - started, 2)

    try:
        executed = run_notebook(
            deployment.jupyter_url(),
            None,
            notebook,
            cell_timeout=CELL_SECONDS,
            on_cell=on_cell,
            path=EXAMPLE.name,
        )
    except NotebookFailed as error:
        # Not the cell's own stack trace: the executed notebook has it.
        _save(error.notebook or notebook, options.state)
        cause = java_cause(error.text)
        said = [f"cell {error.cell_index + 1} failed: {error.evalue}"]
        said += [f"Java says: {cause}"] if cause else []
        raise SandboxError("\n".join([*said, f"See {options.state / EXAMPLE.name}"])) from error
    _save(executed, options.state)
    return executed


def _save(executed: NotebookNode, state: Path) -> None:
    """Write the notebook and its page, both readable without a kernel and without a network."""
    path, readable = state / EXAMPLE.name, with_static_outputs(executed)
    nbformat.write(readable, path)  # type: ignore[no-untyped-call]
    exporter = HTMLExporter(  # type: ignore[no-untyped-call]
        template_name="lab", mathjax_url="", mermaid_js_url="", require_js_url=""
    )
    page, _ = exporter.from_notebook_node(readable)
    path.with_suffix(".html").write_text(page, encoding="utf-8")


def _checked_result(world: World, executed: NotebookNode) -> list[dict[str, Any]]:
    """The rows that Spark printed last; SandboxError unless they are what the data adds up to."""
    rows = spark_table(output_of(_cell_tagged(executed, "result")))
    found = {row["zone"]: (int(row["trips"]), int(row["fare_cents"])) for row in rows}
    expected = data.expected_by_zone(data.make_trips())
    if found != expected:
        raise SandboxError(f"Spark's result is {found}; the data adds up to {expected}")
    stored = world.aws.client("s3").list_objects_v2(
        Bucket=data.BUCKET, Prefix=f"{data.OUTPUT}by_zone/part-"
    )
    if not stored.get("Contents"):
        raise SandboxError(f"Spark wrote no parquet file below {world.lake.output}")
    return rows


def _cell_tagged(notebook: NotebookNode, tag: str) -> NotebookNode:
    cells: list[NotebookNode] = notebook.cells
    return next(cell for cell in cells if tag in cell.metadata.get("tags", []))


def _show(console: Console, options: Options, report: Report, progress: Progress) -> None:
    rows = report.spark_result or []
    table = Table(title=f"Spark's result, through Livy ({report.livy}) on {report.cluster}")
    for name in rows[0]:
        table.add_column(name, justify="left" if name == "zone" else "right")
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    total = sum(seconds for _, seconds in progress.steps)
    console.print()
    console.print(table)
    console.print(
        f"{report.notebook}: first Spark result {report.first_result_seconds:.1f} s after opening "
        f"the kernel; {total:.0f} s in all. Look at:",
        highlight=False,
    )
    for name in SHOWN:
        console.print(f"  {(options.state / name).relative_to(options.checkout)}")
