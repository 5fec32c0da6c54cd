"""What the watcher says and does, minute by minute, with clocks that a test moves."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from emr_notebook_agent import jupyter, livy_sessions, log, processes, watch
from emr_notebook_agent.idle import Activity
from emr_notebook_agent.processes import Process
from emr_notebook_agent.watch import Watcher, take_over

BUSY = Activity(in_use=("the kernel of train.ipynb is busy",))
NOTHING = Activity()
NOT_ALLOWED = "not allowed: let this notebook's role do sagemaker:StopNotebookInstance on arn"


@dataclass
class Notebook:
    """A notebook with a limit of ten minutes, and everything that is said of it."""

    found: Activity = NOTHING
    failure: str = ""
    minutes: float = 0
    said: list[str] = field(default_factory=list)
    noted: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.watcher = Watcher(
            10,
            60,
            look=lambda: self.found,
            now=lambda: self.minutes * 60,
            end=self._end,
            say=self._say,
            note=self._note,
            today=lambda: datetime(2026, 11, 29, 14, tzinfo=UTC) + timedelta(minutes=self.minutes),
        )

    def _end(self) -> str:
        self.events.append("end")
        return self.failure

    def _say(self, text: str) -> None:
        self.said.append(text)
        self.events.append("say")

    def _note(self, text: str) -> None:
        self.noted.append(text)
        self.events.append("note")

    def passes(self, minutes: int, found: Activity | None = None) -> None:
        self.found = self.found if found is None else found
        for _ in range(minutes):
            self.minutes += 1
            self.watcher.step()

    @property
    def stops(self) -> int:
        return self.events.count("end")


def test_it_says_once_when_it_stops_a_notebook_that_nobody_opens_and_does_so_then() -> None:
    notebook = Notebook()
    notebook.passes(10)

    assert (notebook.said, notebook.stops) == (["stops at 2026-11-29 14:11 UTC unless used"], 0)
    notebook.passes(1)
    assert notebook.stops == 1


def test_a_stop_is_logged_and_shown_before_it_is_asked_for() -> None:
    notebook = Notebook()
    notebook.passes(11)

    assert notebook.events[-3:] == ["note", "say", "end"]
    assert notebook.said[-1] == "stopping since 2026-11-29 14:11 UTC: idle for 10 minutes"


def test_why_a_notebook_stays_is_said_once_and_the_time_anew_when_it_is_idle() -> None:
    notebook = Notebook()
    notebook.passes(60, BUSY)
    notebook.passes(5, NOTHING)

    assert notebook.said == [
        "stays: the kernel of train.ipynb is busy",
        "stops at 2026-11-29 15:11 UTC unless used",
    ]
    assert notebook.stops == 0


def test_the_last_look_decides() -> None:
    notebook = Notebook()
    notebook.passes(10)
    notebook.passes(1, BUSY)

    assert notebook.stops == 0


def test_a_stop_that_fails_is_explained_and_tried_again_every_ten_minutes() -> None:
    notebook = Notebook(failure=NOT_ALLOWED)
    notebook.passes(11)

    assert notebook.stops == 1
    assert notebook.said[-1] == (
        f"idle for 10 minutes, but {NOT_ALLOWED}; tries again every 10 minutes"
    )
    assert NOT_ALLOWED in notebook.noted[-1]
    notebook.passes(9)
    assert notebook.stops == 1
    notebook.passes(1)
    assert notebook.stops == 2


def test_a_notebook_that_is_used_after_a_failed_stop_is_not_stopped() -> None:
    notebook = Notebook(failure=NOT_ALLOWED)
    notebook.passes(11)
    notebook.passes(30, BUSY)

    assert (notebook.stops, notebook.said[-1]) == (1, "stays: the kernel of train.ipynb is busy")


def test_a_wall_clock_that_jumps_stops_nothing_early() -> None:
    notebook = Notebook()
    notebook.passes(5)
    notebook.watcher.today = lambda: datetime(2030, 1, 1, tzinfo=UTC)
    notebook.passes(4)

    assert notebook.stops == 0


def agent(pid: int, started: int, command: str = "watch", home: str = "/home/a") -> Process:
    arguments = ("python3", "-I", "/opt/emr-notebook/0a.pyz", command)
    return Process(pid, 1, "S", arguments, started=started, home=home)


@pytest.mark.parametrize(
    ("others", "ended", "stays"),
    [
        pytest.param([], [], True, id="alone"),
        pytest.param([agent(1, 3), agent(2, 4)], [1, 2], True, id="an earlier start's"),
        pytest.param([agent(1, 6)], [], False, id="a later start's"),
        pytest.param([agent(1, 3, "start")], [], True, id="another command"),
        pytest.param([agent(1, 3, home="/home/b")], [], True, id="another home's"),
    ],
)
def test_of_all_watchers_the_one_of_the_last_start_is_left(
    others: list[Process], ended: list[int], stays: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed: list[int] = []
    monkeypatch.setattr(os, "kill", lambda pid, _: killed.append(pid))
    me = agent(os.getpid(), 5)

    assert take_over({each.pid: each for each in [me, *others]}) is stays
    assert killed == ended


def test_without_a_number_of_minutes_nothing_is_watched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("IDLE_MINUTES", "-1")

    assert watch.watch() == 2
    assert "'-1' was given" in (tmp_path / "SageMaker/.emr-notebook/agent.log").read_text()


def test_what_runs_is_what_jupyter_the_processes_and_spark_show(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook = agent(3, 1, "hook")
    sleeping = Process(4, 1, "S", ("sleep", "infinity"), marked=True)
    monkeypatch.setattr(jupyter, "look", lambda _: BUSY)
    monkeypatch.setattr(processes, "running", lambda: {3: hook, 4: sleeping})
    monkeypatch.setattr(livy_sessions, "running", lambda _: ["Spark session 7 runs a statement"])

    assert watch.Looker(tmp_path).look().in_use == (
        "the kernel of train.ipynb is busy",
        "process 4 (sleep infinity) runs",
        "the start hook runs",
        "Spark session 7 runs a statement",
    )


def test_a_kernel_that_computed_since_the_last_look_is_used_though_no_cell_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel = Process(4, 1, "S", ("python", "-f", "kernel-0a1b2c3d-1.json"), marked=True)
    tables = [{4: replace(kernel, worked=worked)} for worked in (0, 3_000, 3_010)]
    monkeypatch.setattr(jupyter, "look", lambda _: NOTHING)
    monkeypatch.setattr(processes, "running", lambda: tables.pop(0))
    seconds = iter([0.0, 0.0, 60.0, 120.0])
    looker = watch.Looker(tmp_path, lambda: next(seconds))

    assert [looker.look().in_use for _ in range(3)] == [
        (),
        ("process 4 (python) computes",),
        (),
    ]


def test_a_look_that_fails_ends_no_watcher_and_stops_no_notebook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: Path) -> Activity:
        raise RecursionError

    monkeypatch.setattr(jupyter, "look", fails)

    assert watch.Looker(tmp_path).look().unseen == ("a look at what runs failed: RecursionError",)


def test_the_log_keeps_its_newer_half_when_it_is_too_long(tmp_path: Path) -> None:
    for number in range(5_000):
        log.append(tmp_path, f"{number} {'x' * 80}\n\x1b[2J")
    text = (tmp_path / "SageMaker/.emr-notebook/agent.log").read_text()

    assert len(text) < log.LARGEST_BYTES + 1_000
    assert text.splitlines()[-1].endswith("??[2J")
    assert " 4999 " in text
    assert " 0 " not in text


@pytest.mark.parametrize("plant", [os.mkfifo, os.mkdir, lambda path: path.symlink_to("/etc/motd")])
def test_what_is_planted_in_the_logs_place_is_neither_followed_nor_waited_for(
    tmp_path: Path, plant: Callable[[Path], None]
) -> None:
    folder = tmp_path / "SageMaker/.emr-notebook"
    folder.mkdir(parents=True)
    plant(folder / log.NAME)

    log.note(tmp_path, "something")
    with pytest.raises(OSError, match=r".*"):
        log.append(tmp_path, "something")
