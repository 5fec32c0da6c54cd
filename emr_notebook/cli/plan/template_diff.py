"""Compares the deployed template with the one to be deployed, resource by resource."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from emr_notebook.cli.plan.create_only import replaces
from emr_notebook.cli.plan.deployed import Deployed
from emr_notebook.cli.plan.intrinsics import evaluate

POLICIES = ("DeletionPolicy", "UpdateReplacePolicy")
# Lists whose order CloudFormation does not see (insertionOrder in the registry's schemas).
UNORDERED = ("SecurityGroupIds", "Tags")
# The value of an attribute that only the deploy will find.
NOT_KNOWN = "not known yet"


class ChangeType(StrEnum):
    """What a deploy does to a resource."""

    SAME = "same"
    CHANGED = "changed"
    REPLACED = "replaced"
    CREATED = "created"
    REMOVED = "removed"


@dataclass(frozen=True)
class PropertyChange:
    """A property and its two values; None where it is not given."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True)
class ResourceChange:
    """A resource, its properties before and after, worked out, and its POLICIES among them."""

    logical_id: str
    kind: str
    change_type: ChangeType
    before: Mapping[str, Any]
    after: Mapping[str, Any]

    @property
    def changes(self) -> tuple[PropertyChange, ...]:
        """The properties that differ, by name."""
        names = sorted(self.before.keys() | self.after.keys())
        pairs = [
            PropertyChange(name, self.before.get(name), self.after.get(name)) for name in names
        ]
        return tuple(each for each in pairs if each.before != each.after)

    @property
    def is_touched(self) -> bool:
        """Whether CloudFormation turns to whoever provides the resource."""
        return any(each.name not in POLICIES for each in self.changes)


# The attributes that a resource has after the deploy, where those are not what they were or new.
AttributesAfter = Callable[[ResourceChange], Mapping[str, str] | None]


class TemplateDiff:
    """A deployed stack and the template that takes its place.

    A resource that is replaced, or new, is referred to by something that was not there before: who
    uses it changes. `attributes_after` says what a custom resource has after the deploy.
    """

    def __init__(
        self, deployed: Deployed, template: Mapping[str, Any], attributes_after: AttributesAfter
    ) -> None:
        self._deployed = deployed
        self._old: Mapping[str, Any] = deployed.stack.template.get("Resources", {})
        self._new: Mapping[str, Any] = template.get("Resources", {})
        self._attributes_after = attributes_after
        self._done: dict[str, ResourceChange] = {}

    def of_type(self, kind: str) -> list[ResourceChange]:
        """The resources of a type, in the order of the templates."""
        return [each for each in self.all() if each.kind == kind]

    def all(self) -> list[ResourceChange]:
        """Every resource of either template, the new one's first."""
        return [self.resource(each) for each in dict.fromkeys([*self._new, *self._old])]

    def resource(self, logical_id: str) -> ResourceChange:
        """What the deploy does to one resource."""
        if logical_id not in self._done:
            self._done[logical_id] = self._compared(logical_id)
        return self._done[logical_id]

    def reference(self, logical_id: str, attribute: str) -> tuple[object, object]:
        """What a reference to an attribute comes to before and after."""
        before = self._deployed.value(logical_id, attribute)
        return before, self._value_after(logical_id, attribute)

    def _compared(self, logical_id: str) -> ResourceChange:
        old, new = self._old.get(logical_id), self._new.get(logical_id)
        before = _values(old, self._deployed.value)
        after = _values(new, self._value_after)
        kind = str((new or old or {})["Type"])
        found = ResourceChange(logical_id, kind, ChangeType.SAME, before, after)
        return ResourceChange(logical_id, kind, _change_type(old, new, found), before, after)

    def _value_after(self, logical_id: str, attribute: str) -> object:
        if logical_id not in self._new:
            return self._deployed.value(logical_id, attribute)
        found = self.resource(logical_id)
        answered = self._attributes_after(found)
        if answered is not None and attribute:
            return answered.get(attribute, NOT_KNOWN)
        if found.change_type in (ChangeType.CREATED, ChangeType.REPLACED):
            return f"the new {logical_id}" + (f"'s {attribute}" if attribute else "")
        return self._deployed.value(logical_id, attribute)


def _change_type(old: Any, new: Any, found: ResourceChange) -> ChangeType:
    if old is None:
        return ChangeType.CREATED
    if new is None:
        return ChangeType.REMOVED
    changed = frozenset(each.name for each in found.changes)
    if old["Type"] != new["Type"] or replaces(found.kind, changed - set(POLICIES)):
        return ChangeType.REPLACED
    return ChangeType.CHANGED if changed else ChangeType.SAME


def _values(resource: Any, look_up: Callable[[str, str], object]) -> dict[str, Any]:
    if resource is None:
        return {}
    values = dict(evaluate(resource.get("Properties", {}), look_up))
    for name in UNORDERED:
        if isinstance(values.get(name), list):
            values[name] = sorted(values[name], key=json.dumps)
    return values | {name: resource[name] for name in POLICIES if name in resource}
