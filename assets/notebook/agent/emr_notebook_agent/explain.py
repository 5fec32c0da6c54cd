"""Says why Spark did not do what a cell asked: what is wrong, since when, and what to do next.

Livy's words and Spark's logs are shown as plain text of a few lines.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from emr_notebook_agent.livy import OK, TIMED_OUT, UNREACHED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from emr_notebook_agent.livy import Finding

REPLACED = "cluster replaced"
# For one that answered before: groups and routes are rarely what changed, its machine often is.
STILL_RUNS = (
    "see in the EMR console whether the cluster still runs (if another replaced it: deploy again, "
    "then stop and start this notebook)"
)

LONGEST_TEXT = 600
LOG_LINES = 3
# The escape sequences of terminals (ECMA-48), then whatever else is no printed character.
_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])?")
_UNPRINTED = re.compile(
    r"(?:[^\S\n]|[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069])+"
)
_ERROR = re.compile(
    r"exception|error|diagnostics|exceed|above the max|queue|denied|cannot|failed|killed", re.I
)
_FRAME = re.compile(r"^\s*(at |\.\.\. \d+ more)")
# What Spark and YARN write, and what a notebook's user can do about it.
_REMEDIES = (
    (r"above the max(imum)? threshold|InvalidResourceRequestException", "ask for less memory"),
    (r"unknown queue|cannot submit applications to queue", "name a queue that admits you"),
    (r"does not exist|FileNotFoundException|NoSuchKey", "correct the path"),
)
# Of one that waits alone: YARN's client says so much of each application that it submits.
_WAITS = (
    r"AM resource limit|waiting for resources|not yet activated|state: ACCEPTED",
    "the cluster is full: end other sessions, wait, or ask for less",
)


def plain(text: object, longest: int = LONGEST_TEXT) -> str:
    """The text without what a terminal would obey, of this many characters at most."""
    shown = _UNPRINTED.sub(" ", _ESCAPE.sub("", str(text)[: 20 * longest])).strip()
    return shown if len(shown) <= longest else shown[: longest - 3] + "..."


def message(body: str) -> str:
    """What an answer of Livy's says: its `msg`, its JSON text, or the body's first line."""
    try:
        said = json.loads(body)
    except ValueError:
        said = body.strip().partition("\n")[0]
    if isinstance(said, dict):
        said = said.get("msg", body)
    return plain(str(said).partition("\n")[0])


def no_answer(url: str, last_answer: str, found: Finding, *, method: str, path: str) -> str:
    """For a request whose connection failed, when a look at Livy `found` this afterwards.

    `last_answer` is the time of Livy's last answer, or empty.
    """
    if found.check != OK:
        since = f" Its last answer was at {last_answer}." if last_answer else ""
        # A Livy that was restarted has none of its sessions.
        last = "run the cell again" if path == "sessions" else "restart the kernel"
        ended = last_answer and found.check in (TIMED_OUT, UNREACHED)
        step = STILL_RUNS if ended else found.next_step
        steps = ", then ".join(each for each in (step, last) if each)
        return f"{plain(found.problem)}.{since}\nNext: {steps}."
    if method == "POST" and path.endswith("/statements"):
        return (
            f"The connection to Livy at {url} broke off. Livy answers again, and may be running "
            "this cell.\nNext: see what the cell has changed before you run it once more."
        )
    return (
        f"The connection to Livy at {url} broke off. Livy answers again.\nNext: run the cell again."
    )


def gone(url: str, session: str, found: Finding) -> str:
    """For a session that Livy does not know any more, when a look at Livy `found` this."""
    if found.check == REPLACED:
        why = f"{plain(found.problem)}, without Spark session {session}."
    else:
        why = (
            f"Livy at {url} has no Spark session {session} any more: Livy was restarted, or the"
            " session expired or was ended."
        )
    return f"{why} Its variables are lost.\nNext: restart the kernel."


def refused(url: str, method: str, path: str, status: int, body: str) -> str:
    """For an answer of Livy's that is none of the expected ones."""
    said = message(body)
    if method == "POST" and path == "sessions" and 400 <= status < 500 and status not in (401, 403):
        return (
            f"Livy refuses this configuration of the session (HTTP {status}): {said}\n"
            "Next: correct %%configure, or sparkmagic.json or the deployed settings where it comes"
            " from, and run %%configure -f again."
        )
    if status in (401, 403):
        return (
            f"Livy at {url} asks for a login (HTTP {status}): {said}\n"
            "Next: use a cluster whose Livy asks for none."
        )
    return (
        f"Livy at {url} answered HTTP {status}: {said}\n"
        "Next: run the cell again; if it stays, read /var/log/livy on the primary."
    )


def no_settings(why: str) -> str:
    """For a %%configure that cannot be read."""
    return (
        f"%%configure cannot be read, and changed nothing: {plain(why)}\n"
        'Next: write a JSON object in the lines below it, such as {"executorMemory": "4g"}, and'
        " run it again."
    )


def over(session: str, state: str, log: Sequence[str]) -> str:
    """For a session that ended by itself, with the lines of its log that say why."""
    lines = reasons(log)
    step = _remedy(log) or "read %%logs"
    shown = "".join(f"\n  {line}" for line in lines)
    return (
        f"Spark session {session} is {plain(state)}: its variables are lost.{shown}\n"
        f"Next: {step}; then restart the kernel."
    )


def not_started(session: str, what: str, log: Sequence[str], *, waits: bool = False) -> str:
    """For a session that is not ready in time, and `waits`, or dead before it was: `what` says."""
    lines = reasons(log)
    shown = "".join(f"\n  {line}" for line in lines)
    step = _remedy(log, waits=waits) or "read the lines above"
    return (
        f"Spark session {session} {plain(what)}; it was given up.{shown}\n"
        f"Next: {step} (%%configure -f changes what a session asks for), then run the cell again."
    )


def busy(session: str, seconds: float) -> str:
    """For a session that still does something else when a cell is to be sent."""
    return (
        f"Spark session {session} is still busy after {seconds:g} seconds, perhaps with a cell that"
        " was interrupted.\nNext: run the cell again later, or restart the kernel."
    )


def not_cancelled() -> str:
    """For a cell that was interrupted here, and did not end on the cluster in time."""
    return (
        "The cell was interrupted and may still run on the cluster: Livy stops Spark's jobs, not"
        " what a cell does beside them.\nNext: wait until it ends, or restart the kernel."
    )


def reasons(log: Sequence[str]) -> list[str]:
    """The log's last lines that say why, else its last ones."""
    lines = [plain(line, 300) for line in log if not _FRAME.match(line)]
    lines = [
        line for line in lines if line and line not in ("stdout:", "stderr:", "YARN Diagnostics:")
    ]
    telling = [line for line in lines if _ERROR.search(line)]
    return (telling or lines)[-LOG_LINES:]


def _remedy(log: Sequence[str], *, waits: bool = False) -> str | None:
    text = "\n".join(log)
    remedies = (_WAITS, *_REMEDIES) if waits else _REMEDIES
    return next((step for pattern, step in remedies if re.search(pattern, text)), None)
