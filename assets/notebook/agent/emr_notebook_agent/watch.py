"""Stays beside the notebook for as long as it runs, and stops it when nobody uses it."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Callable

from emr_notebook_agent import idle, jupyter, livy_sessions, log, processes, status
from emr_notebook_agent.idle import Activity, Idle
from emr_notebook_agent.instance import own, stop

if TYPE_CHECKING:
    from collections.abc import Mapping

KEY = "idle_stop"
# A minute between two looks; as long as nothing is stopped by it, ten until the next attempt.
LOOK_SECONDS = 60.0
RETRY_MINUTES = 10
# What is shown moves only when it would be wrong by more than this.
CHURN = timedelta(seconds=90)


@dataclass
class Watcher:
    """Looks once a minute, says what it found in status.txt, and stops the instance once.

    `look` finds what is used, `now` reads a clock that never jumps, `end` stops the instance and
    says why it could not, `say` shows one line, `note` logs one.
    """

    limit_minutes: int
    minute: float
    look: Callable[[], Activity]
    now: Callable[[], float]
    end: Callable[[], str]
    say: Callable[[str], None]
    note: Callable[[str], None]
    today: Callable[[], datetime] = lambda: datetime.now(timezone.utc)

    def __post_init__(self) -> None:
        self.state = Idle(self.now())
        self._shown, self._deadline = "", datetime.min.replace(tzinfo=timezone.utc)
        self._not_before = self.now()

    def step(self) -> None:
        """Look, say what was found, and stop the instance if it was idle for the limit."""
        self.state = idle.after(self.state, self.look(), self.now())
        limit = self.limit_minutes * self.minute
        if not idle.is_over(self.state, limit):
            self._not_before = self.now()
            self._show(self._plan(limit))
        elif self.now() >= self._not_before:
            self._stop()

    def _plan(self, limit: float) -> str:
        if self.state.stays:
            return f"stays: {self.state.stays}"
        deadline = idle.stops_at(self.state, limit, self.today())
        if abs(deadline - self._deadline) > CHURN:
            self._deadline = deadline
        return f"stops at {_shown(self._deadline)} unless used"

    def _stop(self) -> None:
        """Say it first: afterwards nothing is left to say it."""
        since = f"idle for {self.limit_minutes} minutes"
        self.note(f"stops this notebook: {since}")
        self._show(f"stopping since {_shown(self.today())}: {since}")
        failure = self.end()
        self._not_before = self.now() + RETRY_MINUTES * self.minute
        if failure:
            self.note(f"could not stop this notebook: {failure}")
            again = f"tries again every {RETRY_MINUTES} minutes"
            self._show(f"{since}, but {failure}; {again}")

    def _show(self, text: str) -> None:
        if text != self._shown:
            self._shown = text
            self.say(text)


@dataclass
class Looker:
    """Looks for everything that shows a use: Jupyter's, the user's processes, what Spark runs."""

    home: Path
    now: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self._table: Mapping[int, processes.Process] = {}
        self._at = self.now()

    def look(self) -> Activity:
        """What is used now; what cannot be looked at, for whatever reason, is not seen."""
        try:
            return self._look()
        except Exception as error:
            # A watcher that ended would leave its last promise in status.txt.
            return Activity(unseen=(f"a look at what runs failed: {type(error).__name__}",))

    def _look(self) -> Activity:
        found, table, at = jupyter.look(self.home), processes.running(), self.now()
        computing = processes.computing(self._table, table, at - self._at)
        self._table, self._at = table, at
        running = [f"{each.label} computes" for each in computing]
        running += [f"{each.label} runs" for each in processes.started_by_user(table)]
        if processes.hooks(table):
            running.append("the start hook runs")
        statements = livy_sessions.running(self.home)
        return Activity((*found.in_use, *running, *statements), found.marks, found.unseen)


def watch() -> int:
    """Watch until the end. Status 2 without a limit, 0 when a later watcher is there."""
    home, given = Path(os.environ["HOME"]), os.environ.get("IDLE_MINUTES", "")
    if not given.isdecimal():
        log.note(home, f"{KEY}: IDLE_MINUTES has to be a number of minutes; {given!r} was given")
        return 2
    if not take_over(processes.running()):
        return 0
    try:
        instance = own()
    except (OSError, ValueError) as error:
        _say(home, f"never stops: {error}")
        return 2
    watcher = Watcher(
        int(given),
        _minute(os.environ),
        look=Looker(home).look,
        now=time.monotonic,
        end=lambda: stop(instance),
        say=lambda text: _say(home, text),
        note=lambda text: log.note(home, f"{KEY}: {text}"),
    )
    watcher.note(f"watches {instance.name}: stops it when idle for {given} minutes")
    while True:
        watcher.step()
        time.sleep(watcher.minute)


def take_over(table: Mapping[int, processes.Process]) -> bool:
    """End the watchers that were there before; False when a later one is there, which is to stay.

    Of any two, the later one sees the earlier: one is left.
    """
    me = os.getpid()
    mine, home = table[me].started, table[me].home
    for other in table.values():
        if other.pid == me or other.home != home or not processes.is_agent(other, "watch"):
            continue
        if (other.started, other.pid) > (mine, me):
            return False
        with contextlib.suppress(OSError):
            os.kill(other.pid, signal.SIGTERM)
    return True


def _minute(variables: Mapping[str, str]) -> float:
    """How many seconds a minute has: root, and tests by root's hand, may make it shorter."""
    with contextlib.suppress(ValueError):
        return max(0.05, float(variables.get("IDLE_MINUTE_SECONDS") or LOOK_SECONDS))
    return LOOK_SECONDS


def _say(home: Path, text: str) -> None:
    # A full disk keeps no forgotten notebook running.
    with contextlib.suppress(OSError):
        status.update(home, {KEY: text})


def _shown(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
