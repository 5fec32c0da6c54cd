"""Keeps a session's statements and the states that they go through."""

from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

# livy.rsc.retained-statements and livy.rsc.job-cancel.timeout, Livy's defaults.
RETAINED = 100
CANCEL_SECONDS = 30

WAITING, RUNNING, AVAILABLE = "waiting", "running", "available"
CANCELLING, CANCELLED = "cancelling", "cancelled"
NO_SQL = (
    "The sandbox's stand-in for Livy runs SQL in the process of the Python interpreter, which has "
    "died. A cluster's Livy would go on with SQL here; start a new session."
)


def error_output(name: str, value: str) -> Json:
    """The output of a statement that failed outside of any interpreter."""
    return {"status": "error", "ename": name, "evalue": value, "traceback": []}


@dataclass
class Statement:
    """One piece of code: waiting, running, then available; or cancelling and cancelled."""

    id: int
    kind: str
    code: str
    state: str = WAITING
    output: Json | None = None
    progress: float = 0.0
    started: float = 0.0
    completed: float = 0.0

    def view(self) -> Json:
        """The statement as the REST protocol shows it; times in milliseconds."""
        return {
            "id": self.id,
            "code": self.code,
            "state": self.state,
            "output": self.output,
            "progress": self.progress,
            "started": int(self.started * 1000),
            "completed": int(self.completed * 1000),
        }

    def start(self, now: float) -> None:
        """It was handed to the interpreter."""
        self.state, self.started = RUNNING, now

    def finish(self, output: Json, now: float) -> None:
        """The interpreter answered. One that was being cancelled is cancelled, not available."""
        number = {"status": output["status"], "execution_count": self.id}
        self.output = {**number, **output}
        self.state = AVAILABLE if self.state == RUNNING else CANCELLED
        self.progress, self.completed = 1.0, now

    def cancel(self) -> None:
        """Ask for its end: at once if it waits, else when the interpreter answers."""
        self.state = {WAITING: CANCELLED, RUNNING: CANCELLING}.get(self.state, self.state)

    def give_up(self) -> None:
        """It did not react to being cancelled; call it cancelled, though it still runs."""
        if self.state == CANCELLING:
            self.state = CANCELLED


class Statements:
    """A session's statements in order: the latest 100, and which is next."""

    def __init__(self) -> None:
        self._by_id: dict[int, Statement] = {}
        self._next_id = 0

    def add(self, kind: str, code: str) -> Statement:
        """Append a waiting statement; the oldest is forgotten beyond the hundredth."""
        statement = Statement(self._next_id, kind, code)
        self._by_id[statement.id] = statement
        self._next_id += 1
        self._by_id.pop(self._next_id - RETAINED - 1, None)
        return statement

    def get(self, number: int) -> Statement | None:
        """The statement of this id, if it is kept."""
        return self._by_id.get(number)

    def all(self) -> list[Statement]:
        """Those kept, oldest first."""
        return list(self._by_id.values())

    def running(self) -> list[Statement]:
        """Those the interpreter has not answered yet; one at most."""
        return [s for s in self._by_id.values() if s.state in (RUNNING, CANCELLING)]

    def next_waiting(self) -> Statement | None:
        """The oldest that waits."""
        return next((s for s in self._by_id.values() if s.state == WAITING), None)
