"""Puts a folder of files in place as a whole: never half a result, never somebody else's files."""

import contextlib
import tempfile
from collections.abc import Mapping
from pathlib import Path

from emr_notebook.plain_template.errors import TemplateError

# Lists the files that were written, which may be replaced.
MARK = ".plain-template"


def write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Replace `folder` by one with these files, given by their paths in it.

    Raises TemplateError when the folder holds something else than an earlier result.
    """
    try:
        strangers = _not_ours(folder)
        if strangers:
            raise TemplateError(
                f"{folder} would be replaced, but {strangers[0]} was not written by this command: "
                "move it, or choose another --output."
            )
        folder.parent.mkdir(parents=True, exist_ok=True)
        # Beside the folder: a rename does not reach into another file system.
        with tempfile.TemporaryDirectory(prefix=".template-", dir=folder.parent) as made:
            new = Path(made, "new")
            _fill(new, {**files, MARK: "\n".join(files).encode()})
            _exchange(folder, new, Path(made, "old"))
    except OSError as error:
        raise TemplateError(f"{folder} cannot be written: {error}") from None


def _not_ours(folder: Path) -> list[str]:
    """The files there that no earlier result holds, sorted; none when there is no folder."""
    if not folder.exists():
        return []
    if not folder.is_dir():
        return [folder.name]
    mark = folder / MARK
    ours = {MARK, *(mark.read_text(encoding="utf-8").splitlines() if mark.exists() else ())}
    files = (each for each in folder.rglob("*") if not each.is_dir())
    return sorted({each.relative_to(folder).as_posix() for each in files} - ours)


def _fill(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _exchange(folder: Path, new: Path, old: Path) -> None:
    try:
        with contextlib.suppress(FileNotFoundError):
            folder.rename(old)
        new.rename(folder)
    except BaseException:
        if old.exists() and not folder.exists():
            old.rename(folder)
        raise
