"""What CloudFormation decides about the added types, without the emulator."""

from typing import Any

import pytest

from sandbox.aws.cloudformation.notebook import TYPE, changes
from sandbox.aws.cloudformation.schema import check_properties, create_only

BOOK = {"InstanceType": "ml.t3.medium", "RoleArn": "arn:aws:iam::111122223333:role/r"}


def test_exactly_these_properties_replace_a_notebook() -> None:
    assert set(create_only(TYPE)) == {
        "DirectInternetAccess",
        "KmsKeyId",
        "NotebookInstanceName",
        "PlatformIdentifier",
        "SecurityGroupIds",
        "SubnetId",
    }


def test_text_from_a_parameter_becomes_the_number_it_stands_for() -> None:
    assert check_properties(TYPE, "Book", {**BOOK, "VolumeSizeInGB": "20"})["VolumeSizeInGB"] == 20


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({**BOOK, "Size": 1}, r"resource Book with message:\n#: extraneous key \[Size\]"),
        ({"InstanceType": "ml.t3.medium"}, "'RoleArn' is a required property"),
        ({**BOOK, "InstanceType": "t3.medium"}, "#/InstanceType: 't3.medium' is not one of"),
        ({**BOOK, "Tags": [{"Key": "a"}]}, "#/Tags/0: 'Value' is a required property"),
    ],
)
def test_what_the_schema_does_not_permit_is_refused(
    properties: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        check_properties(TYPE, "Book", properties)


@pytest.mark.parametrize(
    ("before", "after", "request_"),
    [
        ({}, {}, {}),
        ({"Tags": [1]}, {"Tags": [2]}, {}),
        ({"VolumeSizeInGB": 5}, {"VolumeSizeInGB": 6}, {"VolumeSizeInGB": 6}),
        ({"LifecycleConfigName": "a"}, {}, {"DisassociateLifecycleConfig": True}),
        # SageMaker has no way to take these back: they stay as they are.
        ({"RootAccess": "Disabled"}, {}, {}),
    ],
)
def test_an_update_asks_only_for_what_changed(
    before: dict[str, Any], after: dict[str, Any], request_: dict[str, Any]
) -> None:
    assert changes(before, after) == request_
