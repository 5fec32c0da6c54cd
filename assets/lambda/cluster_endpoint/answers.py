"""Reads parts of AWS's answers, which are not trusted to have the API's shape."""

from collections.abc import Mapping
from typing import Any


def mapping_at(answer: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """The mapping below the key; an empty one when there is none."""
    value = answer.get(key)
    return value if isinstance(value, Mapping) else {}


def list_at(answer: Mapping[str, Any], key: str) -> list[Any]:
    """The list below the key; an empty one when there is none."""
    value = answer.get(key)
    return value if isinstance(value, list) else []


def mappings_at(answer: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """The mappings in the list below the key, without what else is in it."""
    return [each for each in list_at(answer, key) if isinstance(each, Mapping)]


def part_at(answer: Mapping[str, Any], path: str) -> Any:
    """What stands at a path such as Cluster.Applications; None when there is nothing."""
    part: Any = answer
    for key in path.split("."):
        part = part.get(key) if isinstance(part, Mapping) else None
    return part
