"""`make demo`: the whole chain, and each of its links broken on purpose."""

import http.server
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

from tests.end_to_end.checkouts import Checkout, wait_until

pytestmark = [pytest.mark.sandbox, pytest.mark.minutes(4)]


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


@pytest.fixture
def decoy() -> Iterator[list[str]]:
    """Something on the port where a notebook would look that ignores the resolver's answer."""
    asked: list[str] = []

    class Decoy(http.server.BaseHTTPRequestHandler):
        def handle_one_request(self) -> None:
            asked.append(str(self.client_address))

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 8998), Decoy)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield asked
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_spark_result_comes_through_the_deployed_address_and_nothing_is_left_running(
    checkout: Checkout, decoy: list[str], tmp_path: Path
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()

    # In a home where nothing can be written.
    status = checkout.demo(HOME="/dev/null", TMPDIR=str(scratch))

    report = checkout.report()
    assert list(scratch.iterdir()) == []
    assert (status, report["ok"]) == (0, True), checkout.output()
    assert report["livy"] == "stand-in"
    assert report["cluster"] == "j-2SANDBOX00001"
    assert report["notebook"] == "emr-notebooks-sandbox-alice"
    assert sum(row["trips"] for row in report["spark_result"]) == 20_000
    assert report["first_result_seconds"] > 0
    assert all(step["seconds"] >= 0 for step in report["steps"])
    assert decoy == []
    assert checkout.processes() == []

    executed = nbformat.read(checkout.root / ".sandbox/spark_on_emr.ipynb", as_version=4)  # type: ignore[no-untyped-call]
    outputs = [output for cell in executed.cells for output in cell.get("outputs", [])]
    assert any("image/png" in output.get("data", {}) for output in outputs)
    page = (checkout.root / ".sandbox/spark_on_emr.html").read_text()
    assert "old town" in page
    assert "<td>1472.55</td>" in page
    assert "data:image/png;base64," in page
    # What a browser would fetch before it shows the page; and it is looked at over slow lines.
    assert not re.search(r"""<(script|link|img)[^>]*(src|href)=["']?http""", page)
    assert len(page) < 1_000_000
    assert "old town" in checkout.output()


@pytest.mark.parametrize(
    ("file", "old", "new", "step", "said"),
    [
        pytest.param(
            "assets/lambda/cluster_endpoint/resolve.py",
            ':{port}",',
            ':{port - 1}",',
            "Check the resolver's answer",
            ":8997; the running primary",
            id="the resolver's answer",
        ),
        pytest.param(
            "assets/notebook/agent/emr_notebook_agent/connection.py",
            '"url": url, "auth"',
            '"url": "http://localhost:8998", "auth"',
            "Check the notebook's start script",
            "Livy at http://localhost:8998: refused",
            id="the script's URL",
        ),
        pytest.param(
            "emr_notebook/constructs/resolver_request.py",
            '("elasticmapreduce:DescribeCluster", "elasticmapreduce:ListInstances")',
            '("elasticmapreduce:DescribeCluster",)',
            "cdk deploy",
            "elasticmapreduce:ListInstances on arn:aws:elasticmapreduce:eu-west-1:111122223333:",
            id="an IAM action",
        ),
        pytest.param(
            "assets/notebook/agent/emr_notebook_agent/start.py",
            'CONFIG = ".sparkmagic/config.json"',
            'CONFIG = ".sparkmagic/conf.json"',
            "Check SparkMagic's configuration",
            "SparkMagic would use http://localhost:8998",
            id="the SparkMagic config's path",
        ),
        pytest.param(
            "sandbox/data.py",
            'Key=f"{INPUT}part-{number}.csv"',
            'Key=f"elsewhere/part-{number}.csv"',
            "Run spark_on_emr.ipynb in the notebook",
            "s3://emr-notebooks-sandbox-data/trips",
            id="the S3 object",
        ),
    ],
)
def test_a_broken_link_fails_the_demo_at_its_own_step(
    checkout: Checkout, file: str, old: str, new: str, step: str, said: str
) -> None:
    checkout.edit(file, old, new)
    # Seconds a demo; the whole one, above, has the CDK's validation.
    checkout.edit("cdk.json", '"python3 app.py"', '"CDK_VALIDATION=false python3 app.py"')

    status = checkout.demo()

    report = checkout.report()
    assert (status, report["ok"]) == (1, False), checkout.output()
    assert report["error"].startswith(f"{step}: ")
    assert said in report["error"]
    assert "Traceback" not in checkout.output()
    assert checkout.processes() == []


@pytest.mark.parametrize(
    ("number", "make", "status", "said", "words"),
    [
        (signal.SIGINT, False, 130, "interrupted", "interrupted"),
        (signal.SIGTERM, True, -signal.SIGTERM, "SIGTERM ended it", "ended by SIGTERM"),
    ],
)
def test_a_demo_that_is_interrupted_says_so_and_leaves_nothing(
    checkout: Checkout, number: signal.Signals, make: bool, status: int, said: str, words: str
) -> None:
    demo = checkout.start("demo", make=make)
    wait_until(lambda: "✓ Start Livy" in checkout.output(), seconds=60)

    demo.send_signal(number)

    assert demo.wait(timeout=60) == status
    assert checkout.report()["ok"] is False
    assert said in checkout.report()["error"]
    assert f"The sandbox was {words}; nothing that it started is left" in checkout.output()
    assert "Traceback" not in checkout.output()
    wait_until(lambda: checkout.processes() == [], seconds=60)


def test_a_make_demo_that_is_killed_leaves_nothing_running_and_no_file_elsewhere(
    checkout: Checkout, tmp_path: Path
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    demo = checkout.start("demo", make=True, TMPDIR=str(scratch))
    # The CDK's own files, which only the CDK removes.
    wait_until(lambda: any(checkout.root.glob(".sandbox/tmp/jsii-kernel-*")), seconds=60)
    assert len(checkout.processes()) >= 2

    demo.kill()

    demo.wait(timeout=60)
    wait_until(lambda: checkout.processes() == [], seconds=60)
    assert list(scratch.iterdir()) == []
    report = checkout.report()
    assert report["ok"] is False
    assert report["error"].startswith("cdk deploy: it did not end")


def test_a_demo_whose_output_goes_nowhere_says_so_and_leaves_nothing(checkout: Checkout) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "sandbox", "demo"],
            cwd=checkout.root,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    said = "standard output cannot be written to: No space left on device"
    assert (done.returncode, done.stderr) == (1, f"error: {said}\n")
    assert checkout.report()["error"].endswith(said)
    assert checkout.processes() == []


def test_a_livy_home_without_a_livy_fails_and_is_not_replaced_by_the_stand_in(
    checkout: Checkout, tmp_path: Path
) -> None:
    status = checkout.demo(LIVY_HOME=str(tmp_path))

    report = checkout.report()
    assert (status, report["ok"], report["livy"]) == (1, False, None)
    assert report["error"].startswith("Start Livy on the cluster's primary node: ")
    assert str(tmp_path) in report["error"]


def test_a_second_sandbox_in_the_same_checkout_is_refused(checkout: Checkout) -> None:
    first = checkout.start("demo")
    wait_until(lambda: "Start AWS" in checkout.output(), seconds=60)

    second = checkout.start("demo")

    assert second.wait(timeout=60) == 1
    assert "running already" in checkout.output()
    first.send_signal(signal.SIGINT)
    assert first.wait(timeout=60) == 130


def test_a_livy_port_that_is_taken_on_every_address_is_refused_with_what_to_do(
    checkout: Checkout,
) -> None:
    demo = checkout.start("demo", alone=True)
    with socket.create_server(("0.0.0.0", 8998)):  # noqa: S104 - that is the mistake
        status = demo.wait(timeout=60)

    report = checkout.report()
    assert (status, report["ok"]) == (1, False)
    assert report["error"].startswith("Start Livy on the cluster's primary node: ")
    assert "port 8998 of every loopback address" in report["error"]
