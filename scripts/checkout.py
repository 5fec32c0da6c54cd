"""Says why nothing can be installed into this checkout, before anything is downloaded."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
# What .venv takes, with uv's cache, which shares its files where both lie on one disk.
NEEDED_BYTES = 2_500_000_000


class InstallationError(Exception):
    """What is wrong, and the next step."""


@contextmanager
def only_one() -> Iterator[None]:
    """Hold the checkout until this process ends, or refuse where another holds it."""
    folder = os.open(CHECKOUT, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InstallationError(
                "another make is installing into this checkout. Wait for it, or end it."
            ) from None
        yield
    finally:
        os.close(folder)


def require_writable(target: Path) -> None:
    """Refuse unless this user may write into the checkout and, if it exists, into the target."""
    for path in (CHECKOUT, target):
        if path.exists() and not os.access(path, os.W_OK):
            raise InstallationError(
                f"you may not write into {path.absolute()}: another user, root perhaps, made it. "
                f"Next: sudo chown -R $(id -un) {CHECKOUT}, or use a clone of your own."
            )


def require_space() -> None:
    """Refuse a disk that is too full for .venv."""
    free = shutil.disk_usage(CHECKOUT).free
    if free < NEEDED_BYTES:
        raise InstallationError(
            f"{CHECKOUT} has {free // 1_000_000} MB free; the installation takes "
            f"{NEEDED_BYTES // 1_000_000} MB. Next: free some, or clone onto another disk."
        )
