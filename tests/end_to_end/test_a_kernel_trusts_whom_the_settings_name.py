"""Livy behind a private authority: SparkMagic connects where the settings name it, else nobody."""

import json
import ssl
import urllib.request
from collections.abc import Iterator

import pytest

from sandbox.errors import SandboxError
from sandbox.jupyter.run_notebook import NotebookFailed
from tests.end_to_end.checkouts import Checkout, wait_until
from tests.end_to_end.test_the_sandbox_stays_up_for_people import NAME, Up

pytestmark = [pytest.mark.sandbox, pytest.mark.minutes(1)]

BEFORE_TLS = "    wait_minutes: 1\n"
LIVY_CA = ".sandbox/world/livy-ca/ca.pem"
# The authority of another server: what a mixed-up file holds.
ANOTHER_CA = ".sandbox/world/tls/ca.pem"


class TlsUp(Up):
    """The running sandbox with stages that differ in whom they trust."""

    def stage(self, name: str, tls: str) -> None:
        """Write config/<name>.yaml: the sandbox's stage with this line for its cluster."""
        text = (self.checkout.root / "config/sandbox.yaml").read_text()
        trusting = f"    tls: {{ca_file: {LIVY_CA}}}\n"
        assert trusting in text
        (self.checkout.root / f"config/{name}.yaml").write_text(text.replace(trusting, tls))

    def deploy(self, stage: str) -> str:
        """The LivyUrl that a deploy of the stage ends with."""
        outputs = self.state / "outputs.test.json"
        self.cdk(
            "deploy", "--require-approval", "never", "--outputs-file", str(outputs), stage=stage
        )
        (found,) = json.loads(outputs.read_text()).values()
        return str(next(value for name, value in found.items() if "LivyUrl" in name))

    def restart(self) -> str:
        """Stop and start the notebook; answer what its start script printed."""
        sagemaker = self.client("sagemaker")
        sagemaker.stop_notebook_instance(NotebookInstanceName=NAME)
        wait_until(lambda: self.status() == "Stopped", seconds=60)
        sagemaker.start_notebook_instance(NotebookInstanceName=NAME)
        wait_until(lambda: self.status() == "InService", seconds=120)
        log = self.state / f"world/aws/notebooks/{NAME}/logs/LifecycleConfigOnStart.log"
        return log.read_text()

    def sessions_asked_for(self) -> int:
        """How many sessions Livy was asked for, by its own log."""
        [log] = (self.state / "world").glob("livy-*/requests.jsonl")
        lines = log.read_text().splitlines()
        asked = [(entry["method"], entry["path"]) for entry in map(json.loads, lines)]
        return asked.count(("POST", "/sessions"))


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsUp]:
    checkout = Checkout(tmp_path_factory.mktemp("tls"))
    tls = f"    tls: {{ca_file: {LIVY_CA}}}\n"
    checkout.edit("config/sandbox.yaml", BEFORE_TLS, BEFORE_TLS + tls)
    with checkout.up(EMR_RELEASE="emr-spark-8.1.0") as endpoints:
        yield TlsUp(checkout, endpoints)
    assert "Traceback" not in checkout.output()
    assert checkout.processes() == []


def test_the_kernel_of_a_notebook_that_trusts_livys_authority_runs_spark(up: TlsUp) -> None:
    outputs = json.loads((up.state / "outputs.json").read_text())["emr-notebooks-sandbox"]
    (livy_url,) = (value for name, value in outputs.items() if "LivyUrl" in name)

    trusted, counted = up.run(
        "%%local\nfrom sparkmagic.utils import configuration\n"
        "print(configuration.base64_kernel_python_credentials()['url'],"
        " configuration.ignore_ssl_errors())",
        "print('counted', spark.range(10).count())",
    )

    assert livy_url == up.endpoints["livy"]
    assert livy_url.startswith("https://ip-127-")
    assert livy_url.endswith(".eu-west-1.compute.internal:8998")
    assert trusted.split() == [livy_url, "False"]
    assert "counted 10" in counted
    assert up.sessions_asked_for() == 1


def test_the_certificate_is_for_the_name_that_the_resolver_answers_and_no_address(
    up: TlsUp,
) -> None:
    name = up.endpoints["livy"].removeprefix("https://").removesuffix(":8998")
    address = name.removeprefix("ip-").partition(".")[0].replace("-", ".")
    context = ssl.create_default_context(cafile=str(up.checkout.root / LIVY_CA))
    direct = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
    )

    with pytest.raises(OSError, match="certificate is not valid"):
        direct.open(f"https://{address}:8998/sessions", timeout=10)


def test_a_name_that_the_certificate_does_not_hold_is_not_followed(up: TlsUp) -> None:
    outputs = json.loads((up.state / "outputs.json").read_text())["emr-notebooks-sandbox"]
    (state,) = (value for name, value in outputs.items() if "State" in name)

    assert state == "not followed: TLS"


def test_livy_is_the_one_that_the_clusters_release_carries(up: TlsUp) -> None:
    outputs = json.loads((up.state / "outputs.json").read_text())["emr-notebooks-sandbox"]
    (deployed,) = (json.loads(text) for name, text in outputs.items() if "Value" in name)
    context = ssl.create_default_context(cafile=str(up.checkout.root / LIVY_CA))
    context.check_hostname = False
    direct = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
    )
    name = up.endpoints["livy"].removeprefix("https://ip-").partition(".")[0]

    with direct.open(f"https://{name.replace('-', '.')}:8998/version", timeout=10) as answer:
        version = json.load(answer)["version"]

    assert (deployed["ReleaseLabel"], deployed["LivyVersion"]) == ("emr-spark-8.1.0", "0.9.0")
    assert version == "0.9.0-incubating"


def test_a_deploy_that_names_nobody_to_trust_is_refused_with_what_to_add(up: TlsUp) -> None:
    up.stage("untrusting", "")

    with pytest.raises(SandboxError) as refused:
        up.deploy("untrusting")

    said = str(refused.value)
    assert "[tls-trust-missing]" in said
    assert "tls: {ca_file:" in said


def test_a_missing_file_is_refused_before_anything_is_deployed(up: TlsUp) -> None:
    up.stage("missing", "    tls: {ca_file: certs/none.pem}\n")

    with pytest.raises(SandboxError, match=r"clusters\.analytics\.tls\.ca_file") as refused:
        up.cdk("synth", stage="missing")

    assert "there is no file" in str(refused.value)
    assert "Traceback" not in str(refused.value)


def test_a_notebook_that_trusts_another_authority_connects_to_nobody_and_says_why(
    up: TlsUp,
) -> None:
    up.stage("mistaken", f"    tls: {{ca_file: {ANOTHER_CA}}}\n")
    before = up.sessions_asked_for()

    up.deploy("mistaken")
    log = up.restart()
    few_tries = (
        "%%local\nfrom sparkmagic.utils import configuration\n"
        "configuration.override('configurable_retry_policy_max_retries', 1)"
    )
    with pytest.raises(NotebookFailed) as failed:
        up.run(few_tries, "spark.version")

    assert "check: TLS failure" in log
    assert "certificate verify failed: unable to get local issuer certificate" in log
    assert "tls.ca_file" in log
    assert failed.value.cell_index == 1
    assert up.sessions_asked_for() == before
