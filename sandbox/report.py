"""Reports what a demo or `make sandbox` does: in the terminal, and in `.sandbox/report.json`."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandbox.files import write_whole

if TYPE_CHECKING:
    from rich.console import Console


@dataclass
class Report:
    """What is known of a demo so far; a failed one's has `ok` false and `error`."""

    livy: str | None = None
    cluster: str | None = None
    notebook: str | None = None
    spark_result: list[dict[str, Any]] | None = None
    first_result_seconds: float | None = None
    error: str | None = None

    def write(self, path: Path, steps: Sequence[tuple[str, float]]) -> None:
        """Write it, with what each step took."""
        content = {
            "ok": self.error is None,
            "livy": self.livy,
            "cluster": self.cluster,
            "notebook": self.notebook,
            "spark_result": self.spark_result,
            "first_result_seconds": self.first_result_seconds,
            "steps": [{"name": name, "seconds": round(seconds, 2)} for name, seconds in steps],
            **({"error": self.error} if self.error is not None else {}),
        }
        write_whole(path, json.dumps(content, indent=2) + "\n")


@dataclass
class Progress:
    """The steps that were taken, and what they took; `failed` names the one that did not end.

    `on_step` is told the name of each as it begins.
    """

    console: "Console"
    on_step: Callable[[str], None] = lambda _name: None
    steps: list[tuple[str, float]] = field(default_factory=list)
    failed: str | None = None

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Show the step while it runs, and its time when it has ended."""
        self.on_step(name)
        started = time.monotonic()
        try:
            with self._shown(name):
                yield
        except BaseException:
            self.failed = self.failed or name
            seconds = time.monotonic() - started
            self.console.print(f"[red]✗[/] {name} [dim]{seconds:.1f} s[/]", highlight=False)
            raise
        seconds = time.monotonic() - started
        self.steps.append((name, seconds))
        self.console.print(f"[green]✓[/] {name} [dim]{seconds:.1f} s[/]", highlight=False)

    def note(self, text: str) -> None:
        """A line under the running step."""
        self.console.print(f"  [dim]{text}[/]", highlight=False)

    @contextmanager
    def _shown(self, name: str) -> Iterator[None]:
        if self.console.is_terminal:
            with self.console.status(f"{name} …"):
                yield
        else:
            # In a log nothing moves: say what has begun.
            self.console.print(f"… {name}", highlight=False)
            yield
