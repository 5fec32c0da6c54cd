"""Adds tags to ministack's IAM: policy variables, and a notebook's tags as condition keys.

Names of condition keys and of variables are compared without case, as IAM does: a tag `Owner`
is read by `aws:PrincipalTag/owner` too. Values are compared as they are written.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sandbox.aws.emulator import ministack

ValueOf = Callable[[str], str | None]

# In place of text with a variable that has no value: nothing in a request equals it or is like
# it, so StringEquals and Resource do not match, and StringNotEquals does.
NO_VALUE = "\0"
# ${key} and ${key, 'default'}.
_VARIABLE = re.compile(r"\$\{\s*([^},]+?)\s*(?:,\s*'([^']*)'\s*)?\}")
# Documents of the earlier version, which is also the default, keep `${...}` as it is written.
_VERSION_WITH_VARIABLES = "2012-10-17"
_PREFIXES = ("aws:ResourceTag", "sagemaker:ResourceTag")


def fill_variables(text: str, value_of: ValueOf) -> str:
    """The text with its policy variables replaced; NO_VALUE when one has no value."""
    values = {}
    for found in _VARIABLE.finditer(text):
        value = value_of(found[1])
        values[found[0]] = found[2] if value is None else value
    if None in values.values():
        return NO_VALUE
    return _VARIABLE.sub(lambda found: str(values[found[0]]), text)


def fill_condition_variables(conditions: Mapping[str, Any], value_of: ValueOf) -> dict[str, Any]:
    """A statement's Condition with the variables in its values replaced."""

    def value(given: Any) -> Any:
        if isinstance(given, list):
            return [value(each) for each in given]
        return fill_variables(given, value_of) if isinstance(given, str) else given

    return {
        operator: {key: value(given) for key, given in keys.items()}
        if isinstance(keys, dict)
        else keys
        for operator, keys in conditions.items()
    }


def resource_tag_keys(tags: Mapping[str, str]) -> dict[str, str | None]:
    """The condition keys of a resource's tags.

    Tags whose names differ by case alone share a key, which then has no value: IAM's reference
    says that a key matches a tag in either case, but not both.
    """
    found: dict[str, str | None] = {}
    for name, value in tags.items():
        for prefix in _PREFIXES:
            key = f"{prefix}/{name}".lower()
            found[key] = None if key in found else value
    return found


def install(tags_of: Callable[[str], Mapping[str, str]]) -> None:
    """Teach the emulator's IAM variables, and the tags that `tags_of` gives for an ARN."""
    evaluator = ministack("core.iam_evaluator")
    evaluator.parse_policy_document = _marking_old(evaluator.parse_policy_document)
    evaluator._first_match = _with_variables(evaluator._first_match)
    evaluator.enforce = _with_resource_tags(evaluator.enforce, tags_of)


def _marking_old(original: Callable[[Any], list[Any]]) -> Callable[[Any], list[Any]]:
    def parse(document: Any) -> list[Any]:
        statements = original(document)
        if statements:
            read = json.loads(document) if isinstance(document, str) else document
            for statement in statements:
                statement.has_variables = read.get("Version") == _VERSION_WITH_VARIABLES
        return statements

    return parse


def _with_variables(original: Callable[..., Any]) -> Callable[..., Any]:
    def first_match(context: Any, statements: list[Any], effect: str) -> Any:
        return original(context, [_in_context(each, context) for each in statements], effect)

    return first_match


def _in_context(statement: Any, context: Any) -> Any:
    if not getattr(statement, "has_variables", False):
        return statement

    def value_of(key: str) -> str | None:
        value = ministack("core.iam_evaluator")._resolve_condition_key(key, context)
        # A key with several values cannot be a variable.
        return None if value is None or isinstance(value, list) else str(value)

    return replace(
        statement,
        resources=[fill_variables(each, value_of) for each in statement.resources],
        not_resources=[fill_variables(each, value_of) for each in statement.not_resources],
        conditions=fill_condition_variables(statement.conditions, value_of),
    )


def _with_resource_tags(
    original: Callable[..., Any], tags_of: Callable[[str], Mapping[str, str]]
) -> Callable[..., Any]:
    def enforce(
        access_key_id: str,
        iam_action: str,
        service: str,
        region: str,
        resource_arn: str = "*",
        service_context: Mapping[str, Any] | None = None,
    ) -> Any:
        context = dict(service_context or {})
        if service == "sagemaker":
            context |= resource_tag_keys(tags_of(resource_arn))
        return original(access_key_id, iam_action, service, region, resource_arn, context)

    return enforce
