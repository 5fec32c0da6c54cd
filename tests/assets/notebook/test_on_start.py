"""What the start script promises: the real one, run as SageMaker runs it, in scratch homes."""

import contextlib
import fcntl
import json
import os
import re
import shlex
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import KernelManager

from sandbox.environment import clean_environment
from sandbox.tls import Authority, make_authority
from tests.assets.notebook.livy_certificates import certificates, loaded
from tests.assets.notebook.scratch_instance import (
    AGENT,
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


class TestSparkMagicConfig:
    def test_only_its_user_can_read_it(self, instance: Instance) -> None:
        instance.start()

        for path, mode in ((instance.config_file, 0o600), (instance.config_file.parent, 0o700)):
            assert stat.S_IMODE(path.stat().st_mode) == mode
            assert path.owner() == notebook_user()

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
        assert len(first) == len(
            {instance.config_file, instance.startup_file, instance.kept_copy, "status.txt"}
        )


class TestValues:
    @pytest.mark.parametrize(
        "url",
        [
            "http://10.0.0.1:8998\nCANARY",
            "http://$(CANARY):8998",
            "http://`CANARY`:8998",
            "http://a:8998'; CANARY; '",
            "a[$(CANARY)]",
        ],
    )
    def test_a_hostile_address_runs_nothing_and_is_not_written(
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

    def test_without_any_header_it_says_so_and_exits_0(self, instance: Instance) -> None:
        start = instance.start({})

        assert start.exit_code == 0
        assert instance.status()["state"] == "failed"


class TestLivyCheck:
    def test_an_idle_livy_is_ok_and_asked_once_as_livy_wants_it(
        self, instance: Instance, livy: Server
    ) -> None:
        instance.start(LIVY_URL=livy.url)

        assert instance.status()["check"] == "ok"
        [(method, path, headers)] = livy.requests
        assert (method, path) == ("GET", "/sessions")
        assert headers["X-Requested-By"]

    def test_a_proxy_is_not_used(self, instance: Instance, livy: Server) -> None:
        instance.environment = {"http_proxy": NOTHING_LISTENS, "ALL_PROXY": NOTHING_LISTENS}

        instance.start(LIVY_URL=livy.url)

        assert instance.status()["check"] == "ok"

    def test_what_answers_in_its_place_sends_a_terminal_no_commands(
        self, instance: Instance
    ) -> None:
        with raw_server(b"\x1b[2J\x1b]0;owned\x07\x9b31m\x00\x85\r\n", every=0.05) as url:
            start = instance.start(LIVY_URL=url)

        text = (instance.folder / "status.txt").read_text()
        assert "owned" in text
        for shown in (text, start.log):
            assert [x for x in shown if not (x.isprintable() or x == "\n")] == []


class TestTls:
    def test_a_livy_whose_certificate_the_given_authority_issued_is_ok(
        self, instance: Instance, tls_livy: Server, authority: Authority
    ) -> None:
        instance.start(LIVY_URL=tls_livy.url, LIVY_CA=certificates(authority))

        assert instance.status()["check"] == "ok"
        assert len(tls_livy.requests) == 1

    def test_an_authority_that_only_roots_environment_trusts_is_refused(
        self, instance: Instance, tls_livy: Server, authority: Authority
    ) -> None:
        instance.environment = {"SSL_CERT_FILE": str(authority.ca_pem)}

        instance.start(LIVY_URL=tls_livy.url)

        shown = instance.status()
        assert (shown["state"], shown["check"]) == ("failed", "TLS failure")
        assert tls_livy.requests == []

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


class TestItsAgent:
    """The script runs what was deployed and nothing else, or says why it runs nothing."""

    @pytest.fixture
    def bare(self, instance: Instance) -> Instance:
        """An instance that has never had the agent."""
        instance.program.unlink()
        return instance

    def test_the_next_start_runs_the_kept_copy(self, instance: Instance, livy: Server) -> None:
        instance.start()
        instance.program.unlink()
        with_aws(instance, "exit 1")

        instance.start(LIVY_URL=livy.url)

        assert instance.status()["state"] == "ok"
        assert instance.program.read_bytes() == AGENT.content

    def test_without_one_it_comes_from_s3_as_the_user_and_is_roots_and_kept(
        self, bare: Instance, livy: Server
    ) -> None:
        (bare.home.parent / "object").write_bytes(AGENT.content)
        with_aws(
            bare,
            f"""echo "$(id -un) $*" >{quoted(bare.home / "asked")}
            cat {quoted(bare.home.parent / "object")}""",
        )

        bare.start(LIVY_URL=livy.url)

        asked = (bare.home / "asked").read_text().split()
        assert (asked[0], asked[-2:]) == (notebook_user(), [values()["AGENT_URI"], "-"])
        assert bare.status()["state"] == "ok"
        assert bare.program.stat().st_uid == os.getuid()
        assert stat.S_IMODE(bare.program.stat().st_mode) == 0o644
        assert bare.kept_copy.read_bytes() == AGENT.content
        assert bare.kept_copy.owner() == notebook_user()
        assert list(bare.programs.iterdir()) == [bare.program]

    @pytest.mark.parametrize(
        ("aws", "problem", "then"),
        [
            ("echo 'An error occurred (403): Forbidden' >&2; exit 1", "(403): Forbidden", "role"),
            ("echo 'exit 0'", "7 bytes, SHA-256 differs", "delete that object"),
            ("head -c 900 KEPT", "900 bytes, SHA-256 differs", "delete that object"),
            ("sleep 30", "no answer within 1 seconds", "network"),
            ("trap '' TERM; sleep 30 & sleep 30", "no answer within 1 seconds", "network"),
            ("head -c 900 KEPT; exit 1", "the AWS CLI ended with status 1. The kernels", "role"),
            ("cat /dev/zero", "16777216 bytes, SHA-256 differs", "delete that object"),
            ("", "this instance has no AWS CLI", "bring one"),
        ],
    )
    def test_without_any_the_kernels_get_the_deployed_settings_and_the_reason_is_told(
        self, bare: Instance, livy: Server, aws: str, problem: str, then: str
    ) -> None:
        whole = bare.home.parent / "object"
        whole.write_bytes(AGENT.content)
        bare.path = only_tools(bare, "cat", "head", "sleep", "tail", "python3")
        if aws:
            with_aws(bare, aws.replace("KEPT", quoted(whole)))
        impatient = BODY.replace("take 25", "take 1")
        assert impatient != BODY

        start = bare.start(LIVY_URL=livy.url, body=impatient)

        assert start.exit_code == 0
        status = bare.status()
        assert (status["state"], status["check"]) == ("warning", "not checked")
        assert problem in status["problem"]
        assert then in status["next"]
        assert (status["livy_url"], status["script"]) == (livy.url, "0a1b2c3d")
        assert (bare.folder / "status.txt").read_text() in start.log
        config = bare.config()
        assert config.pop("kernel_r_credentials") == {**LOGIN, "url": livy.url}
        assert config["session_configs_defaults"]["executorMemory"] == "4g"
        assert list(bare.programs.iterdir()) == []

    def test_what_the_users_process_writes_after_the_check_is_not_in_roots_copy(
        self, bare: Instance, livy: Server
    ) -> None:
        content, go, written = bare.home.parent / "object", bare.home / "go", bare.home / "written"
        content.write_bytes(AGENT.content)
        with_aws(
            bare,
            f"""cat {quoted(content)}
            (for n in {{1..600}}; do [[ -e {quoted(go)} ]] && break; sleep 0.05; done
            echo more; touch {quoted(written)}) 2>/dev/null &""",
        )

        bare.start(LIVY_URL=livy.url)
        assert not written.exists()
        go.touch()
        deadline = time.monotonic() + 30
        while not written.exists() and time.monotonic() < deadline:
            time.sleep(0.02)

        assert written.exists()
        assert bare.program.read_bytes() == AGENT.content

    @pytest.mark.parametrize("planted", ["another file", "fifo", "folder", "device", "endless"])
    def test_what_stands_in_the_kept_copys_place_is_not_run(
        self, bare: Instance, planted: str
    ) -> None:
        bare.kept_copy.parent.mkdir(parents=True)
        plant(bare.kept_copy, planted)
        bare.give(*bare.kept_copy.parents[:2])
        with_aws(bare, "exit 1")
        impatient = BODY.replace("take 5", "take 1")
        assert impatient != BODY

        assert bare.start(body=impatient).exit_code == 0

        assert "not fetched" in bare.status()["problem"]
        assert list(bare.programs.iterdir()) == []

    @needs_a_second_user
    @pytest.mark.parametrize("planted", ["link to root's", "fifo", "folder"])
    def test_what_stands_where_the_fallback_writes_changes_nothing_of_roots(
        self, bare: Instance, planted: str
    ) -> None:
        precious = bare.home.parent / "precious"
        precious.write_text("precious")
        for path in (bare.config_file, bare.folder / "status.txt"):
            path.parent.mkdir()
            plant(path, planted, precious)
            bare.give(path.parent)
        with_aws(bare, "exit 1")

        start = bare.start()

        assert start.exit_code == 0
        assert precious.read_text() == "precious"
        assert "The agent was not fetched" in start.log
        if planted == "folder":
            assert list(bare.config_file.iterdir()) == []
            assert "state: failed" in start.log
        else:
            assert bare.status()["state"] == "warning"

    def test_a_script_that_names_none_says_so(self, instance: Instance) -> None:
        instance.start(AGENT_SHA256="../../etc/passwd")

        assert "names none" in instance.status()["problem"]
        assert instance.status()["next"].startswith("deploy again")

    def test_four_first_starts_at_once_end_as_one_would(self, bare: Instance, livy: Server) -> None:
        (bare.home.parent / "object").write_bytes(AGENT.content)
        with_aws(bare, f"cat {quoted(bare.home.parent / 'object')}")
        commands = [bare.command(values(LIVY_URL=livy.url)) for _ in range(4)]

        running = [subprocess.Popen(**command) for command in commands]
        logs = [process.communicate(timeout=60)[0] for process in running]

        assert [process.returncode for process in running] == [0] * 4
        assert all("state: ok" in log for log in logs)
        assert bare.status()["state"] == "ok"
        assert list(bare.programs.iterdir()) == [bare.program]
        # What is being written is hidden, beside what it will be.
        assert list(bare.home.rglob(".*.[0-9]*")) == []


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """An empty disk of 256 KB in place of a folder."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def with_aws(instance: Instance, program: str) -> None:
    """Give the instance an AWS CLI that does this."""
    path = instance.bin / "aws"
    path.write_text(f"#!/bin/bash\n{program}\n")
    path.chmod(0o755)
    if str(instance.bin) not in instance.path:
        instance.path = f"{instance.bin}:{instance.path}"


def quoted(path: Path) -> str:
    return shlex.quote(str(path))


def plant(path: Path, what: str, target: Path = Path("/dev/zero")) -> None:
    """Put something there that is no file of the notebook's."""
    if what == "another file":
        path.write_bytes(AGENT.content + b"#")
    elif what == "fifo":
        os.mkfifo(path)
    elif what == "folder":
        path.mkdir()
    elif what == "device":
        path.symlink_to("/dev/tty")
    else:
        path.symlink_to(target)


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
        assert "The agent failed or took over 60 seconds" in instance.status()["problem"]

    def test_with_a_python_that_hangs_and_ignores_signals(self, instance: Instance) -> None:
        instance.path = only_tools(instance, "sleep")
        python = instance.bin / "python3"
        python.write_text('#!/bin/bash\ntrap "" TERM\nsleep 30 & sleep 30\nsleep 30\n')
        python.chmod(0o755)
        impatient = BODY.replace("as_user 60", "as_user 1")
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
        assert "next: delete what stands there in its place" in start.log
        assert "make room" not in start.log

    @pytest.mark.skipif(os.getuid() != 0, reason="only root can mount a volume")
    def test_with_a_full_volume(self, instance: Instance, livy: Server) -> None:
        volume = instance.home / "SageMaker"
        with small_disk(volume):
            instance.give(volume)
            filler = volume / "filler"
            with pytest.raises(OSError, match="No space"):
                filler.write_bytes(b"x" * 300_000)
            assert shutil.disk_usage(volume).free == 0

            start = instance.start(LIVY_URL=livy.url)

            assert start.exit_code == 0
            for what in ("status.txt was not written", "The agent was not kept for the next start"):
                assert f"{what}: [Errno 28] No space left on device" in start.log
            assert [path for path in volume.rglob("*") if path.is_file()] == [filler]
            assert instance.config()["kernel_python_credentials"]["url"] == livy.url

            filler.unlink()
            instance.start(LIVY_URL=livy.url)

            assert instance.status()["state"] == "ok"

    @pytest.mark.skipif(os.getuid() != 0, reason="only root can mount a volume")
    def test_with_a_full_disk_where_the_agent_belongs(self, instance: Instance) -> None:
        with_aws(instance, f"cat {quoted(instance.home.parent / 'object')}")
        (instance.home.parent / "object").write_bytes(b"x" * 300_000)
        with small_disk(instance.programs):
            start = instance.start()

        assert "problem: The agent was not fetched" in start.log
        assert ": No space left on device." in start.log
        assert "next: make room on the instance" in start.log

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

    def test_all_that_it_waits_for_ends_within_sagemakers_five_minutes(self) -> None:
        waits = [
            (what, int(seconds))
            for what, seconds in re.findall(
                r"\b(flock -w|take|timeout -s KILL|as_user) (\d+)", BODY
            )
        ]

        # The fallback writes two files, and three Pythons are tried, each as long as it may be.
        pythons = [seconds for what, seconds in waits if (what, seconds) == ("as_user", 60)] * 3
        files = [seconds for what, seconds in waits if (what, seconds) == ("as_user", 10)] * 2
        once = [seconds for what, seconds in waits if what != "as_user"]
        assert (len(pythons), len(files), len(once)) == (3, 2, 4)
        assert sum(pythons + files + once) < 5 * 60 - 20

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
            "SageMaker/.emr-notebook/status.txt",
            ".sparkmagic/ca.pem",
            ".ipython/profile_default/startup/00-emr-notebook.py",
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
    names = (
        "bash cat chmod date env flock id mkdir mktemp mv rm runuser sha256sum stat tail timeout tr"
    )
    for name in {*names.split(), *more}:
        tool = shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin")
        assert tool, f"{name} is not on this machine"
        (instance.bin / name).symlink_to(tool)
    if "python3" not in more:
        (instance.bin / "python3").unlink(missing_ok=True)
    return str(instance.bin)
