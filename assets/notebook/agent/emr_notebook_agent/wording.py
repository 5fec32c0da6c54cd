"""Words what people read of the agent: the time, and on one line what others named."""

from __future__ import annotations

import time

LONGEST = 80


def printable(text: object, longest: int = LONGEST) -> str:
    """The text on one line, without control characters, and cut to so many characters."""
    line = "".join(each if each.isprintable() else "?" for each in str(text)[: longest + 1])
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def utc_now() -> str:
    """The time as status.txt and the logs have it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
