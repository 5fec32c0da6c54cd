"""Runs `emr-notebook` commands in forks of one process, which has imported the program already.

Each has its environment, streams, exit and status to itself, as `python -m emr_notebook` has, and
0.7 s of imports less.
"""

import importlib
import json
import os
import runpy
import select
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SECONDS = 120


@dataclass(frozen=True)
class Ran:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """What it printed as JSON."""
        found: dict[str, Any] = json.loads(self.out)
        return found


class WarmCommand:
    """The checkout's own program, run in the checkout. Leaving the `with` block ends it."""

    def __init__(self, root: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            cwd=root,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> "WarmCommand":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def run(self, *arguments: str, env: Mapping[str, str]) -> Ran:
        """Run it to its end with these arguments, this environment and nothing to read."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        with tempfile.NamedTemporaryFile("r") as out, tempfile.NamedTemporaryFile("r") as err:
            task = {"arguments": arguments, "env": dict(env), "out": out.name, "err": err.name}
            stdin.write(f"{json.dumps(task)}\n")
            stdin.flush()
            if not select.select([stdout], [], [], SECONDS)[0]:
                self._process.kill()
                raise TimeoutError(f"emr-notebook {' '.join(arguments)}: no end in {SECONDS} s")
            return Ran(int(stdout.readline()), out.read(), err.read())


def next_task() -> dict[str, object]:
    """Wait for the commands in their turn; return, with each, in a process of its own."""
    for line in sys.stdin:
        if not (child := os.fork()):
            return dict(json.loads(line))
        sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")
        sys.stdout.flush()
    sys.exit()


def become(task: Mapping[str, object]) -> None:
    """Take the task's arguments, environment and streams for this process's own."""
    for number, name in enumerate((os.devnull, str(task["out"]), str(task["err"]))):
        os.dup2(os.open(name, os.O_RDWR), number)
    os.environ.clear()
    os.environ.update(task["env"])  # type: ignore[call-overload]
    sys.argv[1:] = task["arguments"]  # type: ignore[call-overload]


if __name__ == "__main__":
    # As with -m: the checkout's program, and not the installed one.
    sys.path[0] = str(Path.cwd())
    importlib.import_module("emr_notebook.cli.main")
    become(next_task())
    runpy.run_module("emr_notebook", run_name="__main__", alter_sys=True)
