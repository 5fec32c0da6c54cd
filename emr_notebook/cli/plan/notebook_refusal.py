"""Says why a deploy would fail at a notebook, from its properties before and after."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from emr_notebook.cli.plan.template_diff import ChangeType, ResourceChange
from emr_notebook.settings.immutable_properties import IMMUTABLE_PROPERTIES
from replacement_guard.guard import decide
from replacement_guard.properties import NAME, ImmutableProperties


@dataclass(frozen=True)
class Size:
    """What a notebook is paid for by."""

    instance_type: str
    volume_gb: int


@dataclass(frozen=True)
class Facts:
    """What is known beside the templates.

    `notebook_states` are SageMaker's by name, None when they may not be read. `may_be_replaced` are
    keys. `scripts` are a notebook's start scripts before and after, by logical id. `deployed` are
    the entry and the stack of each notebook that the stage's stacks hold, by name, and `makers`
    the stacks that made the others of the settings' names: see AwsState. `renamed` are the old
    names of notebooks that have another one now, by logical id.
    """

    notebook_states: Mapping[str, str] | None = field(default_factory=dict)
    may_be_replaced: frozenset[str] = frozenset()
    scripts: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    deployed: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    makers: Mapping[str, str] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)


def refusal(change: ResourceChange, key: str, facts: Facts) -> str:
    """The words, with the next step; "" when nothing is in the way."""
    if change.change_type is ChangeType.CHANGED and change.is_touched:
        return _unchangeable(change, facts)
    if change.change_type is ChangeType.REPLACED:
        before, after = guard_values(change.before), guard_values(change.after)
        refused = decide({key: before}, {key: after}, facts.may_be_replaced)
        if refused is not None:
            return str(refused)
    return (
        _taken(change, facts)
        if change.change_type in (ChangeType.CREATED, ChangeType.REPLACED)
        else ""
    )


def _taken(change: ResourceChange, facts: Facts) -> str:
    name = str(change.after.get(NAME, ""))
    if name not in (facts.notebook_states or {}):
        return ""
    taken = f"SageMaker has a notebook named {name} already"
    another = "give this one another `name`"
    if name in facts.deployed:
        key, stack = facts.deployed[name]
        return (
            f"{taken}, that of entry {key} in stack {stack}: CloudFormation makes a new one before "
            f"it lets go of another. Next: leave that entry's key and `stack` as they were, or "
            f"{another}."
        )
    if facts.makers.get(name):
        return (
            f"{taken}, with its files: it is stack {facts.makers[name]}'s, or was kept when it was "
            f"replaced, or when its entry or that stack was removed. Next: {another}; "
            'docs/operations.md, "Destroy, then deploy again", says how to come by the files.'
        )
    whose = "this app did not make it" if name in facts.makers else "whose it is was not read"
    return f"{taken}, which is none of this stage's stacks': {whose}. Next: {another}."


def _unchangeable(change: ResourceChange, facts: Facts) -> str:
    name = str(change.after.get(NAME, ""))
    if facts.notebook_states is not None and name not in facts.notebook_states:
        return (
            f"SageMaker has no notebook named {name} any more, and CloudFormation would change it. "
            "Next: remove its entry, deploy, and add it again."
        )
    had, has = size_of(change.before), size_of(change.after)
    if had and has and has.volume_gb < had.volume_gb:
        return (
            f"The volume of {name} has {had.volume_gb} GB and can only grow; volume_size_in_gb is "
            f"{has.volume_gb}. Next: give {had.volume_gb} or more."
        )
    return ""


def guard_values(properties: Mapping[str, Any]) -> ImmutableProperties:
    """What is fixed of a notebook instance, in the form in which the guard compares it."""
    return {
        name: tuple(sorted(map(_text, value))) if isinstance(value, list) else _text(value)
        for name, value in properties.items()
        if name in IMMUTABLE_PROPERTIES
    }


def size_of(properties: Mapping[str, Any]) -> Size | None:
    """The size in a notebook instance's properties; None where there is no notebook."""
    if not properties:
        return None
    # CloudFormation, AWS::SageMaker::NotebookInstance: the volume has 5 GB unless it is said.
    volume = int(properties.get("VolumeSizeInGB", 5))
    return Size(str(properties.get("InstanceType", "")), volume)


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
