"""Runs programs for a measurement: what they cost, and what they print."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox.environment import clean_environment


class BenchError(Exception):
    """A program under measurement failed; its own words are in the text."""


@dataclass(frozen=True)
class Run:
    """A finished program: processor seconds of its own and its children's, and its output."""

    cpu_seconds: float
    printed: str


def run_python(
    program: str,
    *arguments: str,
    path: Path,
    env: Mapping[str, str],
    cwd: Path | None = None,
) -> Run:
    """Run a Python program whose modules are found under `path`. Raises BenchError.

    As in Lambda, where a function's folder is read-only, no compiled modules are left behind.
    """
    with tempfile.TemporaryFile() as output:
        child = subprocess.Popen(
            [sys.executable, "-c", program, *arguments],
            env={
                **clean_environment(),
                "PYTHONPATH": str(path),
                "PYTHONDONTWRITEBYTECODE": "1",
                **env,
            },
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        printed = output.read().decode(errors="replace")
    if child.returncode != 0:
        raise BenchError(f"a measured program ended with status {child.returncode}:\n{printed}")
    return Run(used.ru_utime + used.ru_stime, printed)
