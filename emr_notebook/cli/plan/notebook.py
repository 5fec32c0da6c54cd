"""What a deploy does to a notebook, without AWS."""

import base64
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from emr_notebook.cli.plan.notebook_refusal import Facts, Size, refusal, size_of
from emr_notebook.cli.plan.template_diff import POLICIES, Change, Fate, ResourceChange
from replacement_guard.properties import NAME

STOPPED = "Stopped"
KEEPING = frozenset({"Retain", "RetainExceptOnCreate"})
# Changed without a stop; SageMaker's UpdateNotebookInstance is for what is left.
WITHOUT_A_STOP = frozenset({"Tags", *POLICIES})


class NotebookFate(StrEnum):
    """What becomes of a notebook."""

    UNCHANGED = "unchanged"
    NEXT_START = "changed at the next start"
    IN_PLACE = "changed in place"
    WHILE_STOPPED = "changed while stopped"
    CREATED = "created"
    REPLACED = "replaced"
    REMOVED = "removed"


@dataclass(frozen=True)
class NotebookPlan:
    """A notebook, and what the deploy does to it.

    `state` is SageMaker's, "" when it has no such notebook, None when that is not known.
    `at_next_start` are changes that a start brings. `old_name` is that of the notebook that is
    replaced; `keeps_old` says whether it, or a removed one, stays with its files. `refusal` says
    why the deploy fails at it.
    """

    key: str
    name: str
    stack: str
    fate: NotebookFate
    state: str | None
    changes: tuple[Change, ...] = ()
    at_next_start: tuple[Change, ...] = ()
    old_name: str = ""
    keeps_old: bool = True
    refusal: str = ""
    before: Size | None = None
    after: Size | None = None

    @property
    def restarts(self) -> bool:
        """Whether the change ends what runs in it; a stopped one stays stopped."""
        return self.fate is NotebookFate.WHILE_STOPPED and self.state not in (STOPPED, "")


def plan_notebook(change: ResourceChange, *, key: str, stack: str, facts: Facts) -> NotebookPlan:
    """What happens to one notebook instance."""
    before, after = change.before, change.after
    name = str((after or before).get(NAME, ""))
    at_next_start: tuple[Change, ...] = ()
    if change.fate in (Fate.SAME, Fate.CHANGED):
        at_next_start = script_changes(*facts.scripts.get(change.logical_id, ("", "")))
    policy = before.get(POLICIES[0]) if change.fate is Fate.REMOVED else after.get(POLICIES[1])
    was = str(before.get(NAME, ""))
    state = None if facts.states is None else facts.states.get(was or name, "")
    return NotebookPlan(
        key=key,
        name=name,
        stack=stack,
        fate=_fate(change, at_next_start),
        state=state,
        changes=() if change.fate in (Fate.CREATED, Fate.REMOVED) else _told(change.changes),
        at_next_start=at_next_start,
        old_name=was if change.fate is Fate.REPLACED else "",
        keeps_old=policy in KEEPING,
        refusal=refusal(change, key, facts),
        before=size_of(before),
        after=size_of(after),
    )


def _fate(change: ResourceChange, at_next_start: tuple[Change, ...]) -> NotebookFate:
    whole = {
        Fate.CREATED: NotebookFate.CREATED,
        Fate.REMOVED: NotebookFate.REMOVED,
        Fate.REPLACED: NotebookFate.REPLACED,
    }
    if change.fate in whole:
        return whole[change.fate]
    if any(each.name not in WITHOUT_A_STOP for each in change.changes):
        return NotebookFate.WHILE_STOPPED
    if change.changes:
        return NotebookFate.IN_PLACE
    return NotebookFate.NEXT_START if at_next_start else NotebookFate.UNCHANGED


def _told(changes: tuple[Change, ...]) -> tuple[Change, ...]:
    """The changes, those of the tags one by one."""
    told = [each for each in changes if each.name != "Tags"]
    for each in changes:
        if each.name == "Tags":
            before, after = _tags(each.before), _tags(each.after)
            told += [
                Change(f"tag {tag}", before.get(tag), after.get(tag))
                for tag in sorted(before.keys() | after.keys())
                if before.get(tag) != after.get(tag)
            ]
    return tuple(told)


def _tags(value: Any) -> dict[str, str]:
    return {str(each["Key"]): str(each["Value"]) for each in value or []}


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
