"""Which replacements are refused, from what was fixed before and what is asked for now."""

from collections.abc import Mapping, Set

from cluster_endpoint.refusals import Refusal
from replacement_guard import refusals
from replacement_guard.births import NAME, Birth


def decide(
    before: Mapping[str, Birth], after: Mapping[str, Birth], replaceable: Set[str]
) -> Refusal | None:
    """The refusal of an update, or None when it replaces no notebook but those it may.

    A notebook that is in one of the two only is made or let go of, which replaces nothing.
    """
    changed = [key for key in sorted(before.keys() & after.keys()) if before[key] != after[key]]
    unasked = [key for key in changed if key not in replaceable]
    if unasked:
        return refusals.replaced({key: _changes(before[key], after[key]) for key in unasked})
    taken = {key: str(after[key].get(NAME)) for key in changed if _same_name(before, after, key)}
    return refusals.name_taken(taken) if taken else None


def _changes(before: Birth, after: Birth) -> tuple[refusals.Change, ...]:
    return tuple(
        refusals.Change(name, before.get(name), after.get(name))
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    )


def _same_name(before: Mapping[str, Birth], after: Mapping[str, Birth], key: str) -> bool:
    name = after[key].get(NAME)
    # Without a name CloudFormation makes one, which nobody has yet.
    return name is not None and name == before[key].get(NAME)
