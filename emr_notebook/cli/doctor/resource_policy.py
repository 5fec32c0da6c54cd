"""What a resource's policy decides about a caller, as far as no condition has to be weighed."""

from collections.abc import Collection, Iterator, Mapping
from enum import Enum
from fnmatch import fnmatchcase
from typing import Any


class Verdict(Enum):
    """What the policy says; DEPENDS on what is not known here.

    One that REFUSES lacks a statement; one that DENIES has one that no further statement outdoes.
    """

    ALLOWS = "allows"
    REFUSES = "refuses"
    DENIES = "denies"
    DEPENDS = "depends"


def decide(
    document: Mapping[str, Any],
    action: str,
    principals: Collection[str],
    besides: Collection[str] = (),
) -> Verdict:
    """Whether one of the principals may do it: ARNs, account ids or a service's name.

    What is denied to one `besides` them counts, too.
    """
    about = statements(document)
    allows = [each for each in about if _counts(each, "Allow", action, principals)]
    denies = [each for each in about if _counts(each, "Deny", action, {*principals, *besides})]
    if not all(map(_is_bound, denies)):
        return Verdict.DENIES
    if not allows:
        return Verdict.REFUSES
    if denies or all(map(_is_bound, allows)):
        return Verdict.DEPENDS
    return Verdict.ALLOWS


def with_statement(document: Mapping[str, Any], statement: Mapping[str, Any]) -> dict[str, Any]:
    """The policy with one more statement."""
    return {"Version": "2012-10-17", **document, "Statement": [*statements(document), statement]}


def statements(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Those of a policy, which may hold one without a list."""
    return list(_listed(document.get("Statement")))


def _counts(
    statement: Mapping[str, Any], effect: str, action: str, principals: Collection[str]
) -> bool:
    if statement["Effect"] != effect:
        return False
    patterns = [str(each).lower() for each in _listed(statement.get("Action"))]
    if "Action" in statement and not any(fnmatchcase(action.lower(), p) for p in patterns):
        return False
    named = set(_named(statement.get("Principal")))
    return "Principal" not in statement or "*" in named or not named.isdisjoint(principals)


def _is_bound(statement: Mapping[str, Any]) -> bool:
    """Whether it counts only sometimes: under a condition, or for all but some."""
    return not {"Condition", "NotPrincipal", "NotAction", "NotResource"}.isdisjoint(statement)


def _named(principal: Any) -> Iterator[str]:
    if isinstance(principal, Mapping):
        for kind in principal.values():
            yield from map(str, _listed(kind))
    else:
        yield from map(str, _listed(principal))


def _listed(value: Any) -> list[Any]:
    """IAM takes a list of one without its brackets."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]
