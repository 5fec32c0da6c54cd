"""Keeps the agent on the volume, so that the next start needs no S3."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

from emr_notebook_agent import files

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = "agent"


def keep(home: Path, program: Path) -> None:
    """Keep the running program and the version before it, and remove older ones. Raises OSError."""
    folder = files.folder(home) / FOLDER
    content = program.read_bytes()
    copy = folder / program.name
    if not _holds(copy, content):
        files.write(copy, content)
    others = [
        path
        for path in folder.iterdir()
        if path.name != copy.name and re.fullmatch("[0-9a-f]{64}[.]pyz", path.name)
    ]
    for path in sorted(others, key=lambda path: path.lstat().st_mtime)[:-1]:
        with contextlib.suppress(OSError):
            path.unlink()


def _holds(path: Path, content: bytes) -> bool:
    try:
        return files.read_bytes(path, len(content)) == content
    except (OSError, ValueError):
        return False
