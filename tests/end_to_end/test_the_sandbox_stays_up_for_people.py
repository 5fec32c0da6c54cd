"""`make sandbox`: the world left running, and what an engineer and a data scientist do in it."""

import json
import os
import re
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import nbformat
import pyspark
import pytest

from sandbox.cdk import run_cdk
from sandbox.environment import ACCOUNT, REGION, clean_environment
from sandbox.errors import SandboxError
from sandbox.jupyter.outputs import output_of, spark_table
from sandbox.jupyter.run_notebook import run_notebook
from tests.end_to_end.checkouts import Checkout, wait_until

pytestmark = [pytest.mark.sandbox, pytest.mark.minutes(2)]

NAME = "emr-notebooks-sandbox-alice"
FOLLOWED = "analytics.emr-notebooks-sandbox.internal"


class Up:
    """The running sandbox, reached as from another terminal."""

    def __init__(self, checkout: Checkout, endpoints: dict[str, str]) -> None:
        self.checkout = checkout
        self.endpoints = endpoints
        self.state = checkout.root / ".sandbox"
        self.ca = self.state / "world/tls/ca.pem"

    def client(self, service: str) -> Any:
        session = boto3.Session(ACCOUNT, "sandbox", None, REGION)
        return session.client(service, endpoint_url=self.endpoints["aws"], verify=str(self.ca))  # type: ignore[call-overload]

    def cdk(self, *arguments: str, stage: str = "sandbox") -> str:
        env = {
            **clean_environment(),
            "AWS_ENDPOINT_URL": self.endpoints["aws"],
            "AWS_ENDPOINT_URL_S3": self.endpoints["aws"],
            "AWS_CA_BUNDLE": str(self.ca),
            "NODE_EXTRA_CA_CERTS": str(self.ca),
        }
        return run_cdk(
            *arguments,
            "--context",
            f"stage={stage}",
            env=env,
            checkout=self.checkout.root,
            output=self.state / "cdk.test.out",
            log=self.state / "logs/test.log",
        )

    def run(self, *sources: str) -> list[str]:
        """Run cells in the notebook's PySpark kernel; answer what each printed."""
        cells = [nbformat.v4.new_code_cell(source) for source in sources]  # type: ignore[no-untyped-call]
        answer = self.client("sagemaker").create_presigned_notebook_instance_url(
            NotebookInstanceName=NAME
        )
        notebook = nbformat.v4.new_notebook(cells=cells)  # type: ignore[no-untyped-call]
        executed = run_notebook(answer["AuthorizedUrl"], None, notebook, path="cells.ipynb")
        return [output_of(cell) for cell in executed.cells]

    def status(self) -> str:
        found = self.client("sagemaker").describe_notebook_instance(NotebookInstanceName=NAME)
        return str(found["NotebookInstanceStatus"])


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    checkout = Checkout(tmp_path_factory.mktemp("up"))
    with checkout.up() as endpoints:
        yield Up(checkout, endpoints)
    assert "Traceback" not in checkout.output()
    assert not (checkout.root / ".sandbox/endpoints.json").exists()
    assert not (checkout.root / ".sandbox/aws.sh").exists()
    assert checkout.processes() == []


def test_the_printed_addresses_answer(up: Up) -> None:
    context = ssl.create_default_context(cafile=str(up.ca))
    direct = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
    )

    with direct.open(up.endpoints["livy"] + "/sessions", timeout=10) as answer:
        assert "sessions" in json.load(answer)
    # That of the cluster's release, emr-7.9.0.
    with direct.open(up.endpoints["livy"] + "/version", timeout=10) as answer:
        assert json.load(answer)["version"] == "0.8.0-incubating"
    with direct.open(up.endpoints["jupyter"], timeout=10) as answer:
        assert "JupyterLab" in answer.read().decode()
    assert up.client("sts").get_caller_identity()["Account"] == ACCOUNT
    for address in up.endpoints.values():
        assert address in up.checkout.output()


def test_a_stopped_and_started_notebook_keeps_its_files_alone_and_its_kernel_works(up: Up) -> None:
    before = up.run(
        "%%local\nfrom pathlib import Path\n"
        "Path('~/SageMaker/kept.txt').expanduser().write_text('kept')\n"
        "Path('~/lost.txt').expanduser().write_text('lost')",
        "print('counted', spark.range(10).count())",
    )
    sagemaker = up.client("sagemaker")

    sagemaker.stop_notebook_instance(NotebookInstanceName=NAME)
    wait_until(lambda: up.status() == "Stopped", seconds=60)
    home = up.state / f"world/aws/notebooks/{NAME}/home/ec2-user"
    left = sorted(path.name for path in home.iterdir())
    sagemaker.start_notebook_instance(NotebookInstanceName=NAME)
    wait_until(lambda: up.status() == "InService", seconds=120)
    after = up.run(
        "%%local\nfrom pathlib import Path\n"
        "print(Path('~/SageMaker/kept.txt').expanduser().read_text(),"
        " Path('~/lost.txt').expanduser().exists())",
        "print('counted', spark.range(11).count())",
    )

    assert "counted 10" in before[1]
    assert left == ["SageMaker"]
    assert after[0].strip() == "kept False"
    assert "counted 11" in after[1]


def test_start_here_runs_in_the_deployed_notebook(up: Up) -> None:
    home = up.state / f"world/aws/notebooks/{NAME}/home/ec2-user"
    notebook = nbformat.read(home / "SageMaker/START HERE.ipynb", as_version=4)  # type: ignore[no-untyped-call]

    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]

    connection, _, first, _, described = up.run(*code)

    assert f"Livy at http://{FOLLOWED}:8998 answers" in connection
    assert "state: ok" in connection
    assert f"Spark {pyspark.__version__}: 1,000 rows of sample data" in first
    assert "amount" in described


def test_the_example_makes_its_own_data_when_no_path_is_set(up: Up) -> None:
    example = nbformat.read(up.checkout.root / "examples/spark_on_emr.ipynb", as_version=4)  # type: ignore[no-untyped-call]
    sources = [cell.source for cell in example.cells if cell.cell_type == "code"]
    place = sources.index('DATA = ""\nOUTPUT = ""')
    sources[place] = 'DATA = ""\nOUTPUT = "s3://emr-notebooks-sandbox-data/own"'

    printed = up.run(*sources)

    assert any("20,000 trips from this notebook" in text for text in printed)
    assert {row["zone"] for row in spark_table(printed[-1])} == {f"zone-{n}" for n in range(6)}


def test_a_shell_with_the_printed_variables_reaches_it_and_doctor_finds_nothing_missing(
    up: Up,
) -> None:
    printed = up.checkout.output()
    done = subprocess.run(
        [
            "bash",
            "-c",
            """source .sandbox/aws.sh
            command -v cdk emr-notebook >&2
            emr-notebook doctor -s sandbox""",
        ],
        cwd=up.checkout.root,
        # As in a shell that has its own idea of AWS, and of the way there.
        env={
            **os.environ,
            "AWS_PROFILE": "work",
            "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
            "https_proxy": "http://127.0.0.1:9",
            "no_proxy": "example.com",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    lines = printed.splitlines()
    place = lines.index("In another terminal, in this folder:")
    assert lines[place + 1 : place + 5] == [
        "  source .sandbox/aws.sh",
        "  emr-notebook status --stage sandbox",
        "  python -m sandbox replace-cluster",
        "Ctrl-C tears it down.",
    ]
    assert done.returncode == 0, done.stdout + done.stderr
    *_, cdk, emr_notebook = done.stderr.splitlines()
    assert cdk == str(up.checkout.root / "node_modules/.bin/cdk")
    assert emr_notebook == str(Path(sys.executable).with_name("emr-notebook"))
    said = [line for line in done.stdout.splitlines() if not line.startswith((" ", "ok "))]
    assert [line.partition(":")[0] for line in said[:-1]] == ["not checked Livy of analytics"]
    assert said[-1].endswith(" ok. Next: emr-notebook plan --stage sandbox")
    assert "Livy rule of analytics" in done.stdout


def test_cdk_diff_of_an_unchanged_stack_is_empty(up: Up) -> None:
    assert "Number of stacks with differences: 0" in up.cdk("diff")


def test_a_plan_of_an_unchanged_stack_says_so_of_its_followed_cluster(up: Up) -> None:
    done = subprocess.run(
        ["bash", "-c", "source .sandbox/aws.sh && emr-notebook plan -s sandbox"],
        cwd=up.checkout.root,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "Nothing changes."


def test_cdk_diff_shows_an_edited_line_of_the_start_script_as_text(up: Up) -> None:
    line = "trap 'exit 0' EXIT"
    up.checkout.edit("assets/notebook/on_start.sh", line, f"{line} # edited")
    try:
        shown = up.cdk("diff")
    finally:
        up.checkout.edit("assets/notebook/on_start.sh", f"{line} # edited", line)

    lines = [text.strip() for text in shown.splitlines()]
    changed = [text for text in lines if text.startswith(("[+]", "[-]"))]
    assert any(text.startswith("[-]") and line in text and "edited" not in text for text in changed)
    assert any(text.startswith("[+]") and f"{line} # edited" in text for text in changed)
    assert len(changed) < 6


def test_a_mistake_in_the_settings_is_said_in_words_by_the_real_cli(up: Up) -> None:
    config = up.checkout.root / "config"
    text = (config / "sandbox.yaml").read_text()
    (config / "broken.yaml").write_text(text.replace("owner:", "ownr:"))

    with pytest.raises(SandboxError) as error:
        up.cdk("synth", stage="broken")

    said = str(error.value)
    assert "notebooks.alice.ownr: there is no such key; did you mean owner?" in said
    assert "Traceback" not in said


def test_a_stage_that_does_not_exist_is_said_in_words_by_the_real_cli(up: Up) -> None:
    with pytest.raises(SandboxError, match=r"no stage 'prod'.*Stages here: ") as error:
        up.cdk("synth", stage="prod")

    assert "Traceback" not in str(error.value)


def test_a_start_script_that_is_too_long_is_refused_before_anything_is_deployed(up: Up) -> None:
    config = up.checkout.root / "config"
    text = (config / "sandbox.yaml").read_text()
    setting = 'spark.sql.shuffle.partitions: "4"'
    notes = "".join(f'\n      spark.app.note{number}: "{"x" * 3_000}"' for number in range(3))
    (config / "long.yaml").write_text(text.replace(setting, setting + notes))

    with pytest.raises(SandboxError, match=r"base64 characters; SageMaker accepts 16,384") as error:
        up.cdk("synth", stage="long")

    assert "Traceback" not in str(error.value)


def test_an_occupied_aws_port_is_refused_by_its_number(up: Up, tmp_path: Path) -> None:
    port = up.endpoints["aws"].rpartition(":")[2]
    other = Checkout(tmp_path)

    status = other.start("demo", "--aws-port", port).wait(timeout=60)

    assert status == 1
    assert f"port {port}" in other.report()["error"]


def test_a_new_kernel_runs_on_the_cluster_that_replaced_the_first_without_a_deploy(up: Up) -> None:
    [stack] = up.client("cloudformation").describe_stacks(StackName="emr-notebooks-sandbox")[
        "Stacks"
    ]
    done = subprocess.run(
        [sys.executable, "-m", "sandbox", "replace-cluster"],
        cwd=up.checkout.root,
        env=clean_environment(os.environ),
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    words = r"j-2SANDBOX00002 has taken over at http://(.+):8998\. A new kernel runs there\.\n"
    said = re.fullmatch(words, done.stdout)
    assert said, done.stdout + done.stderr

    # The first has ended: what answers now is its successor.
    hosts = up.state / f"world/aws/lifecycle/{NAME}/hosts"
    wait_until(lambda: f"{said[1]} {FOLLOWED}" in hosts.read_text(), seconds=60)
    [printed] = up.run("print('counted', spark.range(12).count())")

    assert "counted 12" in printed
    [after] = up.client("cloudformation").describe_stacks(StackName="emr-notebooks-sandbox")[
        "Stacks"
    ]
    assert after.get("LastUpdatedTime") == stack.get("LastUpdatedTime")
    assert up.status() == "InService"
