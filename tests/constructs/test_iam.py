"""The roles of a stack's Lambdas: as little as needed, in policies that IAM takes."""

import json
from typing import Any

import pytest
from aws_cdk.assertions import Match, Template

from emr_notebook.constructs.iam import allow, split_into_policies
from tests.conftest import template

# IAM's limit of a managed policy, which does not count white space.
MOST_CHARACTERS = 6144
# IAM's limit of managed policies for a role.
MOST_POLICIES = 10
CLUSTERS = [f"j-{number:013d}" for number in range(300)]


def many_clusters(data: dict[str, Any]) -> None:
    data["clusters"] = {f"c{number}": {"id": each} for number, each in enumerate(CLUSTERS)}
    data["notebooks"]["alice"]["cluster"] = "c0"


def policies(found: Template, prefix: str) -> dict[str, Any]:
    return {
        name: policy["Properties"]["PolicyDocument"]
        for name, policy in found.find_resources("AWS::IAM::ManagedPolicy").items()
        if name.startswith(prefix)
    }


def role(found: Template, prefix: str) -> dict[str, Any]:
    (one,) = (
        each["Properties"]
        for name, each in found.find_resources("AWS::IAM::Role").items()
        if name.startswith(prefix)
    )
    return dict(one)


def texts(value: Any) -> list[str]:
    """A template's value as the texts of which it is made."""
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value
    return [text for each in inner for text in texts(each)]


@pytest.mark.slow
def test_hundreds_of_clusters_fit_into_policies_that_iam_takes() -> None:
    found = policies(template(many_clusters), "ResolverPolicy")

    sizes = [len(json.dumps(each, separators=(",", ":"))) for each in found.values()]
    assert 1 < len(sizes) <= MOST_POLICIES
    assert max(sizes) <= MOST_CHARACTERS


@pytest.mark.slow
def test_each_of_hundreds_of_clusters_is_readable_by_the_role() -> None:
    found = template(many_clusters)

    held = policies(found, "ResolverPolicy")
    attached = role(found, "ResolverRole")["ManagedPolicyArns"]
    assert attached == [{"Ref": name} for name in held]
    readable = {
        arn.rpartition("/")[2]
        for document in held.values()
        for statement in document["Statement"]
        if "elasticmapreduce:DescribeCluster" in statement["Action"]
        for arn in texts(statement["Resource"])
    }
    assert readable == set(CLUSTERS)


def test_one_policy_is_enough_for_a_cluster() -> None:
    assert len(policies(template(), "ResolverPolicy")) == 1


def test_the_framework_may_call_the_resolver_itself_and_no_version_of_it() -> None:
    found = template()
    (function,) = found.find_resources(
        "AWS::Lambda::Function", {"Properties": {"Runtime": Match.string_like_regexp("python")}}
    )
    (log,) = (
        each
        for each in found.find_resources("AWS::Logs::LogGroup")
        if each.startswith("ResolverFrameworkLog")
    )

    (document,) = policies(found, "ResolverFrameworkPolicy").values()

    assert document["Statement"] == [
        {
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Effect": "Allow",
            "Resource": {"Fn::GetAtt": [log, "Arn"]},
        },
        {
            "Action": ["lambda:GetFunction", "lambda:InvokeFunction"],
            "Effect": "Allow",
            "Resource": {"Fn::GetAtt": [function, "Arn"]},
        },
    ]


@pytest.mark.parametrize("prefix", ["ResolverRole", "ResolverFrameworkRole"])
def test_a_role_has_no_policy_inside_and_none_of_aws(prefix: str) -> None:
    found = template()

    properties = role(found, prefix)

    assert "Policies" not in properties
    assert "arn:aws:iam::aws:policy" not in json.dumps(properties)
    assert found.find_resources("AWS::IAM::Policy") == {}


class TestPacked:
    def test_keeps_every_statement_in_order(self) -> None:
        statements = [allow(["a:B"], [f"arn:{number}" * 100]) for number in range(40)]

        documents = split_into_policies(statements)

        assert len(documents) > 1
        assert [each for held in documents for each in held] == statements

    def test_a_condition_stays_with_each_part_of_a_statement_that_is_cut(self) -> None:
        condition = {"StringEquals": {"aws:ResourceTag/team": "risk"}}
        resources = [f"arn:{number}" for number in range(120)]

        parts = [
            each
            for held in split_into_policies([allow(["a:B"], resources, condition)])
            for each in held
        ]

        assert [each["Condition"] for each in parts] == [condition] * 3
        assert [arn for each in parts for arn in each["Resource"]] == resources


@pytest.mark.parametrize("path", [None, "/data-science/"])
def test_every_role_is_under_the_path_of_the_settings(path: str | None) -> None:
    given = {} if path is None else {"role_path": path}
    found = template(lambda data: data.update(given)).find_resources("AWS::IAM::Role")

    # The resolver's, the framework's and the notebook's.
    assert len(found) == 3
    assert {each["Properties"].get("Path") for each in found.values()} == {path}
