"""Carries what a start hook does from whoever runs it, root perhaps, to the user who logs it."""

from __future__ import annotations

import os
import time
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

BEGAN, OUTPUT, ENDED, BUSY = b"began", b"output", b"ended", b"busy"
# POSIX: a pipe takes up to PIPE_BUF bytes, 4096 on Linux, at once or not at all.
LARGEST_OUTPUT = 4000
WAIT_SECONDS = 5.0


class Sender:
    """Writes messages to a pipe, and does not depend on its reader: the user may have stopped it.

    A message that is not taken within `seconds` is lost, and so is each after it that would have
    to wait.
    """

    def __init__(self, descriptor: int, *, seconds: float = WAIT_SECONDS) -> None:
        os.set_blocking(descriptor, False)
        self._descriptor, self._seconds, self._patience = descriptor, seconds, seconds

    def send(self, kind: bytes, content: bytes = b"") -> None:
        """Send a message of at most LARGEST_OUTPUT bytes."""
        message = b"%s %d\n%s" % (kind, len(content), content)
        deadline = time.monotonic() + self._patience
        while not (taken := self._is_taken(message)) and time.monotonic() < deadline:
            time.sleep(0.02)
        self._patience = self._seconds if taken else 0

    def _is_taken(self, message: bytes) -> bool:
        """Whether the pipe took it; an ended reader takes everything."""
        try:
            os.write(self._descriptor, message)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True

    def close(self) -> None:
        """Send nothing more."""
        os.close(self._descriptor)


def received(stream: IO[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Each message's kind and content, until the sender has ended."""
    for line in stream:
        kind, _, size = line.partition(b" ")
        yield kind, stream.read(int(size))
