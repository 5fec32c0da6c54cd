"""Decides what a deploy does to a notebook; without AWS."""

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from emr_notebook.cli.plan.notebook_refusal import Facts, Size, refusal, size_of
from emr_notebook.cli.plan.template_diff import POLICIES, ChangeType, PropertyChange, ResourceChange
from emr_notebook.constructs.start_script import header_in, without_agent
from replacement_guard.properties import NAME

STOPPED = "Stopped"
KEEPING = frozenset({"Retain", "RetainExceptOnCreate"})
# Changed without a stop; SageMaker's UpdateNotebookInstance is for what is left.
WITHOUT_A_STOP = frozenset({"Tags", *POLICIES})
# Variables of the start script's header, and what a plan calls them.
REPORTED_VARIABLES = {
    "LIVY_URL": "address",
    "CLUSTER_ID": "cluster",
    "RELEASE_LABEL": "release",
    "SPARK_VERSION": "Spark",
    "LIVY_VERSION": "Livy",
    "IDLE_MINUTES": "idle minutes",
    "LIVY_CA": "authority",
    "ENVIRONMENT": "environment",
    "START_HOOK": "start hook as",
    "AGENT_SHA256": "agent",
    "SCRIPT_VERSION": "script",
}
# So many digits of a hash are shown, as many as a script's version has.
DIGITS = 8


class NotebookChange(StrEnum):
    """What a deploy does to a notebook."""

    UNCHANGED = "unchanged"
    NEXT_START = "changed at the next start"
    IN_PLACE = "changed in place"
    WHILE_STOPPED = "changed while stopped"
    CREATED = "created"
    REPLACED = "replaced"
    REMOVED = "removed"


# The notebook that holds the files so far is no more the stack's.
LEAVES_FILES_BEHIND = frozenset({NotebookChange.REPLACED, NotebookChange.REMOVED})


@dataclass(frozen=True)
class NotebookPlan:
    """A notebook, and what the deploy does to it.

    `state` is SageMaker's, "" when it has no such notebook, None when that is not known.
    `at_next_start` are changes that a start brings. `old_name` is that of the notebook that is
    replaced; `keeps_old` says whether it, or a removed one, stays with its files. `renamed_from` is
    the removed one that is this one but for its name. `refusal` says why the deploy fails at it.
    """

    key: str
    name: str
    stack: str
    change_type: NotebookChange
    state: str | None
    changes: tuple[PropertyChange, ...] = ()
    at_next_start: tuple[PropertyChange, ...] = ()
    old_name: str = ""
    keeps_old: bool = True
    renamed_from: str = ""
    refusal: str = ""
    before: Size | None = None
    after: Size | None = None

    @property
    def restarts(self) -> bool:
        """Whether the change ends what runs in it; a stopped one stays stopped."""
        return self.change_type is NotebookChange.WHILE_STOPPED and self.state not in (STOPPED, "")


def plan_notebook(change: ResourceChange, *, key: str, stack: str, facts: Facts) -> NotebookPlan:
    """What happens to one notebook instance."""
    before, after = change.before, change.after
    name = str((after or before).get(NAME, ""))
    at_next_start: tuple[PropertyChange, ...] = ()
    if change.change_type in (ChangeType.SAME, ChangeType.CHANGED):
        at_next_start = script_changes(*facts.scripts.get(change.logical_id, ("", "")))
    policy = (
        before.get(POLICIES[0])
        if change.change_type is ChangeType.REMOVED
        else after.get(POLICIES[1])
    )
    was = str(before.get(NAME, ""))
    state = None if facts.notebook_states is None else facts.notebook_states.get(was or name, "")
    return NotebookPlan(
        key=key,
        name=name,
        stack=stack,
        change_type=_change_type(change, at_next_start),
        state=state,
        changes=()
        if change.change_type in (ChangeType.CREATED, ChangeType.REMOVED)
        else _changes(change.changes),
        at_next_start=at_next_start,
        old_name=was if change.change_type is ChangeType.REPLACED else "",
        keeps_old=policy in KEEPING,
        renamed_from=facts.renamed.get(change.logical_id, ""),
        refusal=refusal(change, key, facts),
        before=size_of(before),
        after=size_of(after),
    )


def _change_type(
    change: ResourceChange, at_next_start: tuple[PropertyChange, ...]
) -> NotebookChange:
    whole = {
        ChangeType.CREATED: NotebookChange.CREATED,
        ChangeType.REMOVED: NotebookChange.REMOVED,
        ChangeType.REPLACED: NotebookChange.REPLACED,
    }
    if change.change_type in whole:
        return whole[change.change_type]
    if any(each.name not in WITHOUT_A_STOP for each in change.changes):
        return NotebookChange.WHILE_STOPPED
    if change.changes:
        return NotebookChange.IN_PLACE
    return NotebookChange.NEXT_START if at_next_start else NotebookChange.UNCHANGED


def _changes(changes: tuple[PropertyChange, ...]) -> tuple[PropertyChange, ...]:
    """The changes, those of the tags one by one."""
    found = [each for each in changes if each.name != "Tags"]
    for each in changes:
        if each.name == "Tags":
            before, after = _tags(each.before), _tags(each.after)
            found += [
                PropertyChange(f"tag {tag}", before.get(tag), after.get(tag))
                for tag in sorted(before.keys() | after.keys())
                if before.get(tag) != after.get(tag)
            ]
    return tuple(found)


def _tags(value: Any) -> dict[str, str]:
    return {str(each["Key"]): str(each["Value"]) for each in value or []}


def script_changes(before: str, after: str) -> tuple[PropertyChange, ...]:
    """What the next start brings to a notebook, from two start scripts in base64.

    Where the agent alone is another one, the script's version, which follows from it, is not said.
    """
    if before == after:
        return ()
    had, has = _reported(before), _reported(after)
    only_agent = without_agent(before) == without_agent(after)
    found = tuple(
        PropertyChange(word, had.get(word), has.get(word))
        for word in {**has, **had}
        if had.get(word) != has.get(word) and not (only_agent and word == "script")
    )
    return found or (PropertyChange("script", "one text", "another"),)


def _reported(content: str) -> dict[str, str]:
    """What a plan says of a start script in base64, in its own words."""
    found = header_in(content)
    if sha256 := found.get("AGENT_SHA256"):
        hooked = " with its start hook" if "START_HOOK" in found else ""
        found["AGENT_SHA256"] = f"{sha256[:DIGITS]}{hooked}"
    if authority := found.get("LIVY_CA"):
        found["LIVY_CA"] = hashlib.sha256(authority.encode()).hexdigest()[:DIGITS]
    said = {word: found[name] for name, word in REPORTED_VARIABLES.items() if name in found}
    return said | _session_settings(found.get("SPARKMAGIC_CONFIG", "{}"))


def _session_settings(config: str) -> dict[str, str]:
    """SparkMagic's configuration, by the names that its parts have in the stage's settings."""
    sparkmagic = json.loads(config)
    spark = sparkmagic.pop("session_configs_defaults", {})
    conf = spark.pop("conf", {})
    parts = {"spark.": spark, "spark.conf.": conf, "sparkmagic.": sparkmagic}
    return {
        f"{prefix}{name}": value if isinstance(value, str) else json.dumps(value)
        for prefix, part in parts.items()
        for name, value in part.items()
    }
