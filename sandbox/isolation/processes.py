"""Starts child processes that end with the sandbox, and waits no longer than it was told."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

from sandbox.errors import SandboxError
from sandbox.isolation.system_calls import die_with_parent

STOP_SECONDS = 10
LOG_TAIL_LINES = 15


class Child:
    """One started program: its own process group, its output in a log file.

    Leaving the `with` block, or `stop()`, ends the whole group: SIGTERM, then SIGKILL after
    ten seconds.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        env: Mapping[str, str],
        log: Path,
        cwd: Path | None = None,
    ) -> None:
        self.name = name
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [str(part) for part in command],
                env=dict(env),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def tail(self) -> str:
        """The last lines of the log."""
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join(lines[-LOG_TAIL_LINES:])

    def stop(self) -> None:
        """End the program and everything in its process group."""
        for number, seconds in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, STOP_SECONDS)):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=seconds)
        # The leader is gone; what it left in its group goes too.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def wait_until(self, ready: Callable[[], bool], *, seconds: float, every: float = 0.1) -> None:
        """Wait until `ready()`; SandboxError with the log's end if it ends or takes longer."""
        deadline = time.monotonic() + seconds
        while not ready():
            code = self.process.poll()
            if code is not None:
                raise SandboxError(
                    f"{self.name} ended with status {code} before it was ready. "
                    f"The end of {self.log}:\n{self.tail()}"
                )
            if time.monotonic() > deadline:
                raise SandboxError(
                    f"{self.name} was not ready after {seconds:.0f} s. "
                    f"The end of {self.log}:\n{self.tail()}"
                )
            time.sleep(every)
