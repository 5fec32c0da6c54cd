"""A request or an answer that breaks the service's model is refused with what is wrong."""

import pytest
from botocore.model import OperationNotFoundError

from sandbox.aws.answers import checked_answer, checked_call
from sandbox.aws.service_model import input_errors, output_errors, validation_message

ROLE = "arn:aws:iam::111122223333:role/r"
CREATE = {"NotebookInstanceName": "a", "InstanceType": "ml.t3.medium", "RoleArn": ROLE}


@pytest.mark.parametrize(
    ("member", "value", "constraint"),
    [
        ("VolumeSizeInGB", "5", "Member must be of type integer"),
        ("VolumeSizeInGB", True, "Member must be of type integer"),
        ("VolumeSizeInGB", 4, "Member must have value greater than or equal to 5"),
        ("SecurityGroupIds", "sg-1", "Member must be a list"),
        ("Colour", "red", "CreateNotebookInstanceInput has no such member"),
        ("RootAccess", "On", "Member must satisfy enum value set: [Enabled, Disabled]"),
    ],
)
def test_a_wrong_member_is_named_with_what_is_accepted(
    member: str, value: object, constraint: str
) -> None:
    errors = input_errors("sagemaker", "CreateNotebookInstance", {**CREATE, member: value})

    path = member[0].lower() + member[1:]
    assert errors == [f"Value '{value}' at '{path}' failed to satisfy constraint: {constraint}"]


def test_a_missing_member_is_null_in_awss_words() -> None:
    [error] = input_errors("sagemaker", "CreateNotebookInstance", {**CREATE, "RoleArn": None})

    assert error == "Value null at 'roleArn' failed to satisfy constraint: Member must not be null"


def test_every_mistake_is_told_at_once() -> None:
    errors = input_errors("sagemaker", "CreateNotebookInstance", {})

    assert len(errors) == 3
    assert validation_message(errors).startswith("3 validation errors detected: ")


def test_an_unknown_operation_is_no_operation() -> None:
    with pytest.raises(OperationNotFoundError):
        input_errors("emr", "ListEverything", {})

    status, _, body = checked_call("emr", "ListEverything", lambda _: {}, b"{}")
    assert status == 400
    assert b"UnknownOperationException" in body


def test_an_answer_clients_could_not_read_fails_loudly() -> None:
    status, _, body = checked_answer("emr", "ListInstances", {"Instances": [{"Address": "x"}]})

    assert status == 500
    assert b"Instance has no such member" in body


def test_timestamps_are_seconds_or_iso_8601() -> None:
    def errors(moment: object) -> list[str]:
        timeline = {"CreationDateTime": moment}
        return output_errors(
            "emr", "DescribeCluster", {"Cluster": {"Status": {"Timeline": timeline}}}
        )

    assert errors(1.5) == errors("2026-01-01T00:00:00.000Z") == []
    assert errors("yesterday") != []
