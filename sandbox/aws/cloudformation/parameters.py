"""Refuses to reuse the value of a parameter that the stack has not; ministack takes its default."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sandbox.aws.emulator import ministack

Given = Sequence[Mapping[str, Any]]
Values = dict[str, dict[str, Any]]
# Each has the function under a name of its own.
USERS = ("changesets", "engine", "handlers")


def check_reuse(given: Given, previous: Mapping[str, Any]) -> None:
    """Raise ValueError, in CloudFormation's words, for one that is none of the previous ones."""
    for each in given:
        if each.get("UsePreviousValue") and each["Key"] not in previous:
            raise ValueError(
                f"Invalid input for parameter key {each['Key']}. Cannot specify usePreviousValue "
                "as true for a parameter key not in the previous template"
            )


def install() -> None:
    """Put the check before ministack's own resolution of parameters."""
    original: Callable[..., Values] = ministack(
        "services.cloudformation.engine"
    )._resolve_parameters

    def resolve(
        template: dict[str, Any], given: Given, previous: Mapping[str, Any] | None = None
    ) -> Values:
        check_reuse(given, previous or {})
        return original(template, given, previous)

    for name in USERS:
        ministack(f"services.cloudformation.{name}")._resolve_parameters = resolve
