"""Sends lines of JSON over a socket, between the server and a session's process."""

import json
import socket
import threading
from contextlib import suppress
from typing import Any

Json = dict[str, Any]

# Where a session's process, in its working directory, keeps what its interpreter wrote to
# standard error.
INTERPRETER_LOG = "interpreter.log"


class Wire:
    """One end of the socket. Several threads may write; one reads."""

    def __init__(self, end: socket.socket) -> None:
        self._socket = end
        self._lines = end.makefile("r", encoding="utf-8")
        self._lock = threading.Lock()

    def read(self) -> Json | None:
        """The next message; None when the other side is gone."""
        with suppress(OSError):
            line = self._lines.readline()
            return dict(json.loads(line)) if line else None
        return None

    def write(self, message: Json) -> None:
        """Send one message; lost when the other side is gone, which `read` then reports.

        TypeError or ValueError, with nothing sent, when it has no JSON form.
        """
        line = json.dumps(message, allow_nan=False).encode() + b"\n"
        with self._lock, suppress(OSError):
            self._socket.sendall(line)

    def close(self) -> None:
        """End the conversation for both sides."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
