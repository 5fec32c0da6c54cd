"""What changes in a start script, in the words of its header."""

import base64
import re

from emr_notebook.cli.template_changes import Change

# The header's variables, and what they are called in a report.
HEADER = {
    "LIVY_URL": "address",
    "CLUSTER_ID": "cluster",
    "RELEASE_LABEL": "release",
    "SPARK_VERSION": "Spark",
    "LIVY_VERSION": "Livy",
    "SCRIPT_VERSION": "script",
}


def script_changes(before: str, after: str) -> tuple[Change, ...]:
    """What a notebook is told otherwise at its next start, from two scripts in base64."""
    if before == after:
        return ()
    told_before, told_after = _header(before), _header(after)
    found = tuple(
        Change(word, told_before.get(name), told_after.get(name))
        for name, word in HEADER.items()
        if told_before.get(name) != told_after.get(name)
    )
    return found or (Change("script", "one text", "another"),)


def _header(content: str) -> dict[str, str]:
    text = base64.b64decode(content).decode("utf-8", "replace")
    found = {name: re.search(rf"^{name}='([^']*)'$", text, re.MULTILINE) for name in HEADER}
    # The header stands before the program: the first is the deploy's.
    return {name: match[1] for name, match in found.items() if match}
