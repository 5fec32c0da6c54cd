"""Finds the processes of this machine by their command lines, and waits for what they do."""

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path


def processes_with(words: str) -> list[int]:
    """The ids of the processes with these words in their command line, without this one."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal() and int(folder.name) != os.getpid():
            with contextlib.suppress(OSError):
                if words in (folder / "cmdline").read_text().replace("\0", " "):
                    found.append(int(folder.name))
    return found


def wait_for(condition: Callable[[], bool], seconds: float = 10) -> bool:
    """Whether the condition comes true within that time."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()
