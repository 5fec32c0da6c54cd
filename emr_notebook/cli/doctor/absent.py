"""Reads of what may not be there."""

from collections.abc import Callable
from typing import TypeVar

from emr_notebook.cli.doctor.prerequisites import Unknown, attempt
from emr_notebook.cli.reader import Refused

Answer = TypeVar("Answer")


def unless_absent(code: str, read: Callable[[], Answer]) -> Answer | Unknown | None:
    """What `read` answers; None when AWS refuses with `code`; otherwise as attempt says."""

    def tolerant() -> Answer | None:
        try:
            return read()
        except Refused as refused:
            if refused.code == code:
                return None
            raise

    return attempt(tolerant)
