"""The notebook host does with an instance what SageMaker does, and leaves nothing behind."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import threading
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox.notebook_host.running_hosts import ARN, CHECKOUT, Host
from tests.sandbox.processes import processes_with, wait_for

pytestmark = [pytest.mark.sandbox, pytest.mark.minutes(0.8)]

ONE_USER_ID = ["unshare", "--user", "--map-root-user"]
EC2_USER = 1000 if os.getuid() == 0 else os.getuid()


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    folder = tmp_path / "a folder with spaces"
    folder.mkdir()
    instance = Host(folder)
    yield instance
    if instance.process is not None:
        instance.process.kill()
        instance.process.wait()


@pytest.fixture(params=[[], ONE_USER_ID], ids=["the ids of this machine", "one user id"])
def any_host(request: pytest.FixtureRequest, host: Host) -> Host:
    host.prefix = request.param
    return host


@pytest.fixture
def marker() -> str:
    """A duration for `sleep` that no other process has."""
    return f"300.{str(uuid.uuid4().int)[:12]}"


def find_jupyterlab(host: Host) -> int:
    """The process id of this host's JupyterLab: others may run, and a child that it has just
    forked has its command line."""
    parents = {}
    for pid in processes_with("-m jupyterlab"):
        with contextlib.suppress(OSError):
            if str(host.root) in read(pid, "mountinfo").replace(r"\040", " "):
                parents[pid] = int(read(pid, "stat").rpartition(")")[2].split()[1])
    [found] = [pid for pid, parent in parents.items() if parent not in parents]
    return found


def owner_of_jupyterlab(host: Host) -> int:
    return Path(f"/proc/{find_jupyterlab(host)}").stat().st_uid


def read(pid: int, name: str) -> str:
    return Path(f"/proc/{pid}/{name}").read_text()


def test_the_jupyterlab_page_and_kernels_are_served_in_service(any_host: Host) -> None:
    *_, last = any_host.start()

    with urllib.request.urlopen(last["url"]) as page:  # noqa: S310 - loopback
        assert "<title>JupyterLab</title>" in page.read().decode()
    specs = last["url"].replace("/lab?", "/api/kernelspecs?")
    with urllib.request.urlopen(specs) as answer:  # noqa: S310 - loopback
        listed = answer.read().decode()
    assert "Sparkmagic (PySpark)" in listed
    assert "conda_python3" in listed
    assert last["pid"] == processes_with(f"--root {any_host.root}")[0]
    assert any_host.stop() == 0


@pytest.mark.skipif(os.getuid() != 0, reason="an ordinary user's root has no /etc of its own")
def test_terminals_are_login_shells_and_the_server_says_where_it_listens(host: Host) -> None:
    *_, last = host.start(
        "#!/bin/bash\necho 'echo $HOME >/home/ec2-user/SageMaker/login' >/etc/profile.d/team.sh"
    )

    terminals = last["url"].replace("/lab?", "/api/terminals?")
    urllib.request.urlopen(terminals, data=b"").close()  # noqa: S310 - loopback

    assert wait_for((host.volume / "login").exists)
    assert wait_for(lambda: (host.volume / "login").read_text() == "/home/ec2-user\n")
    [file] = (host.home / ".local/share/jupyter/runtime").glob("jpserver-*.json")
    assert last["url"].startswith(json.loads(file.read_text())["url"])


def test_without_the_token_the_notebooks_are_not_listed(host: Host) -> None:
    *_, last = host.start()

    bare = last["url"].split("/lab")[0] + "/api/contents"
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(bare)  # noqa: S310 - loopback


def test_what_a_script_writes_as_ec2_user_is_owned_by_ec2_user(any_host: Host) -> None:
    script = """#!/bin/bash
set -eu
runuser -u ec2-user -- sh -c 'mkdir ~/.sparkmagic && touch ~/.sparkmagic/config.json'
runuser -u ec2-user -- touch /home/ec2-user/SageMaker/mine
runuser -l ec2-user -c 'echo $USER $HOME $PWD'
runuser -u ec2-user -- mv /home/ec2-user/SageMaker /home/ec2-user/old 2>&1 || true
stat -c '%U' /home/ec2-user /home/ec2-user/SageMaker /home/ec2-user/.sparkmagic/config.json
"""
    any_host.start(script)

    assert "ec2-user /home/ec2-user /home/ec2-user" in any_host.log()
    assert "Device or resource busy" in any_host.log()  # the volume is a mount point
    expected = os.getuid() if any_host.prefix else EC2_USER
    assert (any_host.home / ".sparkmagic" / "config.json").stat().st_uid == expected
    assert (any_host.volume / "mine").stat().st_uid == expected
    if os.getuid() != EC2_USER and not any_host.prefix:
        assert any_host.log().splitlines()[-3:] == ["ec2-user"] * 3
        assert owner_of_jupyterlab(any_host) == EC2_USER


def test_only_the_volume_survives_a_stop_and_the_rest_is_fresh_at_the_start(host: Host) -> None:
    first = """#!/bin/bash
ls -A /home/ec2-user/.sparkmagic
touch /home/ec2-user/SageMaker/kept /home/ec2-user/lost
runuser -u ec2-user -- mkdir -p /home/ec2-user/.sparkmagic
echo broken > /home/ec2-user/anaconda3/bin/python3
"""
    host.start(first)
    assert (host.home / ".sparkmagic").is_dir()
    assert host.stop() == 0

    left = sorted(path.name for path in host.home.iterdir())
    host.start(
        "#!/bin/sh\nls /home/ec2-user/SageMaker; ls -d /home/ec2-user/.sparkmagic\n"
        "/home/ec2-user/anaconda3/bin/python3 -c 'import jupyterlab; print(40 + 2)'"
    )

    assert left == ["SageMaker"]
    assert host.log().splitlines() == [
        "kept",
        "ls: cannot access '/home/ec2-user/.sparkmagic': No such file or directory",
        "42",
    ]


def test_a_script_runs_from_the_root_folder_with_roots_environment_only(host: Host) -> None:
    host.start(
        "#!/bin/bash\npwd; id -u; /usr/bin/env\nexit 9",
        env={"AWS_PROFILE": "real", "SSL_CERT_FILE": "/nowhere", "LIVY_URL": "http://10.0.0.1"},
    )

    shell_made = ("PWD=", "SHLVL=", "_=")
    lines = [line for line in host.log().splitlines() if not line.startswith(shell_made)]
    assert lines[:2] == ["/", "0"]
    assert sorted(lines[2:]) == ["HOME=/root", "PATH=/sbin:/bin:/usr/sbin:/usr/bin"]


def test_the_metadata_stands_where_sagemaker_puts_it(host: Host) -> None:
    host.start("#!/bin/bash\ncat /opt/ml/metadata/resource-metadata.json\nexit 9")

    assert f'"ResourceArn": "{ARN}"' in host.log()


def test_the_vpcs_names_resolve_in_the_instance_as_they_are_written_meanwhile(
    any_host: Host,
) -> None:
    name = "analytics.emr-notebooks.internal"
    hosts = any_host.folder / "hosts"
    hosts.write_text(f"127.9.8.7 {name}\n")
    waits = f"""#!/bin/bash
getent ahostsv4 {name}
touch /home/ec2-user/SageMaker/asked
until getent ahostsv4 {name} | grep 127.9.8.9; do sleep 0.1; done
"""

    def change() -> None:
        wait_for((any_host.volume / "asked").exists)
        hosts.write_text(f"127.9.8.9 {name}\n")

    changing = threading.Thread(target=change)
    changing.start()
    any_host.start(waits, "--hosts", str(hosts))
    changing.join()

    assert {line.split()[0] for line in any_host.log().splitlines()} == {"127.9.8.7", "127.9.8.9"}
    assert name not in Path("/etc/hosts").read_text()


def test_a_script_that_fails_stops_the_instance_with_its_status(host: Host) -> None:
    hook, failed = host.start("#!/bin/bash\necho about to fail\nexit 3")

    assert (hook["hook"], hook["status"], hook["timed_out"]) == ("OnStart", 3, False)
    assert Path(hook["log"]).read_text() == "about to fail\n"
    assert failed["reason"] == "OnStart exited with status 3"
    assert host.process is not None
    assert host.process.wait(timeout=10) == 1


def test_a_script_that_takes_too_long_is_killed_with_its_children(host: Host, marker: str) -> None:
    hook, failed = host.start(f"#!/bin/bash\nsleep {marker} & sleep 300", "--hook-seconds", "1")

    assert hook["timed_out"] is True
    assert 1 <= hook["seconds"] < 3
    assert failed["reason"].startswith("OnStart took longer than its limit")
    assert wait_for(lambda: processes_with(marker) == [])


def test_a_script_with_windows_line_ends_fails_by_its_first_line(host: Host) -> None:
    hook, failed = host.start(b"#!/bin/bash\r\necho fine\r\n")

    assert hook["status"] in {126, 127}
    assert re.search("bad interpreter|cannot execute: required file not found", host.log())
    assert failed["event"] == "failed"


def test_the_script_of_the_creation_runs_before_that_of_the_start(host: Host) -> None:
    created = host.folder / "on_create.sh"
    created.write_text("#!/bin/sh\necho created > /home/ec2-user/SageMaker/order")

    first, second, last = host.start(
        "#!/bin/sh\necho started >> /home/ec2-user/SageMaker/order", "--on-create", str(created)
    )

    assert [first["hook"], second["hook"], last["event"]] == ["OnCreate", "OnStart", "in-service"]
    assert (host.volume / "order").read_text() == "created\nstarted\n"


def test_the_start_script_stops_at_a_failed_creation(host: Host) -> None:
    created = host.folder / "on_create.sh"
    created.write_text("#!/bin/sh\nexit 4")

    hook, failed = host.start("#!/bin/sh\ntrue", "--on-create", str(created))

    assert (hook["hook"], hook["status"]) == ("OnCreate", 4)
    assert failed["reason"] == "OnCreate exited with status 4"


@pytest.mark.skipif(os.getuid() != 0, reason="an ordinary user cannot write there in any case")
def test_what_root_writes_to_the_machines_folders_never_reaches_the_machine(
    any_host: Host, marker: str
) -> None:
    folders = ["/etc", "/usr/local/bin", "/var/lib", "/opt", "/root", "/home", "/tmp", "/run"]  # noqa: S108
    words = " ".join(f"{folder}/{marker}" for folder in folders)

    hook, *_ = any_host.start(f"#!/bin/bash\nset -e\ntouch {words}\nls {words}\nexit 0")

    assert hook["status"] == 0
    assert [folder for folder in folders if Path(folder, marker).exists()] == []


def test_a_stop_ends_kernels_and_what_a_script_left_running(host: Host, marker: str) -> None:
    host.start(f"#!/bin/bash\nsetsid sh -c 'trap \"\" TERM; sleep {marker}; true' &")
    assert wait_for(lambda: len(processes_with(marker)) > 0)

    assert host.stop() == 0

    assert wait_for(lambda: processes_with(marker) == [])


def test_a_stop_while_the_script_runs_ends_it(host: Host, marker: str) -> None:
    host.process = subprocess.Popen(
        host.command(f"#!/bin/bash\nsleep {marker}"),
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert wait_for(lambda: len(processes_with(marker)) > 0)

    assert host.stop() == 0

    assert wait_for(lambda: processes_with(marker) == [])


def test_killing_the_hosts_parent_leaves_nothing(host: Host, marker: str) -> None:
    command = host.command(f"#!/bin/bash\nsetsid sleep {marker} &")
    parent = subprocess.Popen(
        [sys.executable, "-c", "import subprocess, sys; subprocess.run(sys.argv[1:])", *command],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    assert '"hook"' in parent.stdout.readline()
    assert '"in-service"' in parent.stdout.readline()

    parent.kill()
    parent.wait()

    left = f"--root {host.root}"
    assert wait_for(lambda: processes_with(left) == [] and processes_with(marker) == [])


def test_a_jupyterlab_that_ends_fails_the_instance(host: Host) -> None:
    *_, last = host.start()

    os.kill(find_jupyterlab(host), signal.SIGKILL)

    assert last["event"] == "in-service"
    assert host.process is not None
    output, _ = host.process.communicate(timeout=10)
    assert "JupyterLab ended with status -9" in output
    assert host.process.returncode == 1


@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs util-linux's unshare")
@pytest.mark.parametrize("mode", [0o755, 0o700])
def test_a_checkout_in_somebodys_home_works_with_its_python_in_it(host: Host, mode: int) -> None:
    homes = host.folder / "homes"
    checkout = homes / "ec2-user" / "my project"
    (homes / "ec2-user").mkdir(parents=True)
    make_checkout(checkout)
    checkout.chmod(mode)
    (homes / "ec2-user").chmod(0o700)
    # The test's own /home, in a mount namespace, so that nobody's is touched.
    show = 'mount --bind "$1" /home && cd "/home/ec2-user/my project" && shift && exec "$@"'
    options = "-m" if os.getuid() == 0 else "-Urm"
    host.prefix = ["unshare", options, "sh", "-c", show, "sh", str(homes)]
    host.python = "/home/ec2-user/my project/.venv/bin/python"

    *_, last = host.start('#!/bin/sh\nls "/home/ec2-user"')

    assert last["event"] == "in-service", last
    assert "my project" in host.log()
    assert host.stop() == 0
    assert (checkout / "sandbox" / "errors.py").exists()


def make_checkout(folder: Path) -> None:
    """A copy of the sandbox with a virtual environment of its own."""
    shutil.copytree(CHECKOUT / "sandbox", folder / "sandbox", symlinks=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / ".venv"], check=True)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = folder / ".venv" / "lib" / version / "site-packages"
    (packages / "shared.pth").write_text(sysconfig.get_path("purelib"))
    for name in ("share", "etc"):
        (folder / ".venv" / name).symlink_to(Path(sys.prefix, name))
