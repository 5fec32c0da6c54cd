"""Reads and writes the user's files, which the user may have replaced by anything."""

from __future__ import annotations

import contextlib
import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# Where the user's settings, the status and the logs are: on the volume, which outlives a stop.
FOLDER = "SageMaker/.emr-notebook"
LARGEST_BYTES = 1_000_000


def folder(home: Path) -> Path:
    """The folder of the agent's files in the user's home."""
    return home / FOLDER


def write(path: Path, content: str | bytes, mode: int = 0o600) -> None:
    """Write all of the content, or leave the file as it was.

    A link in the file's place is replaced, never followed. Writers at the same time do not disturb
    one another: the last one wins. Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{os.getpid()}")
    with contextlib.suppress(FileNotFoundError):
        new.unlink()
    try:
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
        with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor
            file.write(content.encode() if isinstance(content, str) else content)
        new.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            new.unlink()
        raise


def read(path: Path, largest: int = LARGEST_BYTES) -> str | None:
    """The text of a regular file, or None where there is none.

    Raises ValueError, as read_bytes and for what is not UTF-8, and OSError.
    """
    content = read_bytes(path, largest)
    return None if content is None else content.decode("utf-8-sig")


def read_bytes(path: Path, largest: int = LARGEST_BYTES) -> bytes | None:
    """The content of a regular file, or None where there is none.

    Raises ValueError for what is no regular file or is larger than `largest` bytes, and OSError.
    A FIFO in its place does not block.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError("it is no regular file")
        with open(descriptor, "rb", closefd=False) as file:
            content = file.read(largest + 1)
    finally:
        os.close(descriptor)
    if len(content) > largest:
        raise ValueError(f"it is larger than {largest:,} bytes")
    return content
