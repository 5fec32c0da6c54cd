"""What a data scientist sees in JupyterLab: the real one, in a headless Chromium."""

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from sandbox import browser
from tests.end_to_end.checkouts import Checkout
from tests.end_to_end.lab_page import LabPage

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.minutes(2),
    pytest.mark.skipif(browser.executable() is None, reason=browser.MISSING),
]

PYSPARK = "Sparkmagic (PySpark)"


class Desk:
    """A person's browser, with JupyterLab open, and the cluster that somebody else looks after."""

    def __init__(self, lab: LabPage, checkout: Checkout) -> None:
        self.lab, self._checkout = lab, checkout

    def kill_livy(self) -> None:
        """End the primary's Livy, and every session with it."""
        root = str(self._checkout.root).encode()
        for entry in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                command = (entry / "cmdline").read_bytes()
                if b"sandbox.livy" in command and root in (entry / "environ").read_bytes():
                    os.kill(int(entry.name), signal.SIGKILL)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    checkout = Checkout(tmp_path_factory.mktemp("browser"))
    with (
        checkout.up() as endpoints,
        browser.page(width=1280, height=1000) as page,
    ):
        yield Desk(LabPage(page, endpoints["jupyter"]), checkout)
    assert checkout.processes() == []


def test_start_here_says_that_livy_answers_and_shows_a_first_result(desk: Desk) -> None:
    lab = desk.lab
    lab.open("START HERE.ipynb")

    lab.run_cell(0).filter(has_text="answers (looked at").wait_for()
    lab.run_all()

    lab.outputs(2).filter(has_text="1,000 rows of sample data").wait_for()
    lab.outputs(4).filter(has_text="count  1000").wait_for()


def test_a_new_notebook_queries_plots_is_interrupted_and_restarted(desk: Desk) -> None:
    lab = desk.lab
    lab.new_notebook(PYSPARK)
    lab.run(
        "spark.range(24).selectExpr('id AS hour', 'id * 10 AS trips')"
        ".createOrReplaceTempView('trips')"
    )
    lab.wait_for_kernel()

    lab.run("%%sql -o rows\nSELECT * FROM trips").get_by_role("cell", name="230").wait_for()
    lab.run("%%local\n%matplotlib inline\nrows.astype(int).plot.bar(x='hour')").locator(
        "img"
    ).wait_for()

    long = lab.run("import time\nprint('began')\ntime.sleep(3600)")
    lab.wait_for_kernel("busy")
    lab.interrupt()
    lab.wait_for_kernel()
    # Livy stopped Spark's jobs, and the cell with them, or says that it goes on.
    assert "interrupt" in "".join(long.all_inner_texts()).lower()

    lab.restart()
    lab.run("print('once more', spark.range(12).count())").filter(
        has_text="once more 12"
    ).wait_for()


def test_a_cell_says_that_livy_is_gone_and_so_does_start_here(desk: Desk) -> None:
    lab = desk.lab
    lab.new_notebook(PYSPARK)
    lab.run("print('before', spark.range(3).count())").filter(has_text="before 3").wait_for()

    desk.kill_livy()

    lab.run("spark.range(4).count()").filter(has_text="refused").first.wait_for()
    lab.open("START HERE.ipynb")
    found = lab.run_cell(0).filter(has_text="refused")
    found.filter(has_text="start livy-server on the primary").first.wait_for()
