"""Adds Fn::Join in a template's Conditions, which ministack's CloudFormation leaves out.

Without it `cdk bootstrap` would give CloudFormation's role no policy in place of its default.
"""

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.aws.emulator import ministack

Parameters = Mapping[str, Mapping[str, Any]]
Evaluate = Callable[[dict[str, Any], Parameters], dict[str, bool]]
JOIN = "Fn::Join"
# Each has the function under a name of its own.
USERS = ("changesets", "engine", "handlers", "stacks")


def resolve_joins(value: Any, parameters: Parameters) -> Any:
    """The value with the text of each Fn::Join in its place."""
    if isinstance(value, list):
        return [resolve_joins(each, parameters) for each in value]
    if not isinstance(value, dict):
        return value
    if JOIN in value:
        separator, items = value[JOIN]
        return str(separator).join(_texts(items, parameters))
    return {key: resolve_joins(each, parameters) for key, each in value.items()}


def install() -> None:
    """Put the conditions with their texts before ministack's evaluation."""
    original: Evaluate = ministack("services.cloudformation.engine")._evaluate_conditions

    def evaluate(template: dict[str, Any], parameters: Parameters) -> dict[str, bool]:
        conditions = resolve_joins(template.get("Conditions", {}), parameters)
        return original({**template, "Conditions": conditions}, parameters)

    for name in USERS:
        ministack(f"services.cloudformation.{name}")._evaluate_conditions = evaluate


def _texts(items: Any, parameters: Parameters) -> list[str]:
    if isinstance(items, list):
        return [text for each in items for text in _texts(each, parameters)]
    name = str(items.get("Ref")) if isinstance(items, dict) else ""
    # ministack keeps a list's parameter as one text.
    return str(parameters[name]["Value"]).split(",") if name in parameters else [str(items)]
