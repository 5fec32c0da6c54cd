"""However a contained program ends, nothing that it started is left, and its status is told."""

import contextlib
import os
import pty
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sandbox.notebook_host.filesystem import is_open_to_others
from tests.sandbox.processes import processes_with, wait_for

pytestmark = pytest.mark.sandbox

CHECKOUT = Path(__file__).parents[3]
NOBODY = "65534"

# What runs contained: each function is one program, chosen by name.
PROGRAM = """
import os, subprocess, sys, time
sys.path.insert(0, {checkout!r})
from sandbox.isolation.contained import Terminated, run_contained
from sandbox.errors import SandboxError

def say(word):
    print(word, flush=True)

def daemons():
    sleep = "trap '' TERM INT HUP; sleep 300.{marker} & wait"
    subprocess.Popen(["setsid", "sh", "-c", sleep])
    subprocess.run(["sh", "-c", f"( ( setsid sh -c \\"{{sleep}}\\" ) & )"])
    say("ready")
    time.sleep(300)

def unwinds():
    try:
        say("ready")
        time.sleep(300)
    except KeyboardInterrupt:
        say("interrupted")
        raise
    except Terminated:
        say("terminated")
        raise
    finally:
        say("cleaning up")
        time.sleep(2)
        say("cleaned up")

def seven():
    return 7

def exits():
    sys.exit(3)

def raises():
    raise ValueError("a mistake of the program's own")

def statuses():
    for number in range(60):
        child = ["sh", "-c", f"sleep 0.001 & sleep 0.002 & exit {{number}}"]
        assert subprocess.run(child).returncode == number
    time.sleep(0.2)
    states = subprocess.run(["ps", "axo", "stat="], capture_output=True, text=True).stdout
    say(f"zombies: {{states.count('Z')}}")
    return 0

def sees():
    say(f"pid {{os.getpid()}} uid {{os.getuid()}}")
    say("processes " + subprocess.run(["ps", "axo", "pid="], capture_output=True, text=True).stdout)
    return 0

try:
    status = run_contained(globals()[sys.argv[1]])
    if "again" in sys.argv:
        status = run_contained(globals()[sys.argv[1]])
except SandboxError as error:
    sys.exit(f"refused: {{error}}")
sys.exit(status)
"""

Start = Callable[..., subprocess.Popen[str]]


def root_and_ordinary_user() -> Iterator[object]:
    yield pytest.param([sys.executable], id="as it is")
    python = "/usr/bin/python3"
    version = "import sys; sys.exit(sys.version_info < (3, 11))"
    usable = (
        os.getuid() == 0
        and shutil.which("setpriv") is not None
        and Path(python).exists()
        and subprocess.run([python, "-c", version], check=False).returncode == 0
        and is_open_to_others([CHECKOUT / "sandbox" / "errors.py"])
    )
    drop = ["setpriv", "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", python]
    reason = (
        "needs root to become an ordinary user, a /usr/bin/python3 of 3.11 or newer, and a "
        "checkout that other users can enter"
    )
    yield pytest.param(
        drop, id="as an ordinary user", marks=pytest.mark.skipif(not usable, reason=reason)
    )


@pytest.fixture
def marker() -> Iterator[str]:
    """A number that is in the command line of every process the test wants gone."""
    number = str(uuid.uuid4().int)[:12]
    yield number
    for pid in processes_with(f"300.{number}"):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@pytest.fixture(params=root_and_ordinary_user())
def python(request: pytest.FixtureRequest) -> list[str]:
    command: list[str] = request.param
    return command


@pytest.fixture
def start(python: list[str], marker: str, tmp_path: Path) -> Iterator[Start]:
    started: list[subprocess.Popen[str]] = []
    source = PROGRAM.format(checkout=str(CHECKOUT), marker=marker)

    def start_program(*arguments: str, **options: object) -> subprocess.Popen[str]:
        settings = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, **options}
        process: subprocess.Popen[str] = subprocess.Popen(  # type: ignore[call-overload]
            [*python, "-B", "-c", source, *arguments], text=True, **settings
        )
        started.append(process)
        return process

    yield start_program
    for process in started:
        process.kill()
        process.wait()


def read_until(process: subprocess.Popen[str], word: str) -> list[str]:
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line.strip())
        if line.strip() == word:
            break
    return lines


def rest(process: subprocess.Popen[str]) -> list[str]:
    output, _ = process.communicate(timeout=20)
    return output.split("\n")[:-1]


def test_a_killed_program_leaves_no_process_not_even_daemons_that_ignore_signals(
    start: Start, marker: str
) -> None:
    process = start("daemons")
    read_until(process, "ready")
    assert wait_for(lambda: len(processes_with(f"sleep 300.{marker}")) >= 4)

    process.kill()
    process.wait()

    assert wait_for(lambda: processes_with(f"300.{marker}") == [])


def test_killing_the_first_process_inside_ends_the_program(start: Start, marker: str) -> None:
    process = start("daemons")
    read_until(process, "ready")
    entered = children_of(process.pid)[0]
    first = children_of(entered)[0]

    os.kill(first, signal.SIGKILL)

    assert process.wait(timeout=10) == 128 + signal.SIGKILL
    assert wait_for(lambda: processes_with(f"300.{marker}") == [])


def children_of(pid: int) -> list[int]:
    return list(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


def test_daemons_end_when_the_program_returns(start: Start, marker: str) -> None:
    process = start("daemons")
    read_until(process, "ready")

    process.terminate()

    assert process.wait(timeout=10) == 128 + signal.SIGTERM
    assert wait_for(lambda: processes_with(f"300.{marker}") == [])


def test_ctrl_c_in_a_terminal_interrupts_once_and_the_clean_up_completes(start: Start) -> None:
    controller, terminal = pty.openpty()
    process = start(
        "unwinds",
        stdin=terminal,
        start_new_session=True,
        preexec_fn=lambda: make_controlling(terminal),
    )
    read_until(process, "ready")

    os.write(controller, b"\x03")
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)  # the duplicate that make or uv passes on

    words = rest(process)
    os.close(controller)
    os.close(terminal)
    assert words == ["interrupted", "cleaning up", "cleaned up"]
    assert process.returncode == 128 + signal.SIGINT


def make_controlling(terminal: int) -> None:
    import fcntl
    import termios

    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)


def test_a_later_second_ctrl_c_cuts_the_clean_up_short(start: Start) -> None:
    process = start("unwinds")
    read_until(process, "ready")

    process.send_signal(signal.SIGINT)
    time.sleep(1.3)
    process.send_signal(signal.SIGINT)

    assert rest(process) == ["interrupted", "cleaning up"]
    assert process.returncode == 128 + signal.SIGINT


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_termination_unwinds_and_a_repeated_one_does_not_interrupt_the_clean_up(
    start: Start, number: signal.Signals
) -> None:
    process = start("unwinds")
    read_until(process, "ready")

    process.send_signal(number)
    time.sleep(1.3)
    process.send_signal(number)

    assert rest(process) == ["terminated", "cleaning up", "cleaned up"]
    assert process.returncode == 128 + number


def test_a_signal_that_the_caller_ignores_stays_ignored(start: Start) -> None:
    process = start("unwinds", preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    read_until(process, "ready")

    process.send_signal(signal.SIGHUP)
    time.sleep(0.3)
    process.terminate()

    assert rest(process)[0] == "terminated"
    assert process.returncode == 128 + signal.SIGTERM


@pytest.mark.parametrize(("program", "status"), [("seven", 7), ("exits", 3), ("raises", 1)])
def test_the_status_is_that_of_the_work(start: Start, program: str, status: int) -> None:
    process = start(program)

    output = rest(process)

    assert process.returncode == status
    assert (program == "raises") == any("a mistake of the program's own" in x for x in output)


def test_the_caller_may_contain_again(start: Start) -> None:
    process = start("seven", "again")

    assert process.wait(timeout=20) == 7


def test_orphans_are_reaped_and_the_works_own_children_keep_their_statuses(start: Start) -> None:
    process = start("statuses")

    assert rest(process) == ["zombies: 0"]
    assert process.returncode == 0


def test_the_work_is_root_and_sees_its_own_processes_only(start: Start) -> None:
    process = start("sees")

    first, *seen = " ".join(rest(process)).replace("processes", "\n").split("\n")
    assert first.strip() == "pid 2 uid 0"
    assert [int(pid) for pid in seen[0].split()][:2] == [1, 2]
    assert len(seen[0].split()) == 3


@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs util-linux's unshare")
def test_a_machine_without_user_namespaces_is_told_which_setting_to_change(marker: str) -> None:
    source = PROGRAM.format(checkout=str(CHECKOUT), marker=marker)
    forbid = (
        "echo 0 > /proc/sys/user/max_user_namespaces && "
        'exec setpriv --inh-caps=-all --bounding-set=-all "$@"'
    )

    refused = subprocess.run(
        ["unshare", "-Ur", "sh", "-c", forbid, "sh", sys.executable, "-c", source, "seven"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert refused.returncode == 1
    assert "sudo sysctl -w user.max_user_namespaces=15000" in refused.stderr
