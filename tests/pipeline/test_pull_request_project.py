"""CodeBuild's project for pull requests: whom it trusts, and what it may do."""

import re
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk.assertions import Template

from emr_notebook.checks.nag import add_checks
from emr_notebook.pipeline.pull_request_project import PullRequestChecks
from tests.conftest import ROOT, cdk_context

CONNECTION = (
    "arn:aws:codeconnections:eu-west-1:111122223333:connection/1234abcd-12ab-34cd-56ef-1234567890ab"
)
LOOKUP = "arn:aws:iam::{}:role/cdk-hnb659fds-lookup-role-{}-eu-west-1"
DEV, PROD = (LOOKUP.format(each, each) for each in ("111122223333", "444455556666"))


def made(branch: str = "main", secret: str | None = None, connection: str = CONNECTION) -> Template:
    app = cdk.App(context=cdk_context())
    add_checks(app, ["nist"])
    stack = cdk.Stack(
        app, "Pipeline", env=cdk.Environment(account="111122223333", region="eu-west-1")
    )
    PullRequestChecks(
        stack,
        "PullRequests",
        connection_arn=connection,
        repository="example/notebooks",
        branch=branch,
        lookup_role_arns={"dev": DEV, "prod": PROD},
        token_secret_name=secret,
    )
    return Template.from_stack(stack)


def only(template: Template, kind: str) -> dict[str, Any]:
    (found,) = template.find_resources(kind).values()
    properties: dict[str, Any] = found["Properties"]
    return properties


def project(template: Template) -> dict[str, Any]:
    return only(template, "AWS::CodeBuild::Project")


def allowed(template: Template) -> list[tuple[Any, Any]]:
    """What the role may do, and to what."""
    document = only(template, "AWS::IAM::ManagedPolicy")["PolicyDocument"]
    assert {each["Effect"] for each in document["Statement"]} == {"Allow"}
    return [(each["Action"], each["Resource"]) for each in document["Statement"]]


@pytest.fixture(scope="module")
def plain() -> Template:
    return made()


def test_each_pull_request_is_built_by_its_own_build_specification(plain: Template) -> None:
    source = project(plain)["Source"]

    assert source == {
        "Type": "GITHUB",
        "Location": "https://github.com/example/notebooks.git",
        "Auth": {"Type": "CODECONNECTIONS", "Resource": CONNECTION},
        "BuildSpec": "codebuild/pull-request.yml",
        "ReportBuildStatus": True,
    }
    assert (ROOT / source["BuildSpec"]).is_file()


@pytest.mark.parametrize(
    ("branch", "base", "is_built"),
    [
        ("main", "refs/heads/main", True),
        ("main", "refs/heads/maintenance", False),
        ("main", "refs/heads/refs/heads/main", False),
        ("release/1.x", "refs/heads/release/1.x", True),
        ("release/1.x", "refs/heads/release/10x", False),
    ],
)
def test_pull_requests_to_the_branch_are_built_and_no_others(
    branch: str, base: str, is_built: bool
) -> None:
    (filters,) = project(made(branch))["Triggers"]["FilterGroups"]
    event, of_base = filters

    assert bool(re.search(of_base["Pattern"], base)) is is_built
    assert {each.strip() for each in event["Pattern"].split(",")} == {
        "PULL_REQUEST_CREATED",
        "PULL_REQUEST_UPDATED",
        "PULL_REQUEST_REOPENED",
    }


def test_a_fork_waits_for_somebody_who_may_push(plain: Template) -> None:
    assert project(plain)["Triggers"]["PullRequestBuildPolicy"] == {
        "RequiresCommentApproval": "FORK_PULL_REQUESTS",
        "ApproverRoles": ["GITHUB_WRITE", "GITHUB_MAINTAIN", "GITHUB_ADMIN"],
    }


def test_it_may_look_and_log_and_nothing_else(plain: Template) -> None:
    (log,) = plain.find_resources("AWS::Logs::LogGroup")

    assert allowed(plain) == [
        (["logs:CreateLogStream", "logs:PutLogEvents"], {"Fn::GetAtt": [log, "Arn"]}),
        (["codeconnections:GetConnection", "codeconnections:GetConnectionToken"], CONNECTION),
        ("sts:AssumeRole", [DEV, PROD]),
    ]
    plain.resource_count_is("AWS::IAM::Policy", 0)
    role = only(plain, "AWS::IAM::Role")
    assert role.keys() == {"AssumeRolePolicyDocument", "ManagedPolicyArns"}
    assert len(role["ManagedPolicyArns"]) == 1


def test_an_older_connection_is_used_by_the_older_service_s_name() -> None:
    older = CONNECTION.replace(":codeconnections:", ":codestar-connections:")

    assert (
        ["codestar-connections:GetConnection", "codestar-connections:GetConnectionToken"],
        older,
    ) in allowed(made(connection=older))


def test_a_token_comes_from_its_secret_which_the_role_may_read_and_no_other() -> None:
    template = made(secret="github/comments")

    assert {"Name": "GITHUB_TOKEN", "Value": "github/comments", "Type": "SECRETS_MANAGER"} in (
        project(template)["Environment"]["EnvironmentVariables"]
    )
    assert (
        "secretsmanager:GetSecretValue",
        "arn:aws:secretsmanager:eu-west-1:111122223333:secret:github/comments-??????",
    ) in allowed(template)


def test_the_build_knows_the_stages_and_can_hold_the_sandbox(plain: Template) -> None:
    environment = project(plain)["Environment"]

    assert environment["EnvironmentVariables"] == [{"Name": "STAGES", "Value": "dev prod"}]
    assert environment["PrivilegedMode"] is True
    assert environment["Image"] == "aws/codebuild/standard:7.0"


def test_what_the_build_says_is_kept_for_three_months(plain: Template) -> None:
    (log,) = plain.find_resources("AWS::Logs::LogGroup")

    assert only(plain, "AWS::Logs::LogGroup")["RetentionInDays"] == 90
    assert project(plain)["LogsConfig"]["CloudWatchLogs"] == {
        "GroupName": {"Ref": log},
        "Status": "ENABLED",
    }
