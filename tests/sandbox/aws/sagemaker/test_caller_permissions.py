"""What SageMaker asks of IAM, about its caller, beside an operation itself.

By the table "API permissions: actions, permissions, and resources reference" of its guide; of a
secret's key by Secrets Manager's API reference, GetSecretValue.
"""

from collections.abc import Mapping
from typing import Any

import pytest

from sandbox.aws.sagemaker.caller_permissions import Question, questions

PLACE = "eu-west-1:111122223333"
ROLE = "arn:aws:iam::111122223333:role/notebook"
KEY = f"arn:aws:kms:{PLACE}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
SECRET = f"arn:aws:secretsmanager:{PLACE}:secret:git-a1b2c3"
PASS = Question("iam:PassRole", ROLE, {"iam:PassedToService": "sagemaker.amazonaws.com"})
EC2 = {
    "ec2:CreateNetworkInterface",
    "ec2:CreateNetworkInterfacePermission",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
}


def secrets_of(properties: Mapping[str, Any]) -> dict[str, str]:
    keys = {"plain": "", "encrypted": KEY}
    return {SECRET: keys[properties["Repository"]]} if "Repository" in properties else {}


def asked(operation: str, request: Mapping[str, Any], **notebook: Any) -> list[Question]:
    found = questions(operation, request, notebook or None, secrets_of=secrets_of, place=PLACE)
    return list(found)


def actions(**notebook: Any) -> set[str]:
    named = {"NotebookInstanceName": "mine"}
    return {each.action for each in asked("StartNotebookInstance", named, **notebook)}


def test_a_start_asks_for_the_notebooks_role_alone_if_it_has_nothing_more() -> None:
    assert asked("StartNotebookInstance", {"NotebookInstanceName": "mine"}, RoleArn=ROLE) == [PASS]


@pytest.mark.parametrize(
    ("has", "needs"),
    [
        ({"SubnetId": "subnet-1"}, EC2),
        ({"KmsKeyId": KEY}, {"kms:DescribeKey", "kms:CreateGrant"}),
        ({"Repository": "plain"}, {"secretsmanager:GetSecretValue"}),
        ({"Repository": "encrypted"}, {"secretsmanager:GetSecretValue", "kms:Decrypt"}),
    ],
)
def test_a_start_asks_for_what_the_notebook_stands_on(has: dict[str, str], needs: set[str]) -> None:
    assert actions(RoleArn=ROLE, **has) == {"iam:PassRole", *needs}


def test_an_interface_is_made_of_the_subnet_and_each_group() -> None:
    found = asked(
        "CreateNotebookInstance", {"SubnetId": "subnet-1", "SecurityGroupIds": ["sg-1", "sg-2"]}
    )

    made_of = {each.resource for each in found if each.action == "ec2:CreateNetworkInterface"}
    names = ("network-interface/*", "subnet/subnet-1", "security-group/sg-1", "security-group/sg-2")
    assert made_of == {f"arn:aws:ec2:{PLACE}:{name}" for name in names}


def test_a_key_by_its_id_is_this_accounts_and_used_through_sagemaker() -> None:
    found = asked("CreateNotebookInstance", {"KmsKeyId": KEY.rpartition("/")[2]})

    assert {each.resource for each in found} == {KEY}
    via = "sagemaker.eu-west-1.amazonaws.com"
    assert [each.context["kms:ViaService"] for each in found] == [via, via]


def test_a_secret_is_decrypted_with_its_own_key_by_secrets_manager() -> None:
    found = asked("StartNotebookInstance", {"NotebookInstanceName": "mine"}, Repository="encrypted")

    assert found[-1] == Question(
        "kms:Decrypt",
        KEY,
        {
            "kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com",
            "kms:EncryptionContext:SecretARN": SECRET,
        },
    )


def test_an_update_asks_for_the_new_role_and_other_calls_for_nothing() -> None:
    assert asked("UpdateNotebookInstance", {"RoleArn": ROLE}, SubnetId="subnet-1") == [PASS]
    for operation in ("StopNotebookInstance", "DescribeNotebookInstance"):
        assert asked(operation, {"NotebookInstanceName": "mine"}, RoleArn=ROLE) == []
