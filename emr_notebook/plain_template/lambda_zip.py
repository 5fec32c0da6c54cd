"""Makes the zip of a Lambda's code, the same for the same files, and its name."""

import hashlib
import io
import zipfile
from pathlib import Path

READABLE = 0o100644 << 16
UNIX = 3
HASH_CHARACTERS = 16


def code_zip(folder: Path) -> bytes:
    """The folder's files, sorted, as a zip.

    Not compressed: zlib's output differs between its versions, and the code is small.
    """
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(each for each in folder.rglob("*") if each.is_file()):
            # Without a time, which is 1980's: files' own differ from checkout to checkout.
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix())
            entry.external_attr, entry.create_system = READABLE, UNIX
            archive.writestr(entry, path.read_bytes())
    return written.getvalue()


def zip_name(handler: str, content: bytes) -> str:
    """A name that changes with the content; it begins with the package of the Lambda's handler."""
    digest = hashlib.sha256(content).hexdigest()[:HASH_CHARACTERS]
    return f"{handler.partition('.')[0]}-{digest}.zip"
