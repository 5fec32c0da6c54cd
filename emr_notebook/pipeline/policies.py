"""Completes the policies of CDK Pipelines' roles, and accepts their wildcards one by one."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import IConstruct

from emr_notebook.checks.nag import acknowledge

CDK_GRANT = (
    "CDK's grants name the verbs of one kind by a star; they hold for the artifacts' own bucket "
    "and key alone."
)
BUILD_LOG = "A project writes the streams of its own log group, whose names CodeBuild chooses."
BUILD_REPORT = "CodeBuild chooses the names of a project's own report groups."
ASSETS = (
    "Publishing's projects are made by the pipeline itself as stages come and go; this role may "
    "do no more than run them, write their logs and hand files to bootstrap's publishing role."
)
# By what a wildcard looks like; a path that has to be in the construct's, and a true reason.
ACCEPTED_WILDCARDS = (
    (r"Action::(s3|kms):[A-Za-z]+\*", "", CDK_GRANT),
    (
        r"Resource::<\w+\.Arn>/\*",
        "",
        "CodePipeline chooses the artifacts' names; nothing else is in that bucket.",
    ),
    (
        r"Resource::\*",
        "/Pipeline/Pipeline/Role/",
        "A key in another region is known by its alias, which IAM takes for no resource.",
    ),
    (r"Resource::arn:[\w-]+:logs:\S+:log-group:/aws/codebuild/<\w+>:\*", "", BUILD_LOG),
    (r"Resource::arn:[\w-]+:codebuild:\S+:report-group/<\w+>-\*", "", BUILD_REPORT),
    (r"Resource::arn:[\w-]+:logs:\S+:log-group:/aws/codebuild/\*", "/Assets/", ASSETS),
    (r"Resource::arn:[\w-]+:codebuild:\S+:report-group/\*", "/Assets/", ASSETS),
    (r"Resource::\*", "/Assets/", ASSETS),
    (
        r"Resource::arn:\*:iam::\d+:role/\*",
        "/SelfMutation/",
        "A condition leaves bootstrap's publishing and deploy roles of the pipeline's account.",
    ),
    (
        r"Resource::\*",
        "/SelfMutation/",
        "It lists buckets and describes stacks, to find those of bootstrap, and changes none.",
    ),
)


def allow_connection(scope: IConstruct, connection_arn: str) -> None:
    """Let the roles that use the connection do so by the service's present name, too.

    CDK allows only codestar-connections:UseConnection, which IAM does not take for the other.
    """
    statement = {
        "Effect": "Allow",
        "Action": "codeconnections:UseConnection",
        "Resource": connection_arn,
    }
    for policy in _policies(scope):
        if "codestar-connections:UseConnection" in json.dumps(_statements(policy)):
            policy.document.add_statements(iam.PolicyStatement.from_json(statement))


def accept_wildcards(scope: IConstruct, replication_buckets: Iterable[str]) -> None:
    """Acknowledge the wildcards that are known and explained; another one fails the synthesis.

    `replication_buckets` are the names of those that CDK makes in the stages' other regions.
    """
    accepted = [*ACCEPTED_WILDCARDS, *map(_in_another_region, replication_buckets)]
    for policy in _policies(scope):
        found = {
            f"AwsSolutions-IAM5[{wildcard}]": reason
            for wildcard in _wildcards(_statements(policy))
            for pattern, place, reason in accepted
            if re.fullmatch(pattern, wildcard) and place in f"{policy.node.path}/"
        }
        if ASSETS in found.values():
            found["CKV_AWS_111"] = ASSETS
        acknowledge(policy, found)


def _in_another_region(bucket: str) -> tuple[str, str, str]:
    return (
        rf"Resource::arn:[\w-]+:s3:::{re.escape(bucket)}/\*",
        "/Pipeline/Pipeline/",
        "CodePipeline chooses the artifacts' names, in the bucket of another region, too.",
    )


def _policies(scope: IConstruct) -> list[iam.Policy]:
    return [each for each in scope.node.find_all() if isinstance(each, iam.Policy)]


def _statements(policy: iam.Policy) -> list[dict[str, Any]]:
    resolved = cdk.Stack.of(policy).resolve(policy.document.to_json())
    found: list[dict[str, Any]] = resolved["Statement"]
    return found


def _wildcards(statements: Iterable[dict[str, Any]]) -> Iterator[str]:
    """As cdk-nag prints them."""
    for statement in statements:
        for kind in ("Action", "Resource"):
            given = statement[kind]
            for value in given if isinstance(given, list) else [given]:
                text = _text(value)
                if "*" in text:
                    yield f"{kind}::{text}"


def _text(value: Any) -> str:
    """A value with what is known only at the deploy in angles."""
    if isinstance(value, str):
        return value
    ((function, of),) = value.items()
    if function == "Ref":
        return f"<{of}>"
    if function == "Fn::GetAtt":
        return f"<{'.'.join(of)}>"
    if function == "Fn::Join":
        return str(of[0]).join(map(_text, of[1]))
    return re.sub(r"\$\{([^}]+)\}", r"<\1>", str(of))
