"""Puts what others named into one line of text, which a terminal shows as it is."""

from __future__ import annotations

LONGEST = 80


def printable(text: object, longest: int = LONGEST) -> str:
    """The text on one line, without control characters, and cut to so many characters."""
    line = "".join(each if each.isprintable() else "?" for each in str(text)[: longest + 1])
    return line if len(line) <= longest else f"{line[: longest - 1]}…"
