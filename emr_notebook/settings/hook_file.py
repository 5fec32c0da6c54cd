"""Reads the scripts that `start_hook` names, or refuses them."""

import re
from pathlib import Path

from emr_notebook.settings.file import SettingsError
from emr_notebook.settings.messages import listed
from emr_notebook.settings.model import Settings
from emr_notebook.settings.project_file import UnusableFileError, content
from emr_notebook.settings.start_hook import ROOT, StartHook

# A script, not a program or an archive: what is larger comes from S3, by the script.
LARGEST_BYTES = 256 * 1024
ACCEPTED = (
    f"a script of UTF-8 text, at most {LARGEST_BYTES:,} bytes; its path starts from the folder of "
    "cdk.json"
)


def read_hook_files(settings: Settings, directory: Path) -> dict[str, bytes]:
    """The start hook of each notebook that has one, by the notebook's key, as `script`.

    Paths start from `directory`. Raises SettingsError, which lists every file that is refused.
    """
    found: dict[str, bytes] = {}
    mistakes: dict[str, None] = {}
    for notebook in settings.resolved_notebooks:
        hook = notebook.hook
        if hook is None:
            continue
        try:
            found[notebook.key] = script(content(directory / hook.file, LARGEST_BYTES), hook)
        except UnusableFileError as error:
            own = settings.notebooks[notebook.key].start_hook is not None
            where = f"notebooks.{notebook.key}" if own else "defaults"
            place = f"{where}.start_hook.file: {hook.file!r} was given"
            mistakes[f"{place}; {error}; accepted: {ACCEPTED}"] = None
    if mistakes:
        raise SettingsError(listed(mistakes))
    return found


def script(given: bytes, hook: StartHook) -> bytes:
    """A hook as notebooks run it: without a byte order mark, its lines ending in LF.

    Raises UnusableFileError for what is no text, and for root's hook by a user's program.
    """
    try:
        text = given.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        where = f"byte number {error.start + 1}"
        raise UnusableFileError(f"it is not UTF-8 text ({where}): save it as UTF-8") from None
    if "\0" in text:
        raise UnusableFileError("it is not text: it holds a NUL character")
    if not text.strip():
        raise UnusableFileError("it is empty")
    if hook.run_as == ROOT and re.match(r"#![^\n]*/home/", text):
        raise UnusableFileError(
            "its first line has root run a program below /home, which the notebook's user can "
            "replace: name one of the system's, such as #!/bin/bash"
        )
    return text.encode()
