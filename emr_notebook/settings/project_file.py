"""Reads a file that the settings name, or says why it cannot be used."""

from pathlib import Path


class UnusableFileError(ValueError):
    """A file cannot be used; the text says what was found in it."""


def content(path: Path, largest: int) -> bytes:
    """What a file holds. Raises UnusableFileError for none, and over `largest` bytes."""
    try:
        if path.exists() and not path.is_file():
            raise UnusableFileError(f"{path} is not a file")
        with path.open("rb") as file:
            found = file.read(largest + 1)
    except FileNotFoundError:
        raise UnusableFileError(f"there is no file {path}") from None
    except (OSError, ValueError) as error:
        if isinstance(error, UnusableFileError):
            raise
        raise UnusableFileError(f"{path} cannot be read ({error})") from None
    if len(found) > largest:
        raise UnusableFileError(f"it is larger than {largest:,} bytes")
    return found
