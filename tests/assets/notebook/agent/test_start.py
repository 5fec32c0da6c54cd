"""What the agent does at a start, in this process: the start script runs it for its user."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from emr_notebook.constructs import start_script
from emr_notebook.settings.ca_file import pem
from emr_notebook_agent import start as agent_start
from sandbox.tls import Authority, make_authority
from tests.assets.notebook.livy_certificates import certificates, self_signed
from tests.assets.notebook.scratch_instance import (
    LOGIN,
    NOTHING_LISTENS,
    Instance,
    Server,
    Start,
    raw_server,
    secure,
    server,
    values,
)


class Home(Instance):
    """A notebook instance whose start is the agent's alone, in this process."""

    def run(self, header: Mapping[str, str], body: str) -> Start:  # noqa: ARG002 - there is none
        """Have the agent start it."""
        given = {"LIVY_CHECK_SECONDS": str(self.check_seconds), "AGENT": str(self.program)}
        return Start(0, agent_start.start(self.home, {**header, **given}))


@pytest.fixture
def instance() -> Iterator[Instance]:
    with Home.scratch() as made:
        yield made


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
    @pytest.mark.slow
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

    def test_it_is_there_although_livy_is_down(self, instance: Instance) -> None:
        instance.start()

        assert instance.config()["kernel_python_credentials"]["url"] == NOTHING_LISTENS

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

    @pytest.mark.parametrize(
        ("planted", "problem"),
        [
            ("larger", "larger than 1,000,000 bytes"),
            ("fifo", "no regular file"),
            ("folder", "no regular file"),
            ("device", "no regular file"),
        ],
    )
    def test_what_is_no_file_of_settings_is_named(
        self, instance: Instance, livy: Server, planted: str, problem: str
    ) -> None:
        instance.folder.mkdir()
        own = instance.folder / "sparkmagic.json"
        if planted == "larger":
            own.touch()
            os.truncate(own, 20 << 30)
        elif planted == "fifo":
            os.mkfifo(own)
        elif planted == "folder":
            own.mkdir()
        else:
            own.symlink_to("/dev/zero")

        instance.start(LIVY_URL=livy.url)

        status = instance.status()
        assert (status["state"], status["check"]) == ("warning", "ok")
        assert problem in status["problem"]
        assert instance.config()["kernel_python_credentials"]["url"] == livy.url

    def test_a_password_in_an_address_is_in_no_status_and_no_log(
        self, instance: Instance, livy: Server
    ) -> None:
        url = livy.url.replace("//", "//me:s3cret@")
        instance.override(json.dumps({"kernel_python_credentials": {"url": url}}))

        start = instance.start(LIVY_URL=livy.url)

        assert "a user name or a password" in instance.status()["problem"]
        assert "s3cret" not in start.log
        assert "s3cret" not in instance.config_file.read_text()

    def test_an_address_of_the_users_own_is_used_checked_and_named(
        self, instance: Instance, livy: Server
    ) -> None:
        instance.override(json.dumps({"kernel_python_credentials": {"url": livy.url}}))

        instance.start(LIVY_URL="http://10.20.30.40:8998")

        status = instance.status()
        assert (status["state"], status["livy_url"], status["check"]) == ("warning", livy.url, "ok")
        assert "replaces the deployed http://10.20.30.40:8998" in status["problem"]

    @pytest.mark.parametrize("kernel", ["scala", "r"])
    def test_one_of_another_kernel_alone_is_named_too(
        self, instance: Instance, livy: Server, kernel: str
    ) -> None:
        own = {f"kernel_{kernel}_credentials": {"url": "http://10.20.30.40:8998"}}
        instance.override(json.dumps(own))

        instance.start(LIVY_URL=livy.url)

        assert f"replaces the deployed {livy.url}" in instance.status()["problem"]


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
            "http://a:8998;x",
        ],
    )
    def test_a_broken_address_is_not_written(self, instance: Instance, url: str) -> None:
        instance.start(LIVY_URL=url)

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

    @pytest.mark.parametrize("config", ["", "{", "[]"])
    def test_a_broken_deployed_config_is_reported(self, instance: Instance, config: str) -> None:
        start = instance.start(SPARKMAGIC_CONFIG=config)

        assert start.exit_code == 0
        assert not instance.config_file.exists()
        assert "No SparkMagic config" in instance.status()["problem"]


class TestLivyCheck:
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
        assert shown["check"] == "no answer"
        assert "restart livy-server" in shown["next"]
        assert "security group" not in shown["next"]

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

    def test_a_livy_that_comes_up_during_the_check_is_ok(self, instance: Instance) -> None:
        instance.check_seconds = 10

        with server(listens=False) as late:
            timer = threading.Timer(0.5, late.http.server_activate)
            timer.start()
            instance.start(LIVY_URL=late.url)
            timer.join()

        assert instance.status()["state"] == "ok"


class TestTls:
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


class TestStatus:
    def test_each_problem_has_its_next_step(self, instance: Instance) -> None:
        instance.override("[")

        instance.start(CLUSTER="")

        text = (instance.folder / "status.txt").read_text()
        keys = [line.partition(":")[0] for line in text.splitlines()]
        assert keys[10:] == ["problem", "next"] * 3


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


class TestWhatTheUserMadeOfItsFiles:
    """A start goes on, says what it could not write, and leaves no half file."""

    def paths(self, instance: Instance) -> dict[str, Path]:
        return {
            "The SparkMagic config was not written": instance.config_file,
            "What kernels start with was not written": instance.startup_file,
            "The agent was not kept": instance.kept_copy,
            "status.txt was not written": instance.folder / "status.txt",
        }

    def test_a_folder_in_each_files_place_is_named(self, instance: Instance, livy: Server) -> None:
        for path in self.paths(instance).values():
            (path / "own").mkdir(parents=True)

        start = instance.start(LIVY_URL=livy.url)

        for said, path in self.paths(instance).items():
            assert said in start.log
            assert [each.name for each in path.iterdir()] == ["own"]
        assert "check: ok" in start.log

    def test_a_fifo_or_a_link_in_each_files_place_is_replaced_by_the_file(
        self, instance: Instance, livy: Server
    ) -> None:
        precious = instance.home.parent / "precious"
        precious.write_text("precious")
        for number, path in enumerate(self.paths(instance).values()):  # a FIFO, a link, …
            path.parent.mkdir(parents=True, exist_ok=True)
            if number % 2:
                path.symlink_to(precious)
            else:
                os.mkfifo(path)

        instance.start(LIVY_URL=livy.url)

        assert instance.status()["state"] == "ok"
        assert precious.read_text() == "precious"
        for path in self.paths(instance).values():
            assert path.is_file()
            assert not path.is_symlink()

    @pytest.mark.parametrize("folder", ["SageMaker/.emr-notebook", "SageMaker", ".sparkmagic"])
    def test_a_folder_that_was_deleted_is_made_anew(
        self, instance: Instance, livy: Server, folder: str
    ) -> None:
        instance.start(LIVY_URL=livy.url)
        shutil.rmtree(instance.home / folder)

        instance.start(LIVY_URL=livy.url)

        assert instance.status()["state"] == "ok"
        assert all(path.is_file() for path in self.paths(instance).values())

    def test_nothing_half_written_stays(self, instance: Instance, livy: Server) -> None:
        instance.start(LIVY_URL=livy.url)

        wanted = {*self.paths(instance).values()}
        assert {path for path in instance.home.rglob("*") if path.is_file()} == wanted
