"""Runs a lifecycle configuration's script the way SageMaker does."""

import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

# The API reference prints "/sbin:bin:/usr/sbin:/usr/bin"; the second is taken for a slip.
# No other variable of root's is documented: HOME is what every login of root has.
ENVIRONMENT = {"HOME": "/root", "PATH": "/sbin:/bin:/usr/sbin:/usr/bin"}
LIMIT_SECONDS = 300.0  # SageMaker's: a hook that runs longer than five minutes fails


@dataclass(frozen=True)
class HookResult:
    """How a hook ended. A status above 128 is 128 plus the signal that killed it."""

    hook: str
    status: int
    seconds: float
    timed_out: bool
    log: Path

    @property
    def reason(self) -> str | None:
        """Why the instance does not start, or None when it does."""
        if self.timed_out:
            return f"{self.hook} took longer than its limit and was killed after {self.seconds} s"
        return f"{self.hook} exited with status {self.status}" if self.status else None


def run_hook(hook: str, script: Path, *, log: Path, limit_seconds: float) -> HookResult:
    """Run the executable file as root, by its own first line, from / and in ENVIRONMENT.

    At the limit its whole process group is killed; what it left running before stays.
    """
    started = time.monotonic()
    with log.open("wb") as output:
        # Through bash, so that a first line which names no program, as Windows line ends make
        # it, is explained in the log instead of raising here.
        process = subprocess.Popen(
            ["/bin/bash", "-c", 'exec "$0"', script],
            env=ENVIRONMENT,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        timed_out = False
        try:
            status = process.wait(timeout=limit_seconds)
        except subprocess.TimeoutExpired:
            timed_out = True
            os.killpg(process.pid, signal.SIGKILL)
            status = process.wait()
    seconds = round(time.monotonic() - started, 3)
    return HookResult(hook, status if status >= 0 else 128 - status, seconds, timed_out, log)
