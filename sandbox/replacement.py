"""Hands the wish for another cluster to the sandbox that is up, and its answer back."""

import time
from collections.abc import Callable
from pathlib import Path

from sandbox.errors import SandboxError
from sandbox.files import write_whole

ASKED, DONE = "replace-cluster", "replaced-cluster"
POLL_SECONDS = 0.2
# Another Livy takes seconds to start; a real one, half a minute.
REPLACE_SECONDS = 120


def ask_for_replacement(state: Path) -> str:
    """What the sandbox that is up says of its new cluster. Raises SandboxError without one."""
    if not (state / "endpoints.json").exists():
        raise SandboxError("no sandbox of this checkout is up: run `make sandbox` first")
    (state / DONE).unlink(missing_ok=True)
    (state / ASKED).touch()
    deadline = time.monotonic() + REPLACE_SECONDS
    while not (state / DONE).exists():
        if time.monotonic() > deadline:
            raise SandboxError(
                f"the sandbox did not replace its cluster in {REPLACE_SECONDS} s: look at what it "
                "prints in its terminal, and start it again if it has ended"
            )
        time.sleep(POLL_SECONDS)
    return (state / DONE).read_text()


def serve_replacements(state: Path, replace: Callable[[], str]) -> None:
    """Replace the cluster whenever somebody asks, until this is interrupted."""
    (state / ASKED).unlink(missing_ok=True)
    while True:
        if (state / ASKED).exists():
            (state / ASKED).unlink()
            write_whole(state / DONE, replace())
        time.sleep(POLL_SECONDS)
