"""Keeps hook.log and the status line of the start hook, as the notebook's user."""

from __future__ import annotations

import contextlib
import os
from typing import IO, TYPE_CHECKING

from emr_notebook_agent import files, status
from emr_notebook_agent.hook_messages import BEGAN, BUSY, ENDED, OUTPUT, received
from emr_notebook_agent.wording import utc_now

if TYPE_CHECKING:
    from pathlib import Path

NAME = "hook.log"
LARGEST_BYTES = 1_000_000
_KEY = "hook"


def record(stream: IO[bytes], home: Path, *, largest: int = LARGEST_BYTES) -> None:
    """Write down what the messages tell, until their sender has ended.

    The log begins anew with each hook and keeps its last half when it grows beyond `largest`
    bytes. A full disk, or a folder that the user has deleted, loses lines and stops nothing.
    """
    log = _Log(files.folder(home) / NAME, largest)
    kind = b""
    for kind, content in received(stream):
        if kind == BEGAN:
            since = f"running since {utc_now()}"
            log.begin()
            log.add(f"[{since}]\n".encode())
            _tell(home, since)
        elif kind == OUTPUT:
            log.add(content)
        elif kind == ENDED:
            log.add(b"[%s]\n" % content)
            _tell(home, content.decode(errors="replace"))
        elif kind == BUSY:
            why = "an earlier one runs, or a program holds hook.lock"
            _tell(home, f"not run at {utc_now()}: {why}")
    if kind not in (ENDED, BUSY):
        what = "lost: what watched it has ended" if kind else "not run: the agent did not start it"
        _tell(home, f"{what}, {utc_now()}; stop and start this notebook")


def _tell(home: Path, what: str) -> None:
    with contextlib.suppress(OSError):
        status.update(home, {_KEY: what})


class _Log:
    """A file of a bounded size."""

    def __init__(self, path: Path, largest: int) -> None:
        self._path, self._largest, self._size = path, largest, 0

    def begin(self) -> None:
        self._replace(b"")

    def add(self, content: bytes) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK
        try:
            with open(os.open(self._path, flags), "ab") as file:  # noqa: PTH123 - a descriptor
                file.write(content)
        except FileNotFoundError:
            self._replace(content)
            return
        except OSError:
            return
        self._size += len(content)
        if self._size > self._largest:
            self._drop_first_half()

    def _drop_first_half(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            kept = files.read_bytes(self._path, 2 * self._largest) or b""
            kept = kept[-self._largest // 2 :].partition(b"\n")[2]
            self._replace(b"[the beginning is left out]\n" + kept)

    def _replace(self, content: bytes) -> None:
        with contextlib.suppress(OSError):
            files.write(self._path, content)
            self._size = len(content)
