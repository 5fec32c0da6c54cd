"""Gives IAM what a change of records is about: the condition keys of Route 53's own."""

from collections.abc import Callable, Mapping
from typing import Any
from xml.etree.ElementTree import Element, ParseError, fromstring

from sandbox.aws.emulator import ministack

Context = Callable[..., Mapping[str, Any]]
ACTION = "route53:ChangeResourceRecordSets"


def condition_keys(body: bytes) -> dict[str, list[str]]:
    """The three keys of a ChangeResourceRecordSets request, each with every change's value.

    Names in small letters without the final dot, as the developer guide normalizes them.
    """
    try:
        changes = [each for each in fromstring(body).iter() if _tag(each) == "Change"]  # noqa: S314
    except ParseError:
        return {}
    names = [_text(each, "Name").lower().removesuffix(".") for each in changes]
    values = {
        "NormalizedRecordNames": names,
        "RecordTypes": [_text(each, "Type") for each in changes],
        "Actions": [_text(each, "Action") for each in changes],
    }
    return {f"{ACTION}{name}".lower(): listed for name, listed in values.items()}


def install() -> None:
    """Put the keys into what the emulator's IAM knows of a request."""
    actions = ministack("core.iam_actions")
    original: Context = actions.request_tag_context

    def context(service: str, iam_action: str, body: bytes, *more: Any) -> dict[str, Any]:
        found = dict(original(service, iam_action, body, *more))
        return found | (condition_keys(body) if iam_action == ACTION else {})

    actions.request_tag_context = context


def _tag(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _text(change: Element, name: str) -> str:
    return next((each.text or "" for each in change.iter() if _tag(each) == name), "")
