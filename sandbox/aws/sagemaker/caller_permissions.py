"""Decides what SageMaker asks of IAM, about its caller, beside the operation itself.

SageMaker's developer guide, "API permissions: actions, permissions, and resources reference"; for
ec2:CreateNetworkInterfacePermission the registry's schema of AWS::SageMaker::NotebookInstance; for
kms:Decrypt Secrets Manager's API reference, GetSecretValue.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

SAGEMAKER = "sagemaker.amazonaws.com"
_DESCRIBES = ("NetworkInterfaces", "SecurityGroups", "Subnets", "Vpcs")


@dataclass(frozen=True)
class Question:
    """May the caller do the action on the resource, with these condition keys?"""

    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)


def questions(
    operation: str,
    request: Mapping[str, Any],
    notebook: Mapping[str, Any] | None,
    *,
    secrets_of: Callable[[Mapping[str, Any]], Mapping[str, str]],
    place: str,
) -> Iterator[Question]:
    """What is asked at a call. `notebook` holds the properties of the one that it names, if any.

    `secrets_of` gives the secrets of its Git repositories, each with the customer's key that
    encrypts it, or ""; `place` is region and account as they are written in ARNs.
    """
    if operation == "StartNotebookInstance":
        properties = notebook or {}
    elif operation in ("CreateNotebookInstance", "UpdateNotebookInstance"):
        properties = request
    else:
        return
    if role := properties.get("RoleArn"):
        yield Question("iam:PassRole", role, {"iam:PassedToService": SAGEMAKER})
    if operation == "UpdateNotebookInstance":
        return
    if subnet := properties.get("SubnetId"):
        yield from _network(subnet, properties.get("SecurityGroupIds", []), place)
    if key := properties.get("KmsKeyId"):
        yield from _key(key, place)
    for secret, secret_key in secrets_of(properties).items():
        yield from _secret(secret, secret_key, place)


def _network(subnet: str, groups: list[str], place: str) -> Iterator[Question]:
    for each in _DESCRIBES:
        yield Question(f"ec2:Describe{each}", "*")
    ec2 = f"arn:aws:ec2:{place}"
    subnet_arn, interface = f"{ec2}:subnet/{subnet}", f"{ec2}:network-interface/*"
    for resource in (interface, subnet_arn, *(f"{ec2}:security-group/{x}" for x in groups)):
        yield Question("ec2:CreateNetworkInterface", resource)
    within = {"ec2:Subnet": subnet_arn}
    yield Question("ec2:CreateNetworkInterfacePermission", interface, within)


def _key(key: str, place: str) -> Iterator[Question]:
    arn = key if key.startswith("arn:") else f"arn:aws:kms:{place}:key/{key}"
    via = _via("sagemaker", place)
    yield Question("kms:DescribeKey", arn, via)
    yield Question("kms:CreateGrant", arn, {**via, "kms:GrantIsForAWSResource": "true"})


def _secret(secret: str, key: str, place: str) -> Iterator[Question]:
    yield Question("secretsmanager:GetSecretValue", secret)
    if key:
        encrypted_for = {"kms:EncryptionContext:SecretARN": secret}
        yield Question("kms:Decrypt", key, {**_via("secretsmanager", place), **encrypted_for})


def _via(service: str, place: str) -> dict[str, str]:
    return {"kms:ViaService": f"{service}.{place.partition(':')[0]}.amazonaws.com"}
