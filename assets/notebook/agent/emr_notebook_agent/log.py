"""Keeps agent.log, in which the agent says what it did in the background."""

from __future__ import annotations

import contextlib
import os
import stat
from typing import TYPE_CHECKING

from emr_notebook_agent import files
from emr_notebook_agent.wording import printable, utc_now

if TYPE_CHECKING:
    from pathlib import Path

NAME = "agent.log"
LARGEST_BYTES = 200_000


def append(home: Path, text: str) -> None:
    """Add a line with the time; the older half goes when it is too long. Raises OSError."""
    path = files.folder(home) / NAME
    path.parent.mkdir(parents=True, exist_ok=True)
    line = f"{utc_now()} {printable(text, 1000)}\n"
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
    with open(os.open(path, flags, 0o600), "r+b") as file:  # noqa: PTH123 - a descriptor
        known = os.fstat(file.fileno())
        if not stat.S_ISREG(known.st_mode):
            raise OSError(f"{path} is no regular file")
        if known.st_size > LARGEST_BYTES:
            file.seek(-LARGEST_BYTES // 2, os.SEEK_END)
            kept = file.read().partition(b"\n")[2]
            file.truncate(0)
            file.write(kept)
        file.write(line.encode())


def note(home: Path, text: str) -> None:
    """Add a line where that is possible: a log that cannot be written keeps nothing from going."""
    with contextlib.suppress(OSError, ValueError):
        append(home, text)
