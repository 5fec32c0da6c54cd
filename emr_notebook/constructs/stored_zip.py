"""Makes a zip that is the same, byte for byte, whenever and wherever its files were written."""

import io
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

READABLE = 0o100644 << 16
UNIX = 3


def stored_zip(files: Mapping[str, bytes]) -> bytes:
    """The files by their paths in the zip, sorted.

    Not compressed: zlib's output differs between its versions, and code is small.
    """
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            # Without a time, which is 1980's: files' own differ from checkout to checkout.
            entry = zipfile.ZipInfo(name)
            entry.external_attr, entry.create_system = READABLE, UNIX
            archive.writestr(entry, files[name])
    return written.getvalue()


def contents(folder: Path, paths: Iterable[Path]) -> dict[str, bytes]:
    """What these files of the folder hold, by their paths in it."""
    return {each.relative_to(folder).as_posix(): each.read_bytes() for each in paths}
