"""Who calls AWS in a test: users and roles with tags, and the keys that make a client theirs."""

import json
from collections.abc import Mapping
from typing import Any

from sandbox.aws import RunningAws

ACCOUNT_ROOT = "arn:aws:iam::111122223333:root"
Keys = dict[str, str]


def allow(action: str | list[str], resource: str | list[str] = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: str | list[str], resource: str | list[str] = "*", **more: Any) -> dict[str, Any]:
    return {**allow(action, resource, **more), "Effect": "Deny"}


def document(*statements: dict[str, Any], version: str = "2012-10-17") -> str:
    return json.dumps({"Version": version, "Statement": list(statements)})


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def trust(principal: Mapping[str, Any]) -> dict[str, Any]:
    """A role's trust in a principal, who may give the session tags."""
    actions = ["sts:AssumeRole", "sts:TagSession"]
    statement = {"Effect": "Allow", "Action": actions, "Principal": principal}
    return {"Version": "2012-10-17", "Statement": [statement]}


def user(aws: RunningAws, name: str, policy: str, tags: Mapping[str, str]) -> Keys:
    """A new user with that one policy."""
    iam = aws.client("iam")
    iam.create_user(UserName=name, Tags=tag_list(tags))
    iam.put_user_policy(UserName=name, PolicyName="it", PolicyDocument=policy)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return {"access_key": key["AccessKeyId"], "secret_key": key["SecretAccessKey"]}


def role(aws: RunningAws, name: str, policy: str, tags: Mapping[str, str]) -> str:
    """A new role with that one policy, which the account's root may assume; its ARN."""
    iam = aws.client("iam")
    made = iam.create_role(
        RoleName=name,
        AssumeRolePolicyDocument=json.dumps(trust({"AWS": ACCOUNT_ROOT})),
        Tags=tag_list(tags),
    )
    iam.put_role_policy(RoleName=name, PolicyName="it", PolicyDocument=policy)
    return str(made["Role"]["Arn"])


def assume(aws: RunningAws, role_arn: str, **options: Any) -> Keys:
    """A session of the role; `options` are AssumeRole's."""
    answer = aws.client("sts").assume_role(RoleArn=role_arn, RoleSessionName="test", **options)
    given = answer["Credentials"]
    return {
        "access_key": given["AccessKeyId"],
        "secret_key": given["SecretAccessKey"],
        "session_token": given["SessionToken"],
    }
