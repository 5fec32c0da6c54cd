"""What the start script promises: the real one, run as SageMaker runs it, in scratch homes."""

import contextlib
import fcntl
import ipaddress
import json
import os
import shutil
import ssl
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jupyter_client.manager import KernelManager

from emr_notebook.constructs import start_script
from emr_notebook.settings.ca_file import pem
from sandbox.environment import clean_environment
from sandbox.tls import Authority, make_authority
from tests.assets.notebook.scratch_instance import (
    BODY,
    CREATE_BODY,
    LOGIN,
    NOTHING_LISTENS,
    Instance,
    Server,
    is_confined,
    notebook_user,
    raw_server,
    secure,
    server,
    values,
)

pytestmark = pytest.mark.minutes(0.5)

needs_a_second_user = pytest.mark.skipif(
    not is_confined(), reason="only root can run the script for another user"
)


def as_sparkmagic(instance: Instance, expression: str) -> Any:
    """What SparkMagic's own configuration module says in a kernel of this notebook."""
    program = "import json, sparkmagic.utils.configuration as conf; print(json.dumps("
    environment = {**os.environ, "HOME": str(instance.home)}
    environment.pop("SPARKMAGIC_CONF_DIR", None)
    environment.pop("SPARKMAGIC_CONF_FILE", None)
    done = subprocess.run(
        [sys.executable, "-c", f"{program}{expression}))"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


class TestSparkMagicConfig:
    def test_each_spark_kernel_talks_to_the_resolved_address(
        self, instance: Instance, livy: Server
    ) -> None:
        instance.start(LIVY_URL=livy.url)

        kernels = as_sparkmagic(
            instance,
            "[conf.base64_kernel_python_credentials(), conf.base64_kernel_scala_credentials(),"
            " conf.base64_kernel_r_credentials()]",
        )
        login = {"username": "", "password": "", "auth": "None"}
        assert kernels == [{**login, "url": livy.url}] * 3

    @pytest.mark.slow
    def test_settings_of_the_deploy_survive_a_users_configure_magic(
        self, instance: Instance
    ) -> None:
        instance.start()

        session = as_sparkmagic(
            instance,
            "(conf.override('session_configs', {'executorCores': 3}),"
            " conf.get_session_properties('python'))[1]",
        )
        assert session["executorMemory"] == "4g"
        assert session["executorCores"] == 3

    def test_a_sparkmagic_that_knows_no_session_defaults_gets_them_too(
        self, instance: Instance
    ) -> None:
        instance.start()

        assert instance.config()["session_configs"]["executorMemory"] == "4g"

    def test_only_its_user_can_read_it(self, instance: Instance) -> None:
        instance.start()

        for path, mode in ((instance.config_file, 0o600), (instance.config_file.parent, 0o700)):
            assert stat.S_IMODE(path.stat().st_mode) == mode
            assert path.owner() == notebook_user()

    def test_it_is_there_although_livy_is_down(self, instance: Instance) -> None:
        instance.start()

        assert instance.config()["kernel_python_credentials"]["url"] == NOTHING_LISTENS

    def test_a_second_start_changes_nothing(self, instance: Instance, livy: Server) -> None:
        def files() -> dict[str, str]:
            found = {
                str(path): path.read_bytes().decode("latin1")
                for path in instance.home.rglob("*")
                if path.is_file()
            }
            return {
                name: "\n".join(line for line in text.splitlines() if not line.startswith("time:"))
                for name, text in found.items()
            }

        instance.start(LIVY_URL=livy.url)
        first = files()
        instance.start(LIVY_URL=livy.url)

        assert files() == first
        assert len(first) == 3

    def test_a_new_address_replaces_the_old_one(self, instance: Instance, livy: Server) -> None:
        instance.start()
        instance.start(LIVY_URL=livy.url)

        assert instance.config()["kernel_r_credentials"] == {**LOGIN, "url": livy.url}

    def test_a_kernel_that_is_reading_it_during_a_start_reads_all_of_the_old_one(
        self, instance: Instance, livy: Server
    ) -> None:
        instance.start()
        before = instance.config_file.read_text()
        with instance.config_file.open() as reader:
            instance.start(LIVY_URL=livy.url)

            assert reader.read() == before


class TestOverrides:
    @pytest.mark.slow
    def test_they_are_merged_into_the_deployed_settings(
        self, instance: Instance, livy: Server
    ) -> None:
        own = {"session_configs_defaults": {"conf": {"spark.a": "1"}}, "use_auto_viz": False}
        instance.override(json.dumps(own))

        instance.start(LIVY_URL=livy.url)

        assert instance.config()["use_auto_viz"] is False
        assert as_sparkmagic(instance, "conf.get_session_properties('python')") == {
            "kind": "pyspark",
            "executorMemory": "4g",
            "conf": {"spark.sql.shuffle.partitions": "64", "spark.a": "1"},
        }
        assert instance.status()["state"] == "ok"

    @pytest.mark.parametrize(
        "text",
        [
            "",
            '{"use_auto_viz": ',
            "[1]",
            "7",
            "[" * 100_000,
            b"\xff\xfe",
            '{"kernel_python_credentials": "none"}',
            '{"kernel_python_credentials": {"url": "file:///etc/passwd"}}',
            '{"kernel_python_credentials": {"url": "http://a\\nstate: ok"}}',
        ],
    )
    def test_unusable_ones_are_ignored_and_named(
        self, instance: Instance, livy: Server, text: str | bytes
    ) -> None:
        instance.override(text)

        instance.start(LIVY_URL=livy.url)

        assert instance.config()["kernel_python_credentials"] == {**LOGIN, "url": livy.url}
        status = instance.status()
        assert (status["state"], status["check"]) == ("warning", "ok")
        assert f"{instance.folder}/sparkmagic.json was ignored" in status["problem"]

    def test_an_address_of_the_users_own_is_used_checked_and_named(
        self, instance: Instance, livy: Server
    ) -> None:
        instance.override(json.dumps({"kernel_python_credentials": {"url": livy.url}}))

        instance.start(LIVY_URL="http://10.20.30.40:8998")

        status = instance.status()
        assert (status["state"], status["livy_url"], status["check"]) == ("warning", livy.url, "ok")
        assert "replaces the deployed http://10.20.30.40:8998" in status["problem"]


class TestValues:
    @pytest.mark.parametrize(
        "url",
        [
            "",
            "10.0.0.1:8998",
            "http://10.0.0.1",
            "ftp://10.0.0.1:8998",
            "http://user@10.0.0.1:8998",
            f"http://{'a' * 254}:8998",
            "http://10.0.0.1:8998\n",
            "http://10.0.0.1:8998\nCANARY",
            "http://$(CANARY):8998",
            "http://`CANARY`:8998",
            "http://a:8998;CANARY",
            "http://a:8998'; CANARY; '",
            'http://a:8998"; CANARY; "',
            "a[$(CANARY)]",
        ],
    )
    def test_a_hostile_or_broken_address_runs_nothing_and_is_not_written(
        self, instance: Instance, url: str
    ) -> None:
        canary = instance.home.parent / "canary"

        start = instance.start(LIVY_URL=url.replace("CANARY", f"touch '{canary}'"))

        assert start.exit_code == 0
        assert not canary.exists()
        assert not instance.config_file.exists()
        status = instance.status()
        assert (status["state"], status["check"]) == ("failed", "not checked")
        assert status["livy_url"] == "unknown"
        assert "LIVY_URL is missing or malformed" in status["problem"]
        assert "deploy again" in status["next"]

    def test_a_bad_address_leaves_the_config_that_is_there(self, instance: Instance) -> None:
        instance.start()
        before = instance.config_file.read_text()

        instance.start(LIVY_URL="http://10.0.0.1")

        assert instance.config_file.read_text() == before

    @pytest.mark.parametrize(
        "url", [f"https://{'a.' * 126}a:65535", "http://ip-10-0-0-1.eu-west-1.compute.internal:1"]
    )
    def test_an_address_as_the_resolver_may_give_it_is_written(
        self, instance: Instance, url: str
    ) -> None:
        instance.start(LIVY_URL=url)

        assert instance.config()["kernel_scala_credentials"] == {**LOGIN, "url": url}

    @pytest.mark.parametrize(
        ("variable", "key", "value"),
        [
            ("CLUSTER", "cluster", None),
            ("CLUSTER_ID", "cluster_id", "j-2AXXXXXXGAPLF\nstate: ok"),
            ("RELEASE_LABEL", "release", "emr 7"),
            ("SPARK_VERSION", "spark", "$(reboot)"),
            ("LIVY_VERSION", "livy", None),
            ("SCRIPT_VERSION", "script", None),
        ],
    )
    def test_a_missing_or_broken_description_is_a_warning_and_shown_as_unknown(
        self, instance: Instance, livy: Server, variable: str, key: str, value: str | None
    ) -> None:
        header = values(LIVY_URL=livy.url)
        header.pop(variable)

        start = instance.start(header if value is None else {**header, variable: value})

        status = instance.status()
        assert start.exit_code == 0
        assert (status["state"], status["check"], status[key]) == ("warning", "ok", "unknown")
        assert f"{variable} is missing or malformed" in status["problem"]
        assert instance.config_file.exists()

    def test_without_any_header_it_says_so_and_exits_0(self, instance: Instance) -> None:
        start = instance.start({})

        assert start.exit_code == 0
        assert instance.status()["state"] == "failed"

    @pytest.mark.parametrize("config", ["", "{", "[]"])
    def test_a_broken_deployed_config_is_reported(self, instance: Instance, config: str) -> None:
        start = instance.start(SPARKMAGIC_CONFIG=config)

        assert start.exit_code == 0
        assert not instance.config_file.exists()
        assert "No SparkMagic config" in instance.status()["problem"]


class TestLivyCheck:
    def test_an_idle_livy_is_ok_and_asked_once_as_livy_wants_it(
        self, instance: Instance, livy: Server
    ) -> None:
        instance.start(LIVY_URL=livy.url)

        assert instance.status()["check"] == "ok"
        [(method, path, headers)] = livy.requests
        assert (method, path) == ("GET", "/sessions")
        assert headers["X-Requested-By"]

    @pytest.mark.parametrize(
        ("status", "body", "check", "next_step"),
        [
            (401, b"", "authentication needed", "asks for no login"),
            (403, b"", "authentication needed", "asks for no login"),
            (503, b"", "HTTP 503", "/var/log/livy"),
            (404, b"", "not a Livy", "correct the port"),
            (200, b"<html>sessions</html>", "not a Livy", "correct the port"),
            (200, b'{"msg": "sessions"}', "not a Livy", "correct the port"),
        ],
    )
    def test_another_answer_is_named_with_the_next_step(
        self, instance: Instance, status: int, body: bytes, check: str, next_step: str
    ) -> None:
        with server(status, body) as other:
            start = instance.start(LIVY_URL=other.url)

        shown = instance.status()
        assert start.exit_code == 0
        assert (shown["state"], shown["check"]) == ("failed", check)
        assert other.url in shown["problem"]
        assert next_step in shown["next"]

    def test_a_redirect_is_not_followed(self, instance: Instance, livy: Server) -> None:
        with server(302, location=f"{livy.url}/sessions") as other:
            instance.start(LIVY_URL=other.url)

        assert instance.status()["check"] == "not a Livy"
        assert livy.requests == []

    def test_a_proxy_is_not_used(self, instance: Instance, livy: Server) -> None:
        instance.environment = {"http_proxy": NOTHING_LISTENS, "ALL_PROXY": NOTHING_LISTENS}

        instance.start(LIVY_URL=livy.url)

        assert instance.status()["check"] == "ok"

    def test_a_refusing_port_is_named(self, instance: Instance) -> None:
        instance.start()

        shown = instance.status()
        assert shown["check"] == "refused"
        assert "livy-server" in shown["next"]

    def test_a_name_that_dns_does_not_know_is_named(self, instance: Instance) -> None:
        instance.start(LIVY_URL="http://no-such-host.invalid:8998")

        shown = instance.status()
        assert shown["check"] == "name not resolved"
        assert "DNS" in shown["next"]

    @pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\n", b"x"])
    def test_a_livy_that_never_finishes_its_answer_is_given_up_in_time(
        self, instance: Instance, answer: bytes
    ) -> None:
        began = time.monotonic()

        with raw_server(answer, every=0.2) as url:
            start = instance.start(LIVY_URL=url)

        shown = instance.status()
        assert start.exit_code == 0
        assert time.monotonic() - began < instance.check_seconds + 5
        assert shown["check"] == "timed out"
        assert "security group" in shown["next"]
        assert url.rpartition(":")[2] in shown["next"]

    @pytest.mark.parametrize("answer", [b"SSH-2.0-OpenSSH_9.6\r\n", b"x" * 60_000 + b"\n"])
    def test_a_server_of_another_protocol_is_named_on_one_short_line(
        self, instance: Instance, answer: bytes
    ) -> None:
        with raw_server(answer, every=0.05) as url:
            instance.start(LIVY_URL=url)

        lines = (instance.folder / "status.txt").read_text().splitlines()
        assert instance.status()["check"] == "not a Livy"
        assert [line.partition(":")[0] for line in lines[-3:]] == ["check", "problem", "next"]
        assert len(lines[-2]) < 500

    def test_what_answers_in_its_place_sends_a_terminal_no_commands(
        self, instance: Instance
    ) -> None:
        with raw_server(b"\x1b[2J\x1b]0;owned\x07\x9b31m\x00\x85\r\n", every=0.05) as url:
            start = instance.start(LIVY_URL=url)

        text = (instance.folder / "status.txt").read_text()
        assert "owned" in text
        for shown in (text, start.log):
            assert [x for x in shown if not (x.isprintable() or x == "\n")] == []

    def test_a_livy_that_comes_up_during_the_check_is_ok(self, instance: Instance) -> None:
        instance.check_seconds = 10

        with server(listens=False) as late:
            timer = threading.Timer(0.5, late.http.server_activate)
            timer.start()
            instance.start(LIVY_URL=late.url)
            timer.join()

        assert instance.status()["state"] == "ok"


class TestTls:
    @pytest.fixture
    def authority(self, tmp_path: Path) -> Authority:
        return make_authority(tmp_path / "authority")

    @pytest.fixture
    def tls_livy(self, authority: Authority, livy: Server) -> Server:
        return secure(livy, *authority.issue("livy"))

    def test_a_livy_whose_certificate_the_given_authority_issued_is_ok(
        self, instance: Instance, tls_livy: Server, authority: Authority
    ) -> None:
        instance.start(LIVY_URL=tls_livy.url, LIVY_CA=certificates(authority))

        assert instance.status()["check"] == "ok"
        assert len(tls_livy.requests) == 1

    def test_one_whose_certificate_another_authority_issued_is_named_with_the_cause(
        self, instance: Instance, tls_livy: Server, tmp_path: Path
    ) -> None:
        other = make_authority(tmp_path / "other")

        instance.start(LIVY_URL=tls_livy.url, LIVY_CA=certificates(other))

        shown = instance.status()
        assert (shown["state"], shown["check"]) == ("failed", "TLS failure")
        assert "unable to get local issuer certificate" in shown["problem"]
        assert "tls.ca_file" in shown["next"]
        assert tls_livy.requests == []

    def test_one_whose_certificate_is_for_another_name_is_named_with_the_cause(
        self, instance: Instance, livy: Server, tmp_path: Path
    ) -> None:
        certificate, key = self_signed(tmp_path, address="127.0.0.9")

        url = secure(livy, certificate, key).url
        instance.start(LIVY_URL=url, LIVY_CA=pem(certificate.read_bytes()))

        assert instance.status()["check"] == "TLS failure"
        assert "not valid for '127.0.0.1'" in instance.status()["problem"]

    def test_without_an_authority_a_private_one_is_refused(
        self, instance: Instance, tls_livy: Server
    ) -> None:
        instance.start(LIVY_URL=tls_livy.url)

        assert instance.status()["check"] == "TLS failure"
        assert tls_livy.requests == []

    def test_a_self_signed_server_certificate_is_its_own_authority(
        self, instance: Instance, livy: Server, tmp_path: Path
    ) -> None:
        certificate, key = self_signed(tmp_path)

        instance.start(
            LIVY_URL=secure(livy, certificate, key).url, LIVY_CA=pem(certificate.read_bytes())
        )

        assert instance.status()["check"] == "ok"

    def test_an_authority_that_only_roots_environment_trusts_is_refused(
        self, instance: Instance, tls_livy: Server, authority: Authority
    ) -> None:
        instance.environment = {"SSL_CERT_FILE": str(authority.ca_pem)}

        instance.start(LIVY_URL=tls_livy.url)

        shown = instance.status()
        assert (shown["state"], shown["check"]) == ("failed", "TLS failure")
        assert tls_livy.requests == []

    @pytest.mark.parametrize(
        "authorities", ["none", pytest.param("another", marks=pytest.mark.slow)]
    )
    def test_settings_that_turn_certificate_checks_off_get_the_same_check(
        self, instance: Instance, tls_livy: Server, tmp_path: Path, authorities: str
    ) -> None:
        other = certificates(make_authority(tmp_path / "other"))
        config = start_script.sparkmagic_config(ignore_ssl_errors=True)

        instance.start(
            LIVY_URL=tls_livy.url,
            LIVY_CA={"none": "", "another": other}[authorities],
            SPARKMAGIC_CONFIG=json.dumps(config),
        )

        assert instance.status()["check"] == "ok"
        assert as_sparkmagic(instance, "conf.ignore_ssl_errors()") is True

    def test_plain_http_where_tls_is_expected_is_named(
        self, instance: Instance, livy: Server
    ) -> None:
        instance.start(LIVY_URL=livy.url.replace("http:", "https:"))

        assert instance.status()["check"] == "TLS failure"

    def test_tls_where_plain_http_is_expected_is_named(
        self, instance: Instance, tls_livy: Server
    ) -> None:
        instance.start(LIVY_URL=tls_livy.url.replace("https:", "http:"))

        shown = instance.status()
        assert shown["check"] == "not a Livy"
        assert "TLS" in shown["next"]

    def test_the_bundle_holds_the_machines_authorities_and_the_given_ones(
        self, instance: Instance, authority: Authority, tmp_path: Path
    ) -> None:
        two = "\n".join(certificates(each) for each in (authority, make_authority(tmp_path)))
        machines = bundled(instance)

        instance.start(LIVY_CA=two)

        found = loaded(instance.ca_bundle.read_text())
        assert found == machines | loaded(two)
        assert len(loaded(two)) == 2

    def test_its_files_belong_to_the_user_alone(
        self, instance: Instance, authority: Authority
    ) -> None:
        instance.start(LIVY_CA=certificates(authority))

        for path in (instance.ca_bundle, instance.startup_file):
            assert path.owner() == notebook_user()
            assert stat.S_IMODE(path.stat().st_mode) == 0o600

    def test_when_no_authority_is_given_any_more_its_file_goes_away(
        self, instance: Instance, authority: Authority
    ) -> None:
        instance.start(LIVY_CA=certificates(authority))
        assert str(instance.ca_bundle) in instance.startup_file.read_text()

        instance.start()

        assert str(instance.ca_bundle) not in instance.startup_file.read_text()
        assert not instance.ca_bundle.exists()
        assert instance.config_file.exists()

    def test_a_folder_where_a_file_of_its_belongs_is_reported(
        self, instance: Instance, tls_livy: Server, authority: Authority
    ) -> None:
        instance.startup_file.mkdir(parents=True)
        instance.give(*instance.startup_file.parents[:3])

        start = instance.start(LIVY_URL=tls_livy.url, LIVY_CA=certificates(authority))

        assert start.exit_code == 0
        assert "What kernels start with was not written" in instance.status()["problem"]


@pytest.mark.slow
class TestKernels:
    """The real kernels of the notebook's user, started as JupyterLab starts them."""

    ASK = (
        "import json, os, requests\n"
        "try:\n    answer = requests.get(URL + '/sessions').status_code\n"
        "except requests.exceptions.SSLError as error:\n    answer = 'refused'\n"
        "print(json.dumps([answer, os.environ.get('REQUESTS_CA_BUNDLE'), 'sys' in globals()]))"
    )

    @pytest.fixture
    def instance(self) -> Iterator[Instance]:
        with Instance.scratch() as made:
            livy = made.home.parent / "livy"
            self.authority = make_authority(livy)
            with server() as served:
                self.livy = secure(served, *self.authority.issue("livy"))
                yield made

    def test_spark_kernels_trust_the_given_authority(self, instance: Instance) -> None:
        instance.start(LIVY_URL=self.livy.url, LIVY_CA=certificates(self.authority))

        for kernel in ("pysparkkernel", "sparkkernel"):
            answer = self.asked(instance, f"sparkmagic.kernels.{kernel}.{kernel}", "%%local\n")
            assert answer == [200, str(instance.ca_bundle), False]

    def test_an_ordinary_kernel_trusts_what_it_trusted_before(self, instance: Instance) -> None:
        instance.start(LIVY_URL=self.livy.url, LIVY_CA=certificates(self.authority))

        assert self.asked(instance, "ipykernel_launcher", "") == ["refused", None, False]

    def test_spark_kernels_refuse_a_livy_of_another_authority(
        self, instance: Instance, tmp_path: Path
    ) -> None:
        other = make_authority(tmp_path)
        instance.start(LIVY_URL=self.livy.url, LIVY_CA=certificates(other))

        module = "sparkmagic.kernels.pysparkkernel.pysparkkernel"
        assert self.asked(instance, module, "%%local\n")[0] == "refused"

    def asked(self, instance: Instance, module: str, magic: str) -> list[Any]:
        """What the kernel answers to ASK."""
        environment = {
            name: value
            for name, value in clean_environment().items()
            if not name.startswith(("SPARKMAGIC_", "IPYTHON", "JUPYTER_"))
        }
        manager = KernelManager()
        manager.cache_ports = False
        assert manager.kernel_spec is not None
        manager.kernel_spec.argv = [sys.executable, "-m", module, "-f", "{connection_file}"]
        manager.start_kernel(
            env={**environment, "HOME": str(instance.home), "NO_PROXY": "*"}, cwd=instance.home
        )
        client = manager.client()
        printed: list[str] = []

        def collect(message: dict[str, Any]) -> None:
            printed.append(message["content"].get("text", ""))

        try:
            client.start_channels()
            client.wait_for_ready(timeout=60)
            code = f"{magic}URL = {self.livy.url!r}\n{self.ASK}"
            client.execute_interactive(code, output_hook=collect, timeout=60)
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
        answer: list[Any] = json.loads("".join(printed).strip().splitlines()[-1])
        return answer


class TestStatus:
    def test_a_healthy_start_is_described_in_full(self, instance: Instance, livy: Server) -> None:
        before = datetime.now(UTC).replace(microsecond=0)

        instance.start(LIVY_URL=livy.url)

        status = instance.status()
        written = datetime.strptime(status.pop("time"), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        assert before <= written <= datetime.now(UTC)
        assert status == {
            "state": "ok",
            "cluster": "analytics",
            "cluster_id": "j-2AXXXXXXGAPLF",
            "livy_url": livy.url,
            "release": "emr-7.9.0",
            "spark": "3.5.5-amzn-1",
            "livy": "0.8.0-incubating",
            "script": "0a1b2c3d",
            "check": "ok",
        }

    def test_the_log_says_what_the_status_file_says(self, instance: Instance) -> None:
        start = instance.start()

        assert (instance.folder / "status.txt").read_text() in start.log

    def test_each_problem_has_its_next_step(self, instance: Instance) -> None:
        instance.override("[")

        instance.start(CLUSTER="")

        text = (instance.folder / "status.txt").read_text()
        keys = [line.partition(":")[0] for line in text.splitlines()]
        assert keys[10:] == ["problem", "next"] * 3


class TestNeverLocksOut:
    """The script exits 0 and says why, whatever the machine lacks."""

    def test_without_python(self, instance: Instance) -> None:
        instance.path = only_tools(instance)

        start = instance.start()

        assert start.exit_code == 0
        status = instance.status()
        assert (status["state"], status["check"]) == ("warning", "not checked")
        assert "each Python 3.9 or later that is here" in status["problem"]
        assert status["problem"] in start.log
        assert instance.config()["kernel_python_credentials"] == {**LOGIN, "url": NOTHING_LISTENS}

    @pytest.mark.parametrize("where", ["bin/python3", "envs/JupyterSystemEnv/bin/python"])
    def test_with_no_python_but_anacondas(
        self, instance: Instance, livy: Server, where: str
    ) -> None:
        python = shutil.which("python3", path=instance.path)
        assert python
        instance.path = only_tools(instance)
        (instance.home / "anaconda3" / where).parent.mkdir(parents=True)
        (instance.home / "anaconda3" / where).symlink_to(python)

        instance.start(LIVY_URL=livy.url)

        assert instance.status()["state"] == "ok"

    def test_with_a_python_that_dies_on_the_way(self, instance: Instance) -> None:
        instance.path = only_tools(instance)
        python = instance.bin / "python3"
        python.write_text('#!/bin/bash\nkill -9 "$$"\n')
        python.chmod(0o755)

        start = instance.start()

        assert start.exit_code == 0
        assert "The agent failed or took over 90 seconds" in instance.status()["problem"]

    def test_with_a_python_that_hangs_and_ignores_signals(self, instance: Instance) -> None:
        instance.path = only_tools(instance, "sleep")
        python = instance.bin / "python3"
        python.write_text('#!/bin/bash\ntrap "" TERM\nsleep 30 & sleep 30\nsleep 30\n')
        python.chmod(0o755)
        impatient = BODY.replace("as_user 90", "as_user 1")
        assert impatient != BODY
        began = time.monotonic()

        # What it leaves running would hold the log open.
        start = instance.start(body=impatient)

        assert start.exit_code == 0
        assert time.monotonic() - began < 10
        assert instance.status()["state"] == "warning"

    @needs_a_second_user
    def test_with_a_home_that_cannot_be_written(self, instance: Instance, livy: Server) -> None:
        os.chown(instance.home, 0, 0)

        start = instance.start(LIVY_URL=livy.url)

        assert start.exit_code == 0
        status = instance.status()
        assert (status["state"], status["check"]) == ("failed", "ok")
        assert "The SparkMagic config was not written" in status["problem"]
        assert "Permission denied" in status["problem"]

    @needs_a_second_user
    def test_with_a_volume_that_cannot_be_written(self, instance: Instance, livy: Server) -> None:
        os.chown(instance.home / "SageMaker", 0, 0)

        start = instance.start(LIVY_URL=livy.url)

        assert start.exit_code == 0
        assert "status.txt was not written" in start.log
        assert instance.config()["kernel_python_credentials"]["url"] == livy.url

    def test_with_files_where_its_folders_belong(self, instance: Instance) -> None:
        instance.folder.touch()
        instance.config_file.parent.touch()

        start = instance.start()

        assert start.exit_code == 0
        for what in ("The SparkMagic config", "status.txt"):
            assert f"{what} was not" in start.log

    @pytest.mark.skipif(os.getuid() != 0, reason="only root can mount a volume")
    def test_with_a_full_volume(self, instance: Instance, livy: Server) -> None:
        volume = instance.home / "SageMaker"
        mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(volume)]
        if subprocess.run(mount, capture_output=True).returncode:
            pytest.skip("this machine lets nobody mount")
        try:
            instance.give(volume)
            filler = volume / "filler"
            with pytest.raises(OSError, match="No space"):
                filler.write_bytes(b"x" * 300_000)
            assert shutil.disk_usage(volume).free == 0

            start = instance.start(LIVY_URL=livy.url)

            assert start.exit_code == 0
            assert "status.txt was not written: [Errno 28] No space left on device" in start.log
            assert instance.config()["kernel_python_credentials"]["url"] == livy.url

            filler.unlink()
            instance.start(LIVY_URL=livy.url)

            assert instance.status()["state"] == "ok"
        finally:
            subprocess.run(["umount", str(volume)], check=True)

    def test_without_a_home(self, instance: Instance) -> None:
        shutil.rmtree(instance.home)

        start = instance.start()

        assert start.exit_code == 0
        assert f"{instance.home}: No such file" in start.log

    def test_without_its_user(self, instance: Instance) -> None:
        instance.environment = {"NOTEBOOK_USER": "no-such-user"}

        start = instance.start()

        assert start.exit_code == 0
        assert "no-such-user" in start.log

    def test_with_a_time_limit_that_is_no_number(self, instance: Instance, livy: Server) -> None:
        instance.environment = {"LIVY_CHECK_SECONDS": "soon"}

        assert instance.start(LIVY_URL=livy.url).exit_code == 0
        assert instance.config_file.exists()

    def test_while_another_start_is_at_work_it_waits(
        self, instance: Instance, livy: Server
    ) -> None:
        with locked(instance.home):
            waiting = subprocess.Popen(**instance.command(values(LIVY_URL=livy.url)))
            time.sleep(0.7)

            assert waiting.poll() is None
            assert not instance.config_file.exists()

        waiting.communicate(timeout=60)
        assert instance.status()["state"] == "ok"

    def test_while_somebody_holds_its_lock_for_good(self, instance: Instance, livy: Server) -> None:
        impatient = BODY.replace("flock -w 20", "flock -w 1")
        assert impatient != BODY

        with locked(instance.home):
            start = instance.start(LIVY_URL=livy.url, body=impatient)

        assert start.exit_code == 0
        assert "Another run holds the lock" in start.log
        assert instance.status()["state"] == "ok"

    def test_four_starts_at_once_end_as_one_would(self, instance: Instance, livy: Server) -> None:
        commands = [instance.command(values(LIVY_URL=livy.url)) for _ in range(4)]

        running = [subprocess.Popen(**command) for command in commands]
        logs = [process.communicate(timeout=60)[0] for process in running]

        assert [process.returncode for process in running] == [0] * 4
        assert all("state: ok" in log for log in logs)
        assert instance.status()["state"] == "ok"
        assert not list(instance.home.rglob(".new"))


@needs_a_second_user
class TestSymbolicLinks:
    """The user's links lead the script nowhere that the user could not go alone."""

    @pytest.fixture
    def roots(self, instance: Instance) -> Path:
        folder = instance.home.parent / "roots"
        folder.mkdir(mode=0o755)
        (folder / "file").write_text("precious")
        return folder

    @pytest.mark.parametrize(
        "link",
        [
            ".sparkmagic/config.json",
            ".sparkmagic/.new",
            "SageMaker/.emr-notebook/status.txt",
            "SageMaker/.emr-notebook/.new",
            ".sparkmagic/ca.pem",
            ".ipython/profile_default/startup/00-emr-notebook.py",
            ".ipython/profile_default/startup/.new",
        ],
    )
    def test_a_link_to_a_file_of_roots_does_not_change_it(
        self, instance: Instance, roots: Path, link: str
    ) -> None:
        (instance.home / link).parent.mkdir(exist_ok=True, parents=True)
        inside = len(Path(link).parents) - 1
        instance.give(*(instance.home / link).parents[:inside])
        (instance.home / link).symlink_to(roots / "file")

        assert instance.start(LIVY_CA="none").exit_code == 0
        assert (roots / "file").read_text() == "precious"

    @pytest.mark.parametrize(
        "link", [".sparkmagic", ".ipython", "SageMaker/.emr-notebook", "SageMaker"]
    )
    def test_a_link_to_a_folder_of_roots_leaves_it_as_it_was(
        self, instance: Instance, roots: Path, link: str
    ) -> None:
        if link == "SageMaker":
            (instance.home / link).rmdir()
        (instance.home / link).symlink_to(roots)

        assert instance.start(LIVY_CA="none").exit_code == 0
        assert [path.name for path in roots.iterdir()] == ["file"]

    def test_an_override_that_only_root_can_read_is_not_read(
        self, instance: Instance, roots: Path
    ) -> None:
        secret = roots / "secret.json"
        secret.write_text('{"fatal_error_suggestion": "secret"}')
        secret.chmod(0o600)
        instance.override("{}")
        (instance.folder / "sparkmagic.json").unlink()
        (instance.folder / "sparkmagic.json").symlink_to(secret)

        instance.start()

        assert instance.config()["fatal_error_suggestion"] != "secret"
        assert "was ignored" in instance.status()["problem"]


@pytest.mark.parametrize("asset", [BODY, CREATE_BODY])
def test_an_asset_has_unix_line_ends_and_plain_ascii(asset: str) -> None:
    assert "\r" not in asset
    assert asset.isascii()
    assert asset.endswith("\n")


def certificates(authority: Authority) -> str:
    """An authority as the deploy hands it to the script."""
    return pem(authority.ca_pem.read_bytes())


def loaded(bundle: str) -> set[bytes]:
    """The authorities that Python finds in a bundle."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=bundle)
    return set(context.get_ca_certs(binary_form=True))


def bundled(instance: Instance) -> set[bytes]:
    """The authorities that the notebook's Python trusts by itself."""
    python = shutil.which("python3", path=instance.path)
    assert python
    program = "import ssl; print(ssl.get_default_verify_paths().cafile or '')"
    done = subprocess.run(
        [python, "-I", "-c", program], env={}, capture_output=True, text=True, check=True
    )
    file = done.stdout.strip()
    return loaded(Path(file).read_text()) if file else set()


def self_signed(folder: Path, address: str = "127.0.0.1") -> tuple[Path, Path]:
    """A certificate and its key as Java's keytool makes them: no authority's, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, address)])
    addresses = [x509.IPAddress(ipaddress.ip_address(address))]
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(addresses), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    (folder / "livy.pem").write_bytes(certificate.public_bytes(encoding))
    (folder / "livy.key").write_bytes(
        key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "livy.pem", folder / "livy.key"


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock that a start holds."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def only_tools(instance: Instance, *more: str) -> str:
    """A PATH with what the script may use, except Python, and these."""
    names = "bash cat chmod date env flock id mkdir mktemp mv rm runuser sha256sum stat timeout tr"
    for name in (*names.split(), *more):
        tool = shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin")
        assert tool, f"{name} is not on this machine"
        (instance.bin / name).symlink_to(tool)
    (instance.bin / "python3").unlink(missing_ok=True)
    return str(instance.bin)


class TestAFollowedName:
    """`localhost` stands for a name that resolves, and invalid. for one that never does."""

    def test_one_that_resolves_is_used(self, instance: Instance, livy: Server) -> None:
        url = livy.url.replace("127.0.0.1", "localhost")
        instance.start(LIVY_URL=url, LIVY_FALLBACK=NOTHING_LISTENS)

        assert instance.config()["kernel_python_credentials"]["url"] == url
        assert instance.status()["state"] == "ok"

    def test_for_one_that_does_not_the_deployed_address_serves_with_a_warning(
        self, instance: Instance, livy: Server
    ) -> None:
        instance.start(LIVY_URL="http://analytics.invalid:8998", LIVY_FALLBACK=livy.url)

        assert instance.config()["kernel_python_credentials"]["url"] == livy.url
        found = instance.status()
        assert (found["state"], found["check"], found["livy_url"]) == ("warning", "ok", livy.url)
        assert f"http://analytics.invalid:8998 does not resolve: {livy.url}" in found["problem"]
        assert found["next"].startswith("turn on DNS support and DNS host names in the VPC")

    @pytest.mark.parametrize("fallback", ["", "file:///etc/passwd", "http://$(id):1"])
    def test_a_fallback_that_is_none_is_not_used(self, instance: Instance, fallback: str) -> None:
        url = "http://analytics.invalid:8998"
        instance.start(LIVY_URL=url, LIVY_FALLBACK=fallback)

        assert instance.config()["kernel_python_credentials"]["url"] == url
        assert instance.status()["check"] == "name not resolved"

    def test_one_deployed_before_its_cluster_waits_for_it(self, instance: Instance) -> None:
        instance.start(LIVY_URL="http://0.0.0.0:9", LIVY_FALLBACK="http://0.0.0.0:9")

        found = instance.status()
        assert "waits for its cluster" in found["problem"]
        assert found["next"].startswith("start it, then restart the kernel")

    def test_one_that_has_no_cluster_yet_takes_nobody_elses_answer(
        self, instance: Instance, livy: Server
    ) -> None:
        instance.start(LIVY_URL=livy.url.replace("127.0.0.1", "0.0.0.0"))  # noqa: S104

        assert instance.status()["check"] == "waits for its cluster"

    def test_one_whose_cluster_has_come_since_does_not_wait_for_it(
        self, instance: Instance
    ) -> None:
        name = NOTHING_LISTENS.replace("127.0.0.1", "localhost")
        instance.start(LIVY_URL=name, LIVY_FALLBACK="http://0.0.0.0:8998")

        assert instance.status()["check"] == "refused"
