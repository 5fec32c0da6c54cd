"""The start hook: bounded, in nobody's way, and what its user is told of it.

Real processes, whose bounds are short: what is asserted is their order, never a time.
"""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from emr_notebook_agent import hook_log, hook_messages, status
from tests.conftest import ROOT

AGENT = ROOT / "assets" / "notebook" / "agent"
TIME = r"[0-9-]{10}T[0-9:]{8}Z"
# Runs a hook as `hook.main` does, with bounds of its own.
RUN = """
import sys
from pathlib import Path
from emr_notebook_agent import hook
from emr_notebook_agent.hook_messages import Sender
folder, directory, seconds, grace = sys.argv[1:]
script = sys.stdin.buffer.read()
hook.run(script, Path(folder), Path(directory), {"PATH": hook.PATH, "MARK": folder}, Sender(1),
         seconds=float(seconds), grace=float(grace))
"""


class Notebook:
    """A home, whose user is the test's, and hooks that run in it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.volume = home / "SageMaker"
        self.volume.mkdir()
        self.folder = self.volume / ".emr-notebook"

    def begin(
        self, script: str | bytes, *, seconds: float = 60, grace: float = 0.2
    ) -> subprocess.Popen[bytes]:
        """Start a hook; its messages come from the process's standard output."""
        runner = subprocess.Popen(
            [sys.executable, "-c", RUN, self.folder, self.volume, str(seconds), str(grace)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={"PYTHONPATH": str(AGENT)},
        )
        assert runner.stdin is not None
        runner.stdin.write(script if isinstance(script, bytes) else script.encode())
        runner.stdin.close()
        return runner

    def record(self, runner: subprocess.Popen[bytes], *, largest: int = 1_000_000) -> None:
        """Log what a hook does until its messages end."""
        assert runner.stdout is not None
        hook_log.record(runner.stdout, self.home, largest=largest)

    def run(self, script: str | bytes, *, seconds: float = 60, grace: float = 0.2) -> str:
        """What the user is told of a hook in the end."""
        runner = self.begin(script, seconds=seconds, grace=grace)
        self.record(runner)
        return self.told

    @property
    def told(self) -> str:
        """The hook's line in status.txt, without its key."""
        lines = (self.folder / status.NAME).read_text().splitlines()
        return next(line for line in lines if line.startswith("hook: ")).removeprefix("hook: ")

    @property
    def log(self) -> str:
        return (self.folder / hook_log.NAME).read_text()

    def processes(self) -> list[int]:
        """What of its hooks is running, wherever it went."""
        mark = f"MARK={self.folder}".encode()
        found = []
        for each in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                variables = (each / "environ").read_bytes().split(b"\0")
                zombie = (each / "stat").read_bytes().rpartition(b")")[2].split()[0] == b"Z"
                if mark in variables and not zombie:
                    found.append(int(each.name))
        return found


@pytest.fixture
def notebook(tmp_path: Path) -> Iterator[Notebook]:
    made = Notebook(tmp_path)
    yield made
    for pid in made.processes():
        os.kill(pid, signal.SIGKILL)


def match(pattern: str, text: str) -> None:
    assert re.fullmatch(pattern, text, re.DOTALL), text


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_it_runs_on_the_volume_by_its_first_line_and_its_end_is_told(notebook: Notebook) -> None:
    told = notebook.run(f"#!{sys.executable}\nimport os\nprint(os.getcwd(), os.umask(0))\n")

    match(f"ended ok at {TIME}", told)
    match(
        rf"\[running since {TIME}\]\n{notebook.volume} 18\n\[ended ok at {TIME}\]\n", notebook.log
    )


def test_without_a_first_line_bash_runs_it(notebook: Notebook) -> None:
    notebook.run("echo $((1 + 1)) $BASH\necho err >&2\n")

    assert notebook.log.splitlines()[1:-1] == ["2 /bin/bash", "err"]


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("exit 3", f"failed with status 3 at {TIME}: see hook.log"),
        ("kill -TERM $$", f"was ended by signal 15 at {TIME}: see hook.log"),
        ("#!/no/such/program\n", f"failed at {TIME}: it cannot be run: .*No such file.*"),
    ],
)
def test_a_failure_is_told_as_what_it_was(notebook: Notebook, script: str, told: str) -> None:
    match(told, notebook.run(script))


def test_one_that_never_ends_is_stopped_with_all_that_it_began(notebook: Notebook) -> None:
    # One that does not want to end, one in a session of its own, and one that nobody waits for.
    script = """
        trap '' TERM
        setsid sleep 1000 &
        (setsid bash -c 'trap "" TERM; sleep 1000; sleep 1000' &)
        echo begun
        while :; do sleep 1000; done
    """

    told = notebook.run(script, seconds=1)

    match(f"stopped after 1 seconds, at {TIME}: see hook.log", told)
    assert "begun" in notebook.log
    assert notebook.processes() == []


def test_what_a_failed_one_left_running_ends_with_it(notebook: Notebook) -> None:
    notebook.run("setsid sleep 1000 & exit 1")

    assert notebook.processes() == []


def test_a_process_whose_name_is_cut_within_a_letter_hides_no_other(notebook: Notebook) -> None:
    """Linux keeps 15 bytes of a name, which may be anybody's process."""
    program = notebook.volume / ("ä" * 8)
    program.symlink_to("/bin/sleep")
    told = notebook.run(f"setsid ./{program.name} 1000 & setsid sleep 1000 & exit 1")

    match(f"failed with status 1 at {TIME}: see hook.log", told)
    assert notebook.processes() == []


def test_what_a_successful_one_left_running_lives_on_and_may_print(notebook: Notebook) -> None:
    file = notebook.volume / "beats"
    file.touch()
    runner = notebook.begin(f"(while :; do echo beat; echo x >>'{file}'; sleep 0.05; done) & true")
    notebook.record(runner)
    assert "ended ok" in notebook.told
    before = file.stat().st_size

    # What nobody reads would end it, or stop it when the pipe is full.
    wait_until(lambda: file.stat().st_size > before + 4)
    # Of the agent nothing is left: what the idle stop takes for a hook that runs.
    wait_until(lambda: Path(f"/proc/{runner.pid}/cmdline").read_bytes() == b"cat\0")
    for pid in notebook.processes():
        os.kill(pid, signal.SIGKILL)
    assert runner.wait(30) == 0


def test_two_at_once_are_one(notebook: Notebook) -> None:
    file = notebook.volume / "go"
    first = notebook.begin(f"echo first; until [ -e '{file}' ]; do sleep 0.05; done")
    logging = threading.Thread(target=notebook.record, args=[first])
    logging.start()
    wait_until(lambda: (notebook.folder / hook_log.NAME).exists() and "first" in notebook.log)

    second = notebook.begin("echo second")
    notebook.record(second)
    told = notebook.told
    file.touch()
    logging.join()

    match(f"not run at {TIME}: an earlier one runs, or a program holds hook.lock", told)
    assert notebook.told.startswith("ended ok at ")
    assert "second" not in notebook.log
    assert notebook.run("echo third").startswith("ended ok at ")


def test_the_log_keeps_the_end_of_what_is_too_much(notebook: Notebook) -> None:
    runner = notebook.begin("seq 1 20000")
    notebook.record(runner, largest=20_000)

    lines = notebook.log.splitlines()
    assert len(notebook.log) < 20_000
    assert lines[0] == "[the beginning is left out]"
    # Whole lines, without a gap, up to the last.
    numbers = [int(each) for each in lines[1:-1]]
    assert numbers == list(range(numbers[0], 20_001))
    assert lines[-1].startswith("[ended ok at ")


def test_a_link_in_the_place_of_the_log_or_the_script_is_replaced(notebook: Notebook) -> None:
    mine = notebook.home / "mine"
    mine.write_text("mine")
    notebook.folder.mkdir()
    for name in ("hook.log", "start_hook"):
        (notebook.folder / name).symlink_to(mine)

    assert notebook.run("echo hello").startswith("ended ok at ")
    assert mine.read_text() == "mine"
    assert "hello" in notebook.log


@pytest.mark.parametrize("name", ["start_hook", "hook.lock"])
def test_a_folder_in_the_place_of_what_it_needs_is_named(notebook: Notebook, name: str) -> None:
    (notebook.folder / name / "x").mkdir(parents=True)

    match(f"failed at {TIME}: it cannot be run: .*Is a directory.*{name}'", notebook.run("true"))


def test_a_log_that_cannot_be_written_stops_nothing(notebook: Notebook) -> None:
    (notebook.folder / "hook.log").mkdir(parents=True)
    (notebook.folder / "hook.log" / "x").touch()

    assert notebook.run("seq 1 100000").startswith("ended ok at ")


def test_a_deleted_folder_comes_back_with_what_is_printed_later(notebook: Notebook) -> None:
    told = notebook.run("echo one; rm -rf .emr-notebook; echo two; sleep 0.1; echo three")

    assert told.startswith("ended ok at ")
    assert "three" in notebook.log


def test_when_its_watcher_is_killed_that_is_told(notebook: Notebook) -> None:
    runner = notebook.begin("echo begun; sleep 1000")
    logging = threading.Thread(target=notebook.record, args=[runner])
    logging.start()
    wait_until(lambda: (notebook.folder / hook_log.NAME).exists() and "begun" in notebook.log)
    runner.kill()
    logging.join()

    match(f"lost: what watched it has ended, {TIME}; stop and start this notebook", notebook.told)


def test_an_agent_that_cannot_begin_it_is_told(notebook: Notebook) -> None:
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123 - a stream
        hook_log.record(nothing, notebook.home)

    assert notebook.told.startswith("not run: the agent did not start it")


def test_a_user_who_stops_its_log_does_not_stop_it(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    clock = SimpleNamespace(monotonic=lambda: sum(waited), sleep=waited.append)
    monkeypatch.setattr(hook_messages, "time", clock)
    reader, writer = os.pipe()
    sender = hook_messages.Sender(writer, seconds=5)

    # A pipe holds 16 of them, and nobody reads.
    for _ in range(200):
        sender.send(hook_messages.OUTPUT, b"x" * hook_messages.LARGEST_OUTPUT)
    sender.close()
    with open(reader, "rb") as stream:  # noqa: PTH123 - a descriptor
        found = list(hook_messages.received(stream))

    # The first that has to wait is the last that does, and those that came are whole.
    assert sum(waited) == pytest.approx(5, abs=0.1)
    assert {len(content) for _, content in found} == {hook_messages.LARGEST_OUTPUT}
    assert 0 < len(found) < 200


@pytest.fixture
def packed(tmp_path: Path) -> Callable[[str], Path]:
    """An agent's file with a start hook in it, in a folder that only root writes to."""

    def pack(script: str) -> Path:
        (tmp_path / "programs").mkdir()
        with zipfile.ZipFile(tmp_path / "programs" / "agent.pyz", "w") as archive:
            for path in AGENT.rglob("*.py"):
                archive.write(path, path.relative_to(AGENT))
            archive.writestr("start_hook", script)
        return tmp_path / "programs" / "agent.pyz"

    return pack


@pytest.mark.parametrize("run_as", ["user", "root"])
def test_the_agents_file_runs_the_hook_that_it_holds(
    notebook: Notebook, packed: Callable[[str], Path], run_as: str
) -> None:
    program = packed('echo "$HOME $USER $PWD $DATA ${SECRET-none} ${START_HOOK-none} $0"')
    given = {"HOME": str(notebook.home), "START_HOOK": run_as, "SECRET": "x"}
    given["ENVIRONMENT"] = '{"DATA": "s3://data/"}'

    runner = subprocess.Popen(
        [sys.executable, "-I", program, "hook"], stdout=subprocess.PIPE, env=given
    )
    logged = subprocess.run(
        [sys.executable, "-I", program, "record-hook"], stdin=runner.stdout, env=given, timeout=60
    )

    assert logged.returncode == 0
    line = notebook.log.splitlines()[1]
    if run_as == "user":
        where = f"{notebook.home} ec2-user {notebook.volume}"
        script = notebook.folder / "start_hook"
    else:
        where, script = "/root root /", program.parent / "start_hook"
    assert line == f"{where} s3://data/ none none {script}"
    # Nobody else can change what root runs, or has run.
    assert script.stat().st_mode & 0o777 == 0o700
