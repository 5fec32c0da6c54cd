"""Finds in Spark's log why its Java failed."""

import re

# An exception's line, or what the launcher itself says where no program has begun.
_CAUSE = re.compile(
    r"^\s*(?:Caused by: |Exception in thread \S+ )?"
    r"((?:[a-z]\w*\.)+[A-Z]\w*(?:Exception|Error)\b.*|Error: .*|# There is insufficient memory.*)$",
    re.MULTILINE,
)


def java_cause(log: str) -> str | None:
    """The last exception of Java's in the log, which caused those before it; None without one."""
    found = _CAUSE.findall(log)
    return str(found[-1]).strip() if found else None
