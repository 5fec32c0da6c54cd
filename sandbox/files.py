"""Writes files that other processes may read at any moment."""

import os
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Replace the file in one step: a reader never sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
