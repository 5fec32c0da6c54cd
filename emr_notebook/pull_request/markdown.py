"""Writes the comment on a pull request as Markdown."""

import re
from collections.abc import Sequence

from emr_notebook.pull_request.results import Result

MARKER = "<!-- emr-notebook: what deploying this would do -->"
# GitHub refuses comments of more than 65,536 characters, and counts some of Python's twice.
LIMIT_CHARACTERS = 60_000
# What the longest plan leaves to the diff: room to say that it is cut.
DIFF_CHARACTERS = 200


def markdown(
    found: Sequence[Result], *, commit: str, whole: str, limit: int = LIMIT_CHARACTERS
) -> str:
    """The comment, of at most `limit` characters.

    Each stage has the same room; its plan comes first, then as much of its `cdk diff` as fits.
    `whole` is the address of what is not cut.
    """
    head = f"{MARKER}\n## What deploying this would do\n"
    where = f"[All of it]({whole})" if whole else "All of it is in the log"
    foot = f"\nOf commit {commit or 'unknown'}. {where}.\n"
    room = (limit - len(head) - len(foot)) // max(1, len(found))
    text = head + "".join(_section(each, room) for each in found) + foot
    if found and len(text) <= limit:
        return text
    why = f"There are {len(found)} stages, too many to show" if found else "No result"
    return f"{head}\n{why}.\n{foot}"


def _section(result: Result, room: int) -> str:
    title = f"\n### `{result.stage}`: {result.state}\n"
    opened = "" if result.plan else " open"
    before, after = f"\n<details{opened}><summary>cdk diff</summary>\n", "\n</details>\n"
    room -= len(title) + len(before) + len(after)
    plan = _block(result.plan, room - DIFF_CHARACTERS) if result.plan else ""
    diff = _block(result.diff, room - len(plan)) if result.diff else ""
    return title + plan + (before + diff + after if diff else "")


def _block(text: str, room: int) -> str:
    """A code block of `room` characters, or few more; nothing in the text can end it."""
    text = re.sub("`{20,}", "`" * 20, text)
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    start, end = f"\n{fence}text\n", f"\n{fence}\n"
    return start + _cut(text, room - len(start) - len(end)) + end


def _cut(text: str, room: int) -> str:
    """As many whole lines as there is room for, and how many there are."""
    if len(text) <= room:
        return text
    notice = f"… {text.count(chr(10)) + 1} lines in all: the rest is cut here"
    kept = text[: max(0, room - len(notice) - 1)].rpartition("\n")[0]
    return f"{kept}\n{notice}" if kept else notice
