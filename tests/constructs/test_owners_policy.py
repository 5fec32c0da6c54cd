"""The owners' policy: whoever holds it opens their own notebook and no other of the stack."""

import json
from typing import Any

import pytest

from tests.conftest import STAGE, Change, template, templates
from tests.templates import POLICY, properties, resources, two_stacks

OWNED = "sagemaker:ResourceTag/Owner"
OF_STACK = {"sagemaker:ResourceTag/EmrNotebookStack": "emr-notebooks-test"}
SUBNET = STAGE["network"]["subnet_id"]
ROLE = "arn:aws:iam::111122223333:role/teams/data-science"
KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
SECRET = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:git-a1b2c3"
NOTEBOOKS = "arn:aws:sagemaker:eu-west-1:111122223333:notebook-instance/*"


def owned(data: dict[str, Any]) -> None:
    data["notebooks"]["alice"]["owner"] = "alice@example.com"


def document(change: Change) -> list[dict[str, Any]]:
    found = properties(template(change), POLICY, "Owners")["PolicyDocument"]
    assert found["Version"] == "2012-10-17"
    statements: list[dict[str, Any]] = found["Statement"]
    return statements


def allowing(statements: list[dict[str, Any]], action: str) -> list[tuple[Any, Any]]:
    """The resources and the condition of each statement that allows the action."""
    return [
        (each["Resource"], each.get("Condition"))
        for each in statements
        if each["Effect"] == "Allow" and action in each["Action"]
    ]


@pytest.mark.parametrize(
    ("identity", "who"),
    [
        (None, "${aws:PrincipalTag/Owner}"),
        ("principal-tag", "${aws:PrincipalTag/Owner}"),
        ("user-name", "${aws:username}"),
    ],
)
def test_it_says_this_of_notebooks(identity: str | None, who: str) -> None:
    def change(data: dict[str, Any]) -> None:
        owned(data)
        data.update({"owner_identity": identity} if identity else {})

    assert [each for each in document(change) if "Sid" in each] == [
        {
            "Sid": "Own",
            "Effect": "Allow",
            "Action": [
                "sagemaker:CreatePresignedNotebookInstanceUrl",
                "sagemaker:DescribeNotebookInstance",
                "sagemaker:StartNotebookInstance",
                "sagemaker:StopNotebookInstance",
            ],
            "Resource": [NOTEBOOKS],
            "Condition": {"StringEquals": {**OF_STACK, OWNED: who}},
        },
        {
            "Sid": "NobodyElses",
            "Effect": "Deny",
            "Action": ["sagemaker:CreatePresignedNotebookInstanceUrl"],
            "Resource": [NOTEBOOKS],
            "Condition": {
                "StringEquals": OF_STACK,
                # A caller without a value: IAM would leave the variable as it is.
                "StringNotEquals": {OWNED: who.replace("}", ", 'nobody'}")},
            },
        },
        {
            "Sid": "List",
            "Effect": "Allow",
            "Action": [
                "sagemaker:ListNotebookInstances",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSubnets",
                "ec2:DescribeVpcs",
            ],
            "Resource": ["*"],
        },
    ]


class TestWhatAStartAsksFor:
    def test_the_stacks_made_roles_are_passed_to_sagemaker_alone(self) -> None:
        [([roles], condition)] = allowing(document(owned), "iam:PassRole")

        # CloudFormation writes <stack>-<logical id>-<its own>, and may cut the stack's name.
        [beginning, rest] = roles["Fn::Join"][1]
        [_, split] = beginning["Fn::Select"]
        assert split["Fn::Split"][0] == "-Notebook"
        assert split["Fn::Split"][1]["Fn::GetAtt"][0].startswith("NotebookaliceRole")
        assert rest == "-Notebook*"
        assert condition == {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}

    def test_a_given_role_is_passed_by_the_owners_of_the_notebooks_that_have_it(self) -> None:
        def change(data: dict[str, Any]) -> None:
            owned(data)
            bob = {"cluster": "analytics", "owner": "bob@example.com", "role_arn": ROLE}
            data["notebooks"]["bob"] = bob

        to_sagemaker = {"iam:PassedToService": "sagemaker.amazonaws.com"}
        _, given = allowing(document(change), "iam:PassRole")
        assert given == (
            [ROLE],
            {"StringEquals": {**to_sagemaker, "aws:PrincipalTag/Owner": ["bob@example.com"]}},
        )

    def test_a_role_that_all_have_needs_no_list_of_them(self) -> None:
        def change(data: dict[str, Any]) -> None:
            owned(data)
            data["defaults"] = {"role_arn": ROLE}

        [(roles, condition)] = allowing(document(change), "iam:PassRole")
        assert roles == [ROLE]
        assert condition == {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}

    def test_interfaces_are_made_in_the_owners_subnets_with_the_notebooks_groups(self) -> None:
        def change(data: dict[str, Any]) -> None:
            owned(data)
            data["network"]["security_group_ids"] = ["sg-0000000000000000b"]
            data["notebooks"]["bob"] = {"cluster": "analytics", "subnet_id": f"{SUBNET[:-1]}f"}

        found = document(change)
        interfaces = "arn:aws:ec2:eu-west-1:111122223333:network-interface/*"
        # Another account may share the subnet.
        subnet = f"arn:aws:ec2:eu-west-1:*:subnet/{SUBNET}"
        group = "arn:aws:ec2:eu-west-1:111122223333:security-group/sg-0000000000000000b"
        create, permit = "ec2:CreateNetworkInterface", "ec2:CreateNetworkInterfacePermission"
        assert allowing(found, create) == [([interfaces, subnet, group], None)]
        assert allowing(found, permit) == [
            ([interfaces], {"ArnLike": {"ec2:Subnet": [subnet]}}),
        ]

    def test_the_key_is_used_by_sagemaker_in_the_owners_name_alone(self) -> None:
        def change(data: dict[str, Any]) -> None:
            owned(data)
            data["kms_key_arn"] = KEY

        found = document(change)
        [(described, via)] = allowing(found, "kms:DescribeKey")
        [(granted, grant)] = allowing(found, "kms:CreateGrant")
        assert described == granted == [KEY]
        region, suffix = {"Ref": "AWS::Region"}, {"Ref": "AWS::URLSuffix"}
        address = {"Fn::Join": ["", ["sagemaker.", region, ".", suffix]]}
        assert via == {"StringEquals": {"kms:ViaService": address}}
        assert grant == {**via, "Bool": {"kms:GrantIsForAWSResource": "true"}}

    def test_nothing_is_said_of_keys_without_one(self) -> None:
        def change(data: dict[str, Any]) -> None:
            owned(data)
            data["opt_outs"] = {"aws_managed_key": {"because": "a test"}}

        assert not [each for each in document(change) if "kms" in str(each)]

    def test_a_secret_is_read_by_the_owners_of_the_notebooks_that_clone_with_it(self) -> None:
        def change(data: dict[str, Any]) -> None:
            owned(data)
            repository = {"name": "recipes", "secret_arn": SECRET}
            data["notebooks"]["alice"]["default_code_repository"] = repository
            data["notebooks"]["bob"] = {"cluster": "analytics", "owner": "bob@example.com"}

        assert allowing(document(change), "secretsmanager:GetSecretValue") == [
            ([SECRET], {"StringEquals": {"aws:PrincipalTag/Owner": ["alice@example.com"]}})
        ]
        # Secrets Manager's own key needs no permission.
        assert allowing(document(change), "kms:Decrypt") == []

    def test_its_own_key_opens_it_for_them_through_secrets_manager_alone(self) -> None:
        def change(data: dict[str, Any]) -> None:
            owned(data)
            repository = {"name": "recipes", "secret_arn": SECRET, "secret_key_arn": KEY}
            data["notebooks"]["alice"]["default_code_repository"] = repository
            data["notebooks"]["bob"] = {"cluster": "analytics", "owner": "bob@example.com"}

        region, suffix = {"Ref": "AWS::Region"}, {"Ref": "AWS::URLSuffix"}
        address = {"Fn::Join": ["", ["secretsmanager.", region, ".", suffix]]}
        only = {"kms:ViaService": address, "aws:PrincipalTag/Owner": ["alice@example.com"]}
        assert allowing(document(change), "kms:Decrypt") == [([KEY], {"StringEquals": only})]


def own_role(data: dict[str, Any], people: int) -> None:
    data["notebooks"] = {
        f"user{each}": {
            "cluster": "analytics",
            "owner": f"user{each}@example.com",
            "role_arn": f"{ROLE}-{each}",
        }
        for each in range(people)
    }


def test_a_role_for_each_of_many_owners_makes_more_policies_each_with_an_output() -> None:
    found = template(lambda data: own_role(data, 40))
    policies = resources(found, POLICY, "Owners")

    outputs = found.to_json()["Outputs"]
    arns = [outputs[f"OwnersPolicyArn{number}"]["Value"]["Ref"] for number in ("", 2)]
    assert set(arns) == set(policies)
    documents = [policies[name]["Properties"]["PolicyDocument"] for name in arns]
    passed = [each for x in documents for each in allowing(x["Statement"], "iam:PassRole")]
    assert len(passed) == 40
    assert "Own" in [each.get("Sid") for each in documents[0]["Statement"]]
    assert all(len(json.dumps(each, separators=(",", ":"))) <= 6144 for each in documents)


@pytest.mark.parametrize(("keys", "statements"), [(1, 1), (40, 40)])
def test_a_secret_of_each_of_many_owners_fits_and_one_key_of_all_is_said_once(
    keys: int, statements: int
) -> None:
    def change(data: dict[str, Any]) -> None:
        own_role(data, 40)
        for number, each in enumerate(data["notebooks"].values()):
            key = f"{KEY[:-2]}{number % keys:02}"
            repository = {"name": "git", "secret_arn": f"{SECRET}{number}", "secret_key_arn": key}
            each["default_code_repository"] = repository

    policies = resources(template(change), POLICY, "Owners").values()
    documents = [each["Properties"]["PolicyDocument"] for each in policies]
    decrypting = [each for x in documents for each in allowing(x["Statement"], "kms:Decrypt")]
    assert len(decrypting) == statements
    assert all(len(json.dumps(each, separators=(",", ":"))) <= 6144 for each in documents)


def test_made_roles_take_no_room_however_many_they_are() -> None:
    def change(data: dict[str, Any]) -> None:
        own_role(data, 80)
        for each in data["notebooks"].values():
            del each["role_arn"]

    assert len(allowing(document(change), "iam:PassRole")) == 1


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
    own, *_ = properties(found["emr-notebooks-test-science"], POLICY, "Owners")["PolicyDocument"][
        "Statement"
    ]
    of_stack = own["Condition"]["StringEquals"]["sagemaker:ResourceTag/EmrNotebookStack"]
    assert of_stack == "emr-notebooks-test-science"
