"""Tests the key that encrypts the notebooks' volumes."""

from typing import Any

import pytest

from tests.conftest import template
from tests.templates import KEY, KEY_ARN, only, properties, resources


def test_it_is_made_rotates_and_is_kept() -> None:
    key = only(template(), KEY)

    assert key["Properties"]["EnableKeyRotation"] is True
    assert key["DeletionPolicy"] == "RetainExceptOnCreate"
    assert key["UpdateReplacePolicy"] == "Retain"


def test_it_is_given_into_the_hands_of_the_account_and_of_nobody_else() -> None:
    assert properties(template(), KEY)["KeyPolicy"]["Statement"] == [
        {
            "Effect": "Allow",
            "Action": "kms:*",
            "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
            "Resource": "*",
        }
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"kms_key_arn": KEY_ARN},
        {"opt_outs": {"aws_managed_key": {"because": "no key policy is agreed yet"}}},
    ],
)
def test_it_is_not_made_when_one_is_given_or_the_stage_says_why_not(
    change: dict[str, Any],
) -> None:
    assert resources(template(lambda data: data.update(change)), KEY) == {}
