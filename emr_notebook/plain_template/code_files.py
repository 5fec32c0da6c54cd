"""Makes the zip of a Lambda's code, and the names of what lies beside a template."""

import hashlib
from pathlib import Path

from emr_notebook.constructs.agent_archive import SUFFIX
from emr_notebook.constructs.stored_zip import contents, stored_zip

HASH_CHARACTERS = 16


def code_zip(folder: Path) -> bytes:
    """The folder's files as a zip."""
    return stored_zip(contents(folder, (each for each in folder.rglob("*") if each.is_file())))


def zip_name(handler: str, content: bytes) -> str:
    """A name that changes with the content; it begins with the package of the Lambda's handler."""
    return f"{handler.partition('.')[0]}-{_digest(content)}.zip"


def agent_name(content: bytes) -> str:
    """A name of the notebooks' agent that changes with the content."""
    return f"agent-{_digest(content)}{SUFFIX}"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:HASH_CHARACTERS]
