"""Sees that the process has the standard streams and the open files that the sandbox needs."""

import os
import resource
import sys

from sandbox.errors import SandboxError

# Linux's own default. Spark opens its three hundred jars, and each kernel and server some more.
NEEDED_FILES = 1024


def raise_open_files() -> None:
    """Allow as many open files as this user may have; SandboxError when those are too few."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = resource.RLIM_INFINITY
    if hard != unlimited and hard < NEEDED_FILES:
        raise SandboxError(
            f"this shell lets a program open {hard} files (ulimit -n); the sandbox's Spark needs "
            f"{NEEDED_FILES}. Run it from a new shell, or as a user whose limit is higher."
        )
    if soft != unlimited and soft < NEEDED_FILES:
        resource.setrlimit(resource.RLIMIT_NOFILE, (NEEDED_FILES, hard))


def open_standard_streams() -> None:
    """Put /dev/null in the place of closed streams; SandboxError when that is standard output.

    Left closed, the next file that is opened would be taken for the stream.
    """
    closed = [number for number in (0, 1, 2) if not _is_open(number)]
    for _ in closed:
        os.open(os.devnull, os.O_RDWR)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115, PTH123 - for as long as the process
    if 1 in closed:
        raise SandboxError("standard output is closed: nobody would see how it goes. Open it.")


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True
