"""Recognizes a notebook that was given another name in the settings; without AWS."""

from collections.abc import Mapping, Sequence
from typing import Any

from emr_notebook.cli.plan.template_diff import ChangeType, ResourceChange
from replacement_guard.properties import NAME

# They follow from the name: the role is the notebook's own.
FOLLOWING = frozenset({NAME, "RoleArn"})


def renamed(notebooks: Sequence[ResourceChange]) -> Mapping[str, str]:
    """By the new notebook's logical id the old one's name; empty unless it was a rename.

    It was when one notebook is removed and one created, and the rest of them is equal: SageMaker
    renames nothing.
    """
    removed = [each for each in notebooks if each.change_type is ChangeType.REMOVED]
    created = [each for each in notebooks if each.change_type is ChangeType.CREATED]
    if len(removed) != 1 or len(created) != 1:
        return {}
    [old], [new] = removed, created
    if _rest(old.before) != _rest(new.after):
        return {}
    return {new.logical_id: str(old.before.get(NAME, ""))}


def _rest(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in properties.items() if name not in FOLLOWING}
