"""Conditions of templates that join a list's parameter to a text."""

import pytest

from sandbox.aws.cloudformation.conditions import resolve_joins

LIST = {"Ref": "Policies"}


@pytest.mark.parametrize(
    ("items", "given", "text"),
    [
        (LIST, "", ""),
        (LIST, "a,b", "a-b"),
        (["x", "y"], "", "x-y"),
        (["x", LIST], "a,b", "x-a-b"),
    ],
)
def test_a_join_becomes_its_text(items: object, given: str, text: str) -> None:
    condition = {"Fn::Not": [{"Fn::Equals": ["", {"Fn::Join": ["-", items]}]}]}
    found = resolve_joins(condition, {"Policies": {"Value": given}})

    assert found == {"Fn::Not": [{"Fn::Equals": ["", text]}]}


def test_what_is_no_join_stays() -> None:
    condition = {"Has": {"Fn::Equals": [{"Ref": "Stage"}, "dev"]}}

    assert resolve_joins(condition, {"Stage": {"Value": "dev"}}) == condition
