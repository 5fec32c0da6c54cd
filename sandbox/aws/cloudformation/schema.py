"""Checks the properties of the added CloudFormation types against their registry schemas."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER  # type: ignore[import-untyped]
from jsonschema import Draft7Validator

from sandbox.environment import REGION

Properties = dict[str, Any]
# A resource's physical id and its attributes.
Created = tuple[str, dict[str, Any]]


@cache
def schema(resource_type: str) -> dict[str, Any]:
    """The type's schema in the sandbox's region, as cfn-lint carries it."""
    read = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, resource_type).schema
    without: dict[str, Any] = _without_unicode_patterns(read)
    return without


def create_only(resource_type: str) -> tuple[str, ...]:
    """The properties whose change replaces the resource."""
    paths = schema(resource_type)["createOnlyProperties"]
    return tuple(path.removeprefix("/properties/") for path in paths)


def check_properties(
    resource_type: str, logical_id: str, properties: Mapping[str, Any]
) -> dict[str, Any]:
    """The properties with the types the schema gives them.

    Raises ValueError in CloudFormation's words for a property that is unknown or not valid.
    """
    described = schema(resource_type)["properties"]
    typed = {n: _coerced(v, described.get(n, {}).get("type")) for n, v in properties.items()}
    unknown = sorted(typed.keys() - described.keys())
    problems = [f"#: extraneous key [{name}] is not permitted" for name in unknown]
    known = {n: v for n, v in typed.items() if n in described}
    for error in Draft7Validator(schema(resource_type)).iter_errors(known):
        where = "/".join(["#", *(str(part) for part in error.absolute_path)])
        problems.append(f"{where}: {error.message}")
    if problems:
        raise ValueError(
            f"Properties validation failed for resource {logical_id} with message:\n"
            + "\n".join(problems)
        )
    return typed


def _coerced(value: Any, kind: str | None) -> Any:
    """A template parameter is text; CloudFormation turns it into what the schema wants."""
    if kind == "integer" and isinstance(value, str) and value.isdigit():
        return int(value)
    return value


def _without_unicode_patterns(node: Any) -> Any:
    """Leave out patterns that name Unicode classes: Python's re has none, and only tags do."""
    if isinstance(node, dict):
        return {
            name: _without_unicode_patterns(value)
            for name, value in node.items()
            if not (name == "pattern" and isinstance(value, str) and "\\p{" in value)
        }
    if isinstance(node, list):
        return [_without_unicode_patterns(value) for value in node]
    return node
