"""Chooses what the agent does. What it is given comes from the start script, as variables."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# Filled by name, so that a command imports no other's modules: a start is waited for.
COMMANDS: dict[str, Callable[[], int]] = {}


def main(arguments: Sequence[str]) -> int:
    """Run the command that is named. Returns the exit status; 2 for a command that is unknown."""
    command = COMMANDS.get(" ".join(arguments))
    if command is None:
        sys.stderr.write(f"{' '.join(arguments)!r} was given; accepted: {', '.join(COMMANDS)}\n")
        return 2
    return command()
