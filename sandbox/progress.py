"""Each step with its name and time, on a terminal and in the report."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console


@dataclass
class Progress:
    """The steps that were taken, and what they took; `failed` names the one that did not end."""

    console: Console
    steps: list[tuple[str, float]] = field(default_factory=list)
    failed: str | None = None

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Show the step while it runs, and its time when it has ended."""
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
