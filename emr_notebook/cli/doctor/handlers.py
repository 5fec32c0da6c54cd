"""Knows which actions CloudFormation's handlers call, and on which resources IAM judges them.

handlers.json is written by `make schema` from CloudFormation's registry and AWS's service
authorization reference.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

# What a handler calls only for a resource that has the property: a schema lists it for all.
ONLY_WITH: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "AWS::Events::Rule": {"RoleArn": ("iam:PassRole",)},
    "AWS::IAM::ManagedPolicy": {
        "Groups": ("iam:*GroupPolicy",),
        "Roles": ("iam:*RolePolicy",),
        "Users": ("iam:*UserPolicy",),
    },
    "AWS::IAM::Role": {
        "ManagedPolicyArns": ("iam:AttachRolePolicy", "iam:DetachRolePolicy"),
        "PermissionsBoundary": ("iam:*RolePermissionsBoundary",),
        "Policies": ("iam:PutRolePolicy", "iam:DeleteRolePolicy", "iam:GetRolePolicy"),
    },
    "AWS::KMS::Key": {"Enabled": ("kms:EnableKey", "kms:DisableKey")},
    "AWS::Lambda::Function": {
        "Code": ("s3:GetObject",),
        "Code/S3ObjectVersion": ("s3:GetObjectVersion",),
        "CodeSigningConfigArn": (
            "lambda:GetCodeSigningConfig",
            "lambda:PutFunctionCodeSigningConfig",
            "lambda:DeleteFunctionCodeSigningConfig",
        ),
        "FileSystemConfigs": ("elasticfilesystem:*",),
        "KmsKeyArn": ("kms:*",),
        "Layers": ("lambda:GetLayerVersion",),
        "PublishToLatestPublished": ("lambda:PublishVersion",),
        "RecursiveLoop": ("lambda:PutFunctionRecursionConfig",),
        "ReservedConcurrentExecutions": ("lambda:*FunctionConcurrency",),
        "RuntimeManagementConfig": ("lambda:PutRuntimeManagementConfig",),
        "VpcConfig": ("ec2:*",),
    },
    "AWS::Logs::LogGroup": {
        "DataProtectionPolicy": (
            "logs:*DataProtectionPolicy",
            "logs:CreateLogDelivery",
            "firehose:*",
        ),
        "FieldIndexPolicies": ("logs:*IndexPolic*",),
        "KmsKeyId": ("logs:*KmsKey",),
        "ResourcePolicyDocument": ("logs:*ResourcePolic*",),
    },
    "AWS::Route53::HostedZone": {"QueryLoggingConfig": ("route53:*QueryLoggingConfig*",)},
    "AWS::SNS::Topic": {
        "DataProtectionPolicy": ("sns:*DataProtectionPolicy",),
        "DeliveryStatusLogging": ("iam:GetRole", "iam:PassRole"),
        "Subscription": ("sns:Subscribe", "sns:Unsubscribe", "sns:ListSubscriptionsByTopic"),
    },
    "AWS::SageMaker::NotebookInstance": {
        "KmsKeyId": ("kms:*",),
        "SubnetId": ("ec2:*",),
    },
}
_PLACEHOLDER = re.compile(r"\$\{(\w+)\}")


def handler_actions(resource_type: str, properties: frozenset[str]) -> list[str]:
    """What the handlers that create, update and delete call for a resource with the properties.

    An action that the service authorization reference does not know is left out: IAM simulates
    none of these. Raises KeyError for a type that is not in handlers.json.
    """
    conditional = ONLY_WITH.get(resource_type, {})
    unused = [
        x for name, patterns in conditional.items() if name not in properties for x in patterns
    ]
    return [
        action
        for action in _lists()["handlers"][resource_type]
        if _lists()["resources"][action] is not None
        and not any(fnmatchcase(action, pattern) for pattern in unused)
    ]


def action_resources(action: str, values: Mapping[str, Sequence[str]]) -> list[str]:
    """The ARNs on which IAM judges the action; `*` for one that is about no resource.

    `values` are those of the placeholders in AWS's forms of ARNs; a whole ARN is one, too.
    """
    forms = _lists()["resources"][action]
    return [arn for form in forms for arn in _filled(form, values)] or ["*"]


def _filled(form: str, values: Mapping[str, Sequence[str]]) -> Iterator[str]:
    names = _PLACEHOLDER.findall(form)
    for given in product(*(values.get(name, ()) for name in names)):
        whole = [each for each in given if each.startswith("arn:")]
        filled = form
        for name, value in zip(names, given, strict=True):
            filled = filled.replace(f"${{{name}}}", value)
        yield whole[0] if whole else filled


@cache
def _lists() -> Mapping[str, Any]:
    text = Path(__file__).with_name("handlers.json").read_text(encoding="utf-8")
    found: Mapping[str, Any] = json.loads(text)
    return found
