"""Answers CloudFormation for Custom::ReplacementGuard: refuses to replace a notebook unasked."""

import logging
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from refusal import MOST_NAMES, Refusal, listed
from replacement_guard.properties import (
    NAME,
    ImmutableProperties,
    immutable_properties,
    replaceable,
)

PHYSICAL_ID = "replacement-guard"
# Kinds of change that are told apart. Most updates have one, whatever the number of notebooks.
MOST_KINDS = 3
# Five security groups, SageMaker's most, and any key's ARN.
MOST_VALUE_CHARACTERS = 120
# What lies behind the list still fits into a refusal.
MOST_LIST_CHARACTERS = 1200

log = logging.getLogger("cluster_endpoint")


def on_event(event: Mapping[str, Any], is_rolling_back: Callable[[], bool]) -> dict[str, str]:
    """Answer a Create or Update; raise Refusal when an Update would replace a notebook unasked.

    `is_rolling_back` says whether the stack undoes an update. It is asked only when there is
    something to refuse, and lets that pass: after a refusal CloudFormation sends an Update with
    the values of before, and a second refusal would leave the stack in UPDATE_ROLLBACK_FAILED.
    """
    if event["RequestType"] == "Update":
        refusal = _refusal(event)
        if refusal is not None:
            if not is_rolling_back():
                raise refusal
            log.info("The stack rolls back, which is not refused: %s", refusal)
    return {"PhysicalResourceId": PHYSICAL_ID}


def _refusal(event: Mapping[str, Any]) -> Refusal | None:
    try:
        after, may_go = immutable_properties(event, "ResourceProperties"), replaceable(event)
    except Refusal as unfit:
        return unfit
    try:
        before = immutable_properties(event, "OldResourceProperties")
    except Refusal as unfit:
        # They stay until an update passes: if they were refused, none ever would.
        log.warning("Nothing is compared, and nothing refused: %s", unfit)
        return None
    return decide(before, after, may_go)


def decide(
    before: Mapping[str, ImmutableProperties],
    after: Mapping[str, ImmutableProperties],
    replaceable: Set[str],
) -> Refusal | None:
    """The refusal of an update, or None when it replaces no notebook but those it may.

    A notebook that is in one of the two only is made or let go of, which replaces nothing.
    """
    changed = [key for key in sorted(before.keys() & after.keys()) if before[key] != after[key]]
    unasked = [key for key in changed if key not in replaceable]
    if unasked:
        return replaced({key: _changes(before[key], after[key]) for key in unasked})
    taken = {key: str(after[key][NAME]) for key in changed if _same_name(before[key], after[key])}
    return name_taken(taken) if taken else None


@dataclass(frozen=True)
class Change:
    """An immutable property, and its two values; None where it is not given."""

    name: str
    before: str | Sequence[str] | None
    after: str | Sequence[str] | None

    def __str__(self) -> str:
        return f"{self.name} from {self._shown(self.before)} to {self._shown(self.after)}"

    def _shown(self, value: str | Sequence[str] | None) -> str:
        if value is None:
            return "SageMaker's own key" if self.name == "KmsKeyId" else "none"
        text = value if isinstance(value, str) else ", ".join(value)
        return _short(text, MOST_VALUE_CHARACTERS)


def replaced(changes: Mapping[str, tuple[Change, ...]]) -> Refusal:
    """Notebooks would be replaced, and the settings do not allow it; their changes by key."""
    kinds: dict[tuple[Change, ...], list[str]] = {}
    for key, kind in changes.items():
        kinds.setdefault(kind, []).append(key)
    largest = sorted(kinds.items(), key=lambda each: -len(each[1]))
    shown = [
        f"{listed(keys, MOST_NAMES)} ({', '.join(str(each) for each in kind)})"
        for kind, keys in largest[:MOST_KINDS]
    ]
    others = sum(len(keys) for _, keys in largest[MOST_KINDS:])
    what = "; ".join(shown) + (f"; and {others} more" if others else "")
    return Refusal(
        "notebook-replaced",
        f"CloudFormation would replace {_short(what, MOST_LIST_CHARACTERS)}. A replaced notebook's "
        "files stay on the old instance, which is kept unless opt_outs.delete_volumes is set; the "
        "new one starts empty.",
        "put the old value back, or give each notebook that may start empty `replace: true`.",
    )


def name_taken(names: Mapping[str, str]) -> Refusal:
    """Notebooks may be replaced, but have the same name as before; their names by key."""
    same = listed([f"{key} (named {name})" for key, name in names.items()], MOST_NAMES)
    return Refusal(
        "notebook-name-taken",
        "CloudFormation makes a notebook's new instance before it lets go of the old one, and two "
        f"cannot have one name: {same}.",
        "give the notebook a new `name`, or remove `name` so that one is made.",
    )


def _changes(before: ImmutableProperties, after: ImmutableProperties) -> tuple[Change, ...]:
    return tuple(
        Change(name, before.get(name), after.get(name))
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    )


def _same_name(before: ImmutableProperties, after: ImmutableProperties) -> bool:
    # Without a name CloudFormation makes one, which nobody has yet.
    return NAME in after and after[NAME] == before.get(NAME)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[:most] + " …"
