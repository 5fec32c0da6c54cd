"""The owners' policy: whoever holds it opens their own notebook and no other of the stack."""

from typing import Any

import pytest

from tests.conftest import template, templates
from tests.templates import POLICY, properties, resources, two_stacks

OWNED = "sagemaker:ResourceTag/Owner"
OF_STACK = {"sagemaker:ResourceTag/EmrNotebookStack": "emr-notebooks-test"}
NOTEBOOKS = "arn:aws:sagemaker:eu-west-1:111122223333:notebook-instance/*"


def owned(data: dict[str, Any]) -> None:
    data["notebooks"]["alice"]["owner"] = "alice@example.com"


@pytest.mark.parametrize(
    ("identity", "who"),
    [
        (None, "${aws:PrincipalTag/Owner}"),
        ("principal-tag", "${aws:PrincipalTag/Owner}"),
        ("user-name", "${aws:username}"),
    ],
)
def test_it_says_this_and_nothing_else(identity: str | None, who: str) -> None:
    def change(data: dict[str, Any]) -> None:
        owned(data)
        data.update({"owner_identity": identity} if identity else {})

    assert properties(template(change), POLICY, "Owners")["PolicyDocument"] == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Own",
                "Effect": "Allow",
                "Action": [
                    "sagemaker:CreatePresignedNotebookInstanceUrl",
                    "sagemaker:DescribeNotebookInstance",
                    "sagemaker:StartNotebookInstance",
                    "sagemaker:StopNotebookInstance",
                ],
                "Resource": NOTEBOOKS,
                "Condition": {"StringEquals": {**OF_STACK, OWNED: who}},
            },
            {
                "Sid": "NobodyElses",
                "Effect": "Deny",
                "Action": "sagemaker:CreatePresignedNotebookInstanceUrl",
                "Resource": NOTEBOOKS,
                "Condition": {
                    "StringEquals": OF_STACK,
                    # A caller without a value: IAM would leave the variable as it is.
                    "StringNotEquals": {OWNED: who.replace("}", ", 'nobody'}")},
                },
            },
            {
                "Sid": "List",
                "Effect": "Allow",
                "Action": "sagemaker:ListNotebookInstances",
                "Resource": "*",
            },
        ],
    }


def test_it_is_attached_to_nobody_and_its_arn_is_an_output() -> None:
    found = template(owned)

    (name,) = resources(found, POLICY, "Owners")
    assert found.to_json()["Outputs"]["OwnersPolicyArn"]["Value"] == {"Ref": name}
    assert not {"Users", "Groups", "Roles"} & set(properties(found, POLICY, "Owners"))


def test_there_is_none_while_no_notebook_has_an_owner() -> None:
    found = template()

    assert resources(found, POLICY, "Owners") == {}
    assert "OwnersPolicyArn" not in found.to_json()["Outputs"]


def test_only_the_stack_of_a_notebook_with_an_owner_has_one_and_it_is_about_that_stack() -> None:
    def change(data: dict[str, Any]) -> None:
        two_stacks(data)
        data["notebooks"]["bob"]["owner"] = "bob@example.com"

    found = templates(change)

    assert resources(found["emr-notebooks-test"], POLICY, "Owners") == {}
    own, _, _ = properties(found["emr-notebooks-test-science"], POLICY, "Owners")["PolicyDocument"][
        "Statement"
    ]
    of_stack = own["Condition"]["StringEquals"]["sagemaker:ResourceTag/EmrNotebookStack"]
    assert of_stack == "emr-notebooks-test-science"
