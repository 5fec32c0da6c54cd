"""Keeps status.txt: a line `key: value` for each thing that the notebook's user is told.

The start writes the whole file. What goes on in the background changes lines of its own, whose
keys nothing else uses.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from typing import TYPE_CHECKING

from emr_notebook_agent import files

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

NAME = "status.txt"
# A program of the user's may hold it for good.
LOCK_SECONDS = 5.0


def update(home: Path, values: Mapping[str, str | None]) -> None:
    """Set the lines of these keys, and remove those whose value is None. Raises OSError."""
    path = files.folder(home) / NAME
    with locked(home):
        try:
            lines = (files.read(path) or "").splitlines()
        except ValueError:
            lines = []
        kept = [line for line in lines if line.partition(": ")[0] not in values]
        new = [f"{key}: {value}" for key, value in values.items() if value is not None]
        files.write(path, "\n".join([*kept, *new, ""]))


def replace(home: Path, text: str) -> None:
    """Write the whole file, without the lines of what an earlier start began. Raises OSError."""
    with locked(home):
        files.write(files.folder(home) / NAME, text)


@contextlib.contextmanager
def locked(home: Path) -> Iterator[None]:
    """One writer of status.txt at a time; without the lock when it was held for LOCK_SECONDS."""
    folder = files.folder(home)
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        deadline = time.monotonic() + LOCK_SECONDS
        while time.monotonic() < deadline:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(0.05)
        yield
    finally:
        os.close(descriptor)
