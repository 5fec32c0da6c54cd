"""A notebook's role: its own log, its own repositories, and nothing else."""

import json
from typing import Any

import pytest
from aws_cdk.assertions import Template

from tests.conftest import template
from tests.templates import (
    INSTANCE,
    LIFECYCLE,
    POLICY,
    ROLE,
    ROLE_ARN,
    actions,
    only,
    policies,
    properties,
    resources,
    script,
    tags,
    two_notebooks,
)

SECRET = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:AmazonSageMaker-git-a1b2c3"
KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
BOUNDARY = "arn:aws:iam::111122223333:policy/boundary"
CODE_REPOSITORY = "arn:aws:sagemaker:eu-west-1:111122223333:code-repository"


def role(found: Template) -> dict[str, Any]:
    return properties(found, ROLE, "Notebookalice")


def granted(*repositories: dict[str, str]) -> list[dict[str, Any]]:
    """What the role of a notebook with these repositories may do, beside its log."""

    def change(data: dict[str, Any]) -> None:
        first, *others = repositories
        data["notebooks"]["alice"].update(
            default_code_repository=first, additional_code_repositories=others
        )

    found = template(change)
    attached = {each["Ref"] for each in role(found)["ManagedPolicyArns"]}
    beside = attached - set(resources(found, POLICY, "RolesLog"))
    return [statement for name in beside for statement in policies(found)[name]]


def test_sagemaker_and_nobody_else_takes_the_role() -> None:
    assert role(template())["AssumeRolePolicyDocument"]["Statement"] == [
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": "sagemaker.amazonaws.com"},
        }
    ]


def test_it_holds_the_shared_log_policy_and_no_other() -> None:
    found = template()
    (shared,) = resources(found, POLICY, "RolesLog")

    assert role(found)["ManagedPolicyArns"] == [{"Ref": shared}]
    assert "Policies" not in role(found)


def test_it_has_the_policies_of_the_settings_beside() -> None:
    given = ["arn:aws:iam::111122223333:policy/athena", "arn:aws:iam::aws:policy/ReadOnlyAccess"]
    found = template(lambda data: data.update(defaults={"managed_policy_arns": given}))
    (shared,) = resources(found, POLICY, "RolesLog")

    assert role(found)["ManagedPolicyArns"] == [{"Ref": shared}, *given]


def test_the_shared_policy_lets_a_role_write_the_log_of_the_notebook_in_its_tag_alone() -> None:
    found = template()
    group = "arn:aws:logs:eu-west-1:111122223333:log-group:/aws/sagemaker/NotebookInstances"

    logs, _ = parted(properties(found, POLICY, "RolesLog")["PolicyDocument"]["Statement"])
    assert logs == [
        {
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": f"{group}:log-stream:${{aws:PrincipalTag/EmrNotebookName}}/*",
        },
        {
            "Effect": "Allow",
            "Action": ["logs:CreateLogGroup", "logs:DescribeLogStreams"],
            "Resource": [group, f"{group}:log-stream:"],
        },
    ]


def parted(statements: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What is about the log, and the rest."""
    logs = [each for each in statements if all(a.startswith("logs:") for a in actions(each))]
    return logs, [each for each in statements if each not in logs]


def test_a_role_reads_the_agent_that_the_start_script_names_and_nothing_beside_it_in_s3() -> None:
    found = template()
    (uri,) = (x for x in script(only(found, LIFECYCLE)) if str(x).startswith("AGENT_URI="))
    bucket, _, key = uri.removeprefix("AGENT_URI='s3://").rstrip("'").partition("/")
    arn = f"arn:aws:s3:::{bucket}/{key}"

    _, (read, decrypt) = parted(
        properties(found, POLICY, "RolesLog")["PolicyDocument"]["Statement"]
    )

    assert read == {"Effect": "Allow", "Action": "s3:GetObject", "Resource": arn}
    # "Encryption context", Amazon S3 User Guide: the object's ARN; with a bucket key the bucket's.
    assert decrypt["Condition"]["StringEquals"] == {
        "kms:ViaService": {
            "Fn::Join": ["", ["s3.", {"Ref": "AWS::Region"}, ".", {"Ref": "AWS::URLSuffix"}]]
        },
        "kms:EncryptionContext:aws:s3:arn": [arn, f"arn:aws:s3:::{bucket}"],
    }
    assert (decrypt["Action"], decrypt["Effect"]) == ("kms:Decrypt", "Allow")


def test_each_role_is_tagged_with_the_name_of_its_own_notebook() -> None:
    def change(data: dict[str, Any]) -> None:
        two_notebooks(data)
        data["notebooks"]["bob"]["name"] = "bobs-own"

    found = template(change)

    names = {
        tags(resources(found, ROLE)[each["Properties"]["RoleArn"]["Fn::GetAtt"][0]])[
            "EmrNotebookName"
        ]: each["Properties"]["NotebookInstanceName"]
        for each in resources(found, INSTANCE).values()
    }
    assert names == {
        "emr-notebooks-test-alice": "emr-notebooks-test-alice",
        "bobs-own": "bobs-own",
    }


def test_one_log_policy_serves_all_roles() -> None:
    found = template(two_notebooks)

    assert len(resources(found, ROLE, "Notebook")) == 2
    assert len(resources(found, POLICY, "RolesLog")) == 1


def test_a_given_role_is_used_and_left_as_it_is() -> None:
    found = template(lambda data: data["notebooks"]["alice"].update(role_arn=ROLE_ARN))

    assert properties(found, INSTANCE)["RoleArn"] == ROLE_ARN
    assert resources(found, ROLE, "Notebook") == {}
    # Named once: nothing is attached to it.
    assert json.dumps(found.to_json()).count(ROLE_ARN) == 1


def test_a_given_role_is_granted_nothing_for_the_notebooks_repositories() -> None:
    repository = {"name": "team", "secret_arn": SECRET}
    found = template(
        lambda data: data["notebooks"]["alice"].update(
            role_arn=ROLE_ARN, default_code_repository=repository
        )
    )

    assert "team" not in json.dumps(policies(found))
    assert SECRET not in json.dumps(found.to_json())


class TestRepositories:
    @pytest.mark.parametrize(
        "url",
        [
            "https://github.com/example/notebooks.git",
            "https://git-codecommit.example.com/v1/repos/mine",
            "https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/*",
            "https://git-codecommit.eu-west-1.amazonaws.com/elsewhere/mine",
        ],
    )
    def test_nothing_is_granted_for_an_address_that_is_no_codecommit_repositorys(
        self, url: str
    ) -> None:
        assert granted({"url": url}) == []

    def test_a_named_one_may_be_described_and_no_other(self) -> None:
        assert granted({"name": "Team-Notebooks"}) == [
            {
                "Effect": "Allow",
                "Action": "sagemaker:DescribeCodeRepository",
                # SageMaker writes names in small letters in ARNs.
                "Resource": f"{CODE_REPOSITORY}/team-notebooks",
            }
        ]

    def test_the_secret_of_a_named_one_may_be_read_and_no_other(self) -> None:
        assert granted({"name": "team", "secret_arn": SECRET}) == [
            {
                "Effect": "Allow",
                "Action": "sagemaker:DescribeCodeRepository",
                "Resource": f"{CODE_REPOSITORY}/team",
            },
            {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": SECRET},
        ]

    def test_a_secret_under_a_customers_key_may_be_decrypted_and_nothing_else_under_it(
        self,
    ) -> None:
        found = granted({"name": "team", "secret_arn": SECRET, "secret_key_arn": KEY})

        assert found[2] == {
            "Effect": "Allow",
            "Action": "kms:Decrypt",
            "Resource": KEY,
            "Condition": {"StringEquals": {"kms:EncryptionContext:SecretARN": SECRET}},
        }

    def test_one_of_codecommit_may_be_pulled_and_pushed_in_its_own_region(self) -> None:
        url = "https://git-codecommit.us-east-1.amazonaws.com/v1/repos/risk_models.v2"

        assert granted({"url": url}) == [
            {
                "Effect": "Allow",
                "Action": ["codecommit:GitPull", "codecommit:GitPush"],
                "Resource": "arn:aws:codecommit:us-east-1:111122223333:risk_models.v2",
            }
        ]

    def test_each_of_several_adds_its_own(self) -> None:
        found = granted(
            {"url": "https://github.com/example/notebooks.git"},
            {"name": "team"},
            {"url": "https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/mine"},
        )

        assert [each["Resource"] for each in found] == [
            f"{CODE_REPOSITORY}/team",
            "arn:aws:codecommit:eu-west-1:111122223333:mine",
        ]

    def test_another_notebooks_repositories_are_not_this_ones(self) -> None:
        def change(data: dict[str, Any]) -> None:
            two_notebooks(data)
            data["notebooks"]["bob"]["default_code_repository"] = {"name": "team"}

        found = template(change)

        (shared,) = resources(found, POLICY, "RolesLog")
        assert role(found)["ManagedPolicyArns"] == [{"Ref": shared}]

    def test_notebooks_with_the_same_ones_share_a_policy(self) -> None:
        def change(data: dict[str, Any]) -> None:
            two_notebooks(data)
            data["defaults"] = {"default_code_repository": {"name": "team"}}

        found = template(change)

        # The log's and the repositories'.
        assert len(resources(found, POLICY, "Roles")) == 2
        held = [each["Properties"] for each in resources(found, ROLE, "Notebook").values()]
        assert held[0]["ManagedPolicyArns"] == held[1]["ManagedPolicyArns"]


class TestBoundary:
    def test_bounds_every_role_the_lambdas_too(self) -> None:
        found = template(lambda data: data.update(permissions_boundary_arn=BOUNDARY))

        bounded = {
            name: each["Properties"].get("PermissionsBoundary")
            for name, each in resources(found, ROLE).items()
        }
        assert len(bounded) == 3
        assert set(bounded.values()) == {BOUNDARY}

    def test_is_not_there_unless_it_is_given(self) -> None:
        roles = resources(template(), ROLE)

        assert len(roles) == 3
        for each in roles.values():
            assert "PermissionsBoundary" not in each["Properties"]


def test_no_role_holds_a_policy_of_aws() -> None:
    found = template()

    held = [
        arn
        for each in resources(found, ROLE).values()
        for arn in each["Properties"].get("ManagedPolicyArns", [])
    ]
    assert {each["Ref"] for each in held} == set(resources(found, POLICY))


def test_its_role_outlives_its_entry_with_its_policies() -> None:
    repository = {"default_code_repository": {"name": "team"}}
    found = template(lambda data: data["notebooks"]["alice"].update(repository))

    assert only(found, ROLE, "Notebookalice")["DeletionPolicy"] == "RetainExceptOnCreate"
    kept = [each["DeletionPolicy"] for each in resources(found, POLICY, "Roles").values()]
    assert kept == ["RetainExceptOnCreate"] * 2


def idle(**limits: object) -> Template:
    """Two notebooks, alice and bob, with these limits."""

    def change(data: dict[str, Any]) -> None:
        two_notebooks(data)
        for key, limit in limits.items():
            data["notebooks"][key]["stop_after_idle_minutes"] = limit

    return template(change)


def test_only_a_notebook_with_an_idle_limit_may_stop_itself() -> None:
    found = idle(bob=120)
    (stop,) = resources(found, POLICY, "RolesStop")

    assert {"Ref": stop} not in role(found)["ManagedPolicyArns"]
    assert {"Ref": stop} in properties(found, ROLE, "Notebookbob")["ManagedPolicyArns"]
    assert not resources(idle(alice="never", bob="never"), POLICY, "RolesStop")


def test_it_may_stop_the_notebook_that_has_its_own_tag_and_do_no_more() -> None:
    found = idle(alice=10)
    (statement,) = properties(found, POLICY, "RolesStop")["PolicyDocument"]["Statement"]

    assert statement == {
        "Effect": "Allow",
        "Action": ["sagemaker:StopNotebookInstance"],
        "Resource": ["arn:aws:sagemaker:eu-west-1:111122223333:notebook-instance/*"],
        "Condition": {
            "StringEquals": {
                "sagemaker:ResourceTag/EmrNotebookName": "${aws:PrincipalTag/EmrNotebookName}"
            }
        },
    }
    names = {
        key: tags(resource).get("EmrNotebookName")
        for key, resource in resources(found, INSTANCE).items()
    }
    assert sorted(map(str, names.values())) == ["None", "emr-notebooks-test-alice"]
