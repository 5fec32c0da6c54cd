"""Prepares `.sandbox`, where the sandbox writes everything, or says why nothing can be written."""

import os
import shutil
from pathlib import Path

from sandbox.errors import SandboxError

# What a demo writes, the CDK's unpacked package cache among it; twice, to be left some.
NEEDED_BYTES = 500_000_000


def prepare_state(state: Path) -> None:
    """Make the folder; SandboxError unless this user may write there, and as much as it takes."""
    if state.exists() and not state.is_dir():
        raise SandboxError(
            f"{state} is not a folder, and the sandbox needs one there. Move it away."
        )
    _require_writable(state.parent if not state.exists() else state)
    state.mkdir(exist_ok=True)
    for part in (*state.iterdir(), state.parent / ".cache"):
        if part.is_dir():
            _require_writable(part)
    free = shutil.disk_usage(state).free
    if free < NEEDED_BYTES:
        raise SandboxError(
            f"{state} has {free // 1_000_000} MB of disk left; the sandbox needs "
            f"{NEEDED_BYTES // 1_000_000} MB. Free some, or use a clone on another disk."
        )


def _require_writable(folder: Path) -> None:
    if not os.access(folder, os.W_OK | os.X_OK):
        raise SandboxError(
            f"{folder} cannot be written by this user. If a run as another user, root perhaps, "
            f"left it: sudo chown -R $(id -un) '{folder}'. On a read-only disk: clone elsewhere."
        )
