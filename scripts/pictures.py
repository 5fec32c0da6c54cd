"""Draws the README's pictures from a real run: the demo's terminal, and its notebook in JupyterLab.

Needs a Chromium. Writes docs/demo.svg, docs/notebook-light.png and docs/notebook-dark.png.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, urlsplit

import nbformat
from rich.console import Console

from sandbox import browser
from sandbox.data import BUCKET, INPUT, OUTPUT
from sandbox.jupyter.run_notebook import run_notebook
from sandbox.jupyter.server import JupyterServer
from sandbox.jupyter.static_outputs import with_static_outputs
from sandbox.loopback import opener

CHECKOUT = Path(__file__).parents[1]
DOCS = CHECKOUT / "docs"
ENDPOINTS = CHECKOUT / ".sandbox/endpoints.json"
EXAMPLE = CHECKOUT / "examples/spark_on_emr.ipynb"
SANDBOX = [sys.executable, "-m", "sandbox"]
UP_SECONDS = 180
COLUMNS = 92
THEMES: dict[Literal["light", "dark"], str] = {
    "light": "JupyterLab Light",
    "dark": "JupyterLab Dark",
}


def main() -> int:
    """Draw all of them; what is there is replaced. Returns 1 when something is missing."""
    if browser.executable() is None:
        sys.stderr.write(f"error: {browser.MISSING}\n")
        return 1
    sys.stdout.write("Running the demo, then JupyterLab: two minutes\n")
    draw_terminal(DOCS / "demo.svg")
    with running_sandbox() as jupyter:
        notebook = nbformat.read(EXAMPLE, as_version=4)  # type: ignore[no-untyped-call]
        parameters = next(x for x in notebook.cells if "parameters" in x.metadata.get("tags", []))
        parameters.source = f'DATA = "s3://{BUCKET}/{INPUT}"\nOUTPUT = "s3://{BUCKET}/{OUTPUT}"'
        executed = run_notebook(jupyter, None, notebook, path=EXAMPLE.name)
        JupyterServer(jupyter).save(EXAMPLE.name, with_static_outputs(executed))
        for theme, name in THEMES.items():
            choose_theme(jupyter, name)
            photograph(jupyter, theme, DOCS / f"notebook-{theme}.png")
    return 0


def draw_terminal(picture: Path) -> None:
    """Draw what `make demo` prints, without the lines that it prints while a step runs."""
    demo = subprocess.run([*SANDBOX, "demo"], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True)
    if demo.returncode:
        raise SystemExit(f"The demo failed:\n{demo.stdout}")
    lines = ["$ make demo", *demo.stdout.splitlines()]
    console = Console(record=True, width=COLUMNS, file=open(os.devnull, "w"))  # noqa: PTH123, SIM115
    for line in lines:
        if not line.startswith(("… ", "  cell ")):
            style = "green" if line.startswith("✓") else None
            console.print(line, style=style, highlight=False, markup=False)
    console.save_svg(str(picture), title="make demo")


@contextlib.contextmanager
def running_sandbox() -> Iterator[str]:
    """The address of the sandbox's JupyterLab."""
    ENDPOINTS.unlink(missing_ok=True)
    with subprocess.Popen([*SANDBOX, "up"], cwd=CHECKOUT, stdout=subprocess.DEVNULL) as sandbox:
        try:
            deadline = time.monotonic() + UP_SECONDS
            while not ENDPOINTS.exists():
                if sandbox.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit("The sandbox does not start: look at `make sandbox`")
                time.sleep(0.2)
            yield str(json.loads(ENDPOINTS.read_text())["jupyter"])
        finally:
            sandbox.send_signal(signal.SIGINT)


def choose_theme(jupyter: str, name: str) -> None:
    """Set JupyterLab's theme, as its menu does; and spare the picture its question about news."""
    for plugin, settings in (
        ("themes", {"theme": name}),
        ("notification", {"fetchNews": "false", "checkForUpdates": False}),
    ):
        address = urlsplit(jupyter)
        token = parse_qs(address.query)["token"][0]
        request = urllib.request.Request(  # noqa: S310 - loopback's
            f"{address.scheme}://{address.netloc}/lab/api/settings/@jupyterlab/apputils-extension:{plugin}",
            method="PUT",
            data=json.dumps({"raw": json.dumps(settings)}).encode(),
            headers={"Authorization": f"token {token}", "Content-Type": "application/json"},
        )
        opener().open(request, timeout=30).close()


def photograph(jupyter: str, theme: Literal["light", "dark"], picture: Path) -> None:
    """Open the executed example, and photograph the part with the table and the plot."""
    place = urlsplit(jupyter)._replace(path=f"/lab/workspaces/{theme}/tree/{EXAMPLE.name}")
    with browser.page(theme=theme, width=1180, height=1000) as page:
        page.set_default_timeout(UP_SECONDS * 1000)
        page.goto(place.geturl())
        page.locator(".jp-NotebookPanel .jp-Cell").first.wait_for()
        page.locator("#jp-main-dock-panel").wait_for()
        page.locator(".jp-KernelName", has_text="PySpark").wait_for()
        page.locator(".jp-OutputArea-output img").scroll_into_view_if_needed()
        page.locator(".jp-OutputArea-output img").wait_for()
        title = page.locator(".jp-RenderedMarkdown h2", has_text="SQL")
        title.evaluate("each => each.scrollIntoView({block: 'start'})")
        page.wait_for_timeout(1000)
        page.screenshot(path=picture)


if __name__ == "__main__":
    sys.exit(main())
