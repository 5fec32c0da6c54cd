"""Chooses what the agent does. What it is given comes from the start script, as variables."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


# Each imports what it needs alone: a start is waited for.
def _start() -> int:
    from emr_notebook_agent import start

    sys.stdout.write(start.start(Path.home(), os.environ))
    return 0


def _environment() -> int:
    from emr_notebook_agent import environment

    sys.stdout.write(environment.profile(environment.variables(os.environ)))
    return 0


def _hook() -> int:
    from emr_notebook_agent import hook

    hook.main(Path(sys.argv[0]), os.environ, sys.stdout.fileno())
    return 0


def _record_hook() -> int:
    from emr_notebook_agent import hook_log

    hook_log.record(sys.stdin.buffer, Path.home())
    return 0


def _watch() -> int:
    from emr_notebook_agent import watch

    return watch.watch()


COMMANDS: dict[str, Callable[[], int]] = {
    "start": _start,
    "environment": _environment,
    "hook": _hook,
    "record-hook": _record_hook,
    "watch": _watch,
}


def main(arguments: Sequence[str]) -> int:
    """Run the command that is named. Returns the exit status; 2 for a command that is unknown."""
    command = COMMANDS.get(" ".join(arguments))
    if command is None:
        sys.stderr.write(f"{' '.join(arguments)!r} was given; accepted: {', '.join(COMMANDS)}\n")
        return 2
    os.umask(0o077)
    return command()
