"""Packs the notebook's agent into the one file that notebooks run."""

import functools
import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from emr_notebook.constructs.stored_zip import contents, stored_zip

AGENT = Path(__file__).parents[2] / "assets" / "notebook" / "agent"
SUFFIX = ".pyz"
# What the agent reads the stage's start hook by.
START_HOOK = "start_hook"


@dataclass(frozen=True)
class AgentArchive:
    """The agent as `python3 agent.pyz` runs it; the same bytes for the same program and hook."""

    content: bytes

    @cached_property
    def sha256(self) -> str:
        """The SHA-256 of the bytes, in hexadecimal digits: the notebook runs no others."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def file_name(self) -> str:
        """The file's name, which changes with the content."""
        return f"{self.sha256}{SUFFIX}"


@functools.cache
def agent_archive(start_hook: bytes | None = None, *, folder: Path = AGENT) -> AgentArchive:
    """The program in `folder`, and the start hook beside it when there is one.

    Read once: all stacks of a synthesis publish the same program.
    """
    files = contents(folder, (each for each in folder.rglob("*") if _belongs(each, folder)))
    if start_hook is not None:
        files[START_HOOK] = start_hook
    return AgentArchive(stored_zip(files))


def _belongs(path: Path, folder: Path) -> bool:
    """Whether it is of the program: not what Python, or an editor, leaves beside it."""
    parts = path.relative_to(folder).parts
    left = any(part.startswith(".") or part == "__pycache__" for part in parts)
    return path.is_file() and not left
