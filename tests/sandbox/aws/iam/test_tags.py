"""Policy variables and tag keys, without the emulator."""

import pytest

from sandbox.aws.iam.tags import (
    NO_VALUE,
    fill_condition_variables,
    fill_variables,
    resource_tag_keys,
)

VALUES = {"aws:username": "alice", "aws:PrincipalTag/team:name": "red:1"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("arn:aws:s3:::lake/*", "arn:aws:s3:::lake/*"),
        ("stream:${aws:PrincipalTag/team:name}/*", "stream:red:1/*"),
        ("${aws:username}-${aws:username}", "alice-alice"),
        ("${aws:PrincipalTag/none, 'all of us'}", "all of us"),
        ("${aws:username, 'nobody'}", "alice"),
        ("$aws:username", "$aws:username"),
    ],
)
def test_a_variable_is_replaced_by_its_value_or_its_default(text: str, expected: str) -> None:
    assert fill_variables(text, VALUES.get) == expected


def test_text_with_a_variable_without_value_equals_nothing() -> None:
    assert fill_variables("a-${aws:PrincipalTag/none}-${aws:username}", VALUES.get) == NO_VALUE


def test_a_value_that_looks_like_a_variable_stays_as_it_is() -> None:
    assert fill_variables("${a}", {"a": "${b}", "b": "c"}.get) == "${b}"


def test_variables_are_replaced_in_every_value_of_a_condition_and_in_no_key() -> None:
    given = {
        "StringEquals": {"aws:PrincipalTag/a": ["${aws:username}", "bob"]},
        "Null": {"${aws:username}": "false"},
        "NumericLessThan": {"sagemaker:n": 3},
    }

    assert fill_condition_variables(given, VALUES.get) == {
        "StringEquals": {"aws:PrincipalTag/a": ["alice", "bob"]},
        "Null": {"${aws:username}": "false"},
        "NumericLessThan": {"sagemaker:n": 3},
    }


def test_a_tag_is_known_by_the_global_key_and_by_sagemakers() -> None:
    assert resource_tag_keys({"Owner": "Alice"}) == {
        "aws:resourcetag/owner": "Alice",
        "sagemaker:resourcetag/owner": "Alice",
    }


def test_two_tags_that_differ_by_case_have_no_value_for_their_common_key() -> None:
    assert set(resource_tag_keys({"Owner": "a", "owner": "b"}).values()) == {None}
