"""Standard output that cannot be written to ends the work once, in words."""

import errno
import io
import os
from typing import IO, cast

import pytest
from rich.console import Console

from sandbox.errors import SandboxError
from sandbox.terminal import Terminal


def test_what_is_printed_arrives_at_once() -> None:
    stream = io.StringIO()

    Console(file=cast("IO[str]", Terminal(stream)), width=80).print("a line")

    assert stream.getvalue() == "a line\n"


class Full(io.StringIO):
    """A file on a full disk."""

    def flush(self) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_the_first_failed_write_is_told_and_later_ones_do_not_interrupt_the_clean_up() -> None:
    terminal = Terminal(Full())
    console = Console(file=cast("IO[str]", terminal), width=80)

    with pytest.raises(SandboxError, match="cannot be written to: No space left on device"):
        console.print("a line")
    console.print("torn down")

    assert terminal.failure is not None
