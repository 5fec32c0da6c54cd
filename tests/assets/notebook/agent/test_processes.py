"""Which processes are the user's, and still run: of a table, and of real ones on this machine."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from emr_notebook_agent import processes
from emr_notebook_agent.processes import Process, computing, running, started_by_user

RUNTIME = "/home/ec2-user/.local/share/jupyter/runtime"
PYTHON_KERNEL = ("python", "-m", "ipykernel_launcher", "-f", f"{RUNTIME}/kernel-0a1b2c3d-11.json")
KERNEL = {"JPY_PARENT_PID": "1"}
TERMINAL = {"JUPYTER_SERVER_URL": "http://localhost:8888/"}


def found(*arguments: str, marked: bool = True, state: str = "S", parent: int = 1) -> list[str]:
    process = Process(7, parent, state, arguments, marked)
    return [each.label for each in started_by_user({7: process})]


@pytest.mark.parametrize(
    ("command", "label"),
    [
        (("sleep", "infinity"), "sleep infinity"),
        (("python", "train.py", "--rounds", "9"), "python train.py"),
        (("/usr/bin/vim",), "vim"),
        (("python", "-m", "debugpy", "--listen", "5678", "train.py"), "python"),
        (("bash", "nightly.sh"), "bash nightly.sh"),
        (("bash", "-c", "while :; do :; done"), "bash"),
        (("bash", "-lc", "make"), "bash"),
        (("mysql", "-phunter2"), "mysql"),
        (("curl", "https://u:hunter2@example.com"), "curl"),
        (("\x1b]0;title\x07",), "?]0;title?"),
        (("x" * 500,), "x" * 59 + "…"),
    ],
)
def test_what_was_started_counts_under_a_name_that_a_terminal_shows_as_it_is(
    command: tuple[str, ...], label: str
) -> None:
    assert found(*command) == [f"process 7 ({label})"]


@pytest.mark.parametrize(
    "command",
    [
        PYTHON_KERNEL,
        ("-bash",),
        ("bash", "-l"),
        ("/bin/zsh", "--login", "-i"),
        ("tmux", "new", "-s", "night"),
        ("SCREEN",),
        ("sudo", "-i"),
        ("python", "-c", "from multiprocessing.resource_tracker import main;main(31)"),
        ("python", "-m", "debugpy.adapter"),
        ("python", "/env/site-packages/debugpy/adapter", "--for-server", "40123"),
        ("ssh-agent", "-s"),
        ("/usr/bin/gpg-agent", "--daemon"),
    ],
)
def test_what_waits_for_a_person_or_for_its_own_kernel_does_not_count(
    command: tuple[str, ...],
) -> None:
    assert found(*command) == []


def test_what_nobody_started_from_a_kernel_or_terminal_does_not_count() -> None:
    """Jupyter itself, what it starts for itself, services of the image, what a hook left."""
    assert found("python", "-m", "jupyterlab", marked=False) == []


def test_what_ended_does_not_count() -> None:
    assert found("sleep", "9", state="Z") == []


def test_what_runs_as_root_below_a_terminal_counts_though_nobody_reads_its_environment() -> None:
    table = {
        5: Process(5, 1, "S", ("-bash",), marked=True),
        6: Process(6, 5, "S", ("sudo", "make")),
        7: Process(7, 6, "S", ("make",)),
    }
    assert [each.pid for each in started_by_user(table)] == [7]


def test_processes_that_are_each_others_parents_are_no_endless_search() -> None:
    assert (
        list(started_by_user({1: Process(1, 2, "S", ("a",)), 2: Process(2, 1, "S", ("b",))})) == []
    )


@pytest.mark.parametrize(
    ("command", "is_hook"),
    [
        (("python3", "-I", "/opt/emr-notebook/0a.pyz", "hook"), True),
        (("runuser", "--", "python3", "-I", "/opt/emr-notebook/0a.pyz", "hook"), False),
        (("python3", "-I", "/opt/emr-notebook/0a.pyz", "watch"), False),
        (("python3", "hook"), False),
        ((), False),
    ],
)
def test_the_agent_is_known_by_its_program_and_command(
    command: tuple[str, ...], is_hook: bool
) -> None:
    assert processes.is_agent(Process(7, 1, "S", command), "hook") is is_hook


@pytest.fixture
def start() -> Iterator[Callable[..., int]]:
    started: list[int] = []

    def start(*command: str, **environment: str) -> int:
        child = subprocess.Popen(
            command, env={"PATH": os.environ["PATH"], **environment}, start_new_session=True
        )
        started.append(child.pid)
        return child.pid

    yield start
    for pid in started:
        os.killpg(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def eventually(found: Callable[[], object]) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if found():
            return True
        time.sleep(0.02)
    return False


def mine(pid: int) -> bool:
    return pid in {each.pid for each in started_by_user(running())}


@pytest.mark.parametrize("mark", [KERNEL, TERMINAL])
def test_a_real_endless_sleep_is_found_by_what_jupyter_gave_its_parent(
    start: Callable[..., int], mark: dict[str, str]
) -> None:
    unmarked = start("sleep", "1000")
    pid = start("sleep", "1000", **mark)

    assert eventually(lambda: mine(pid))
    assert not mine(unmarked)


def test_a_real_kernel_that_computes_in_a_thread_is_told_from_one_that_waits(
    start: Callable[..., int],
) -> None:
    connection = f"{RUNTIME}/kernel-0a1b2c3d-11.json"
    works = start(sys.executable, "-c", "while True: pass", connection, **KERNEL)
    waits = start("sh", "-c", "sleep 1000; :", connection, **KERNEL)
    assert eventually(lambda: {works, waits} <= {x.pid for x in running().values() if x.is_kernel})
    before = running()

    def found(seconds: float) -> set[int]:
        return {each.pid for each in computing(before, running(), seconds)} & {works, waits}

    assert eventually(lambda: found(1) == {works})
    # A share, not an amount: over a day, it is next to nothing.
    assert found(86_400) == set()


@pytest.mark.parametrize(
    ("arguments", "counts"),
    [
        (PYTHON_KERNEL, True),
        (("-bash",), True),
        (("python", "-c", "from multiprocessing.forkserver import main; main(3)"), True),
        (("python", "train.py"), False),
    ],
)
def test_what_runs_anyway_needs_not_compute(arguments: tuple[str, ...], *, counts: bool) -> None:
    waiting = Process(7, 1, "S", arguments, True)
    working = {7: replace(waiting, worked=60 * processes.TICKS_A_SECOND)}

    assert bool(list(computing({7: waiting}, working, 60))) is counts


def test_a_kernel_with_the_number_of_an_ended_one_did_not_compute_for_both() -> None:
    before = {7: Process(7, 1, "S", PYTHON_KERNEL, True, started=1, worked=0)}
    later = {7: Process(7, 1, "S", PYTHON_KERNEL, True, started=2, worked=6_000)}

    assert list(computing(before, later, 60)) == []


def test_what_outlives_its_terminal_is_found() -> None:
    """As after `nohup … &` in a terminal that was closed: init is its parent."""
    line = "sleep 1000 >/dev/null 2>&1 & echo $!"
    environment = {"PATH": os.environ["PATH"], **TERMINAL}
    shell = subprocess.run(["sh", "-c", line], env=environment, capture_output=True, check=True)
    pid = int(shell.stdout)
    try:
        assert eventually(lambda: mine(pid))
        assert running()[pid].parent not in (0, os.getpid())
    finally:
        os.kill(pid, signal.SIGKILL)


def test_a_process_is_read_as_the_kernel_shows_it() -> None:
    with subprocess.Popen(["sleep", "60"]) as child:
        found = running()[child.pid]
        child.kill()

    assert (found.parent, found.program) == (os.getpid(), "sleep")
    assert found.state in "RSD"
    assert found.started > 0
