"""Checks the key of the notebooks' volumes, and the secrets of their repositories."""

import json
import shlex
from collections.abc import Mapping
from typing import Any

from emr_notebook.bootstrap import bootstrap_role_arn
from emr_notebook.cli.aws.reader import Reader
from emr_notebook.cli.doctor.iam import PolicyVerdict, evaluate_policy, with_statement
from emr_notebook.cli.doctor.network.destinations import all_code_repositories
from emr_notebook.cli.doctor.report import (
    Line,
    Unknown,
    attempt,
    failed,
    none_if_missing,
    not_checked,
    ok,
)
from emr_notebook.cli.next_commands import Commands
from emr_notebook.settings.model import Settings

ENABLED = "Enabled"
# What SageMaker does with a key, in the name of who makes the notebook: here, of the CDK's role.
GRANT = "kms:CreateGrant"


def check(
    reader: Reader, settings: Settings, commands: Commands, deployer: str | None = None
) -> list[Line]:
    """The lines of the key that the settings name, and of each distinct secret.

    Two calls for the key, one for each secret; none where the deploy makes the key. `deployer`
    deploys in the place of the bootstrap's role.
    """
    lines = []
    role = deployer or bootstrap_role_arn(settings, "cfn-exec")
    if settings.kms_key_arn is not None:
        lines += _key_lines(reader, settings.kms_key_arn, role, settings, commands)
    given = secrets(settings)
    found = reader.map_concurrently(lambda arn: _secret(reader, arn), given)
    return lines + [secret_line(arn, at, commands) for arn, at in zip(given, found, strict=True)]


def secrets(settings: Settings) -> list[str]:
    """Those that the settings name, each once."""
    given = [each.secret_arn for each in all_code_repositories(settings)]
    return list(dict.fromkeys(each for each in given if each is not None))


def key_line(arn: str, key: Mapping[str, Any] | Unknown | None, commands: Commands) -> Line:
    """Whether the key exists and can encrypt a volume."""
    subject, options = f"key {_key_id(arn)}", f"--key-id {arn} --region {commands.region}"
    if isinstance(key, Unknown):
        return not_checked(subject, key)
    if key is None:
        advice = "correct kms_key_arn in the settings, or leave it out: then the deploy makes a key"
        return failed(subject, f"{arn} does not exist", advice=advice)
    usage, spec = key.get("KeyUsage"), key.get("KeySpec", "SYMMETRIC_DEFAULT")
    if (usage, spec) != ("ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT"):
        advice = "name a symmetric key that encrypts and decrypts"
        return failed(subject, f"it is of {spec} for {usage}: volumes need another", advice=advice)
    state, enable = str(key["KeyState"]), f"aws kms enable-key {options}"
    if state == ENABLED:
        return ok(subject, state)
    if state == "Disabled":
        return failed(subject, f"it is {state}", enable)
    if state == "PendingDeletion":
        return failed(subject, f"it is {state}", f"aws kms cancel-key-deletion {options}", enable)
    return failed(subject, f"it is {state}", advice=f"bring it to the state {ENABLED}")


def policy_line(
    arn: str,
    policy: Mapping[str, Any] | Unknown,
    deployer: str,
    settings: Settings,
    commands: Commands,
) -> Line:
    """Whether the key's policy lets the deploy use it, by itself or through IAM's policies."""
    subject = f"policy of key {_key_id(arn)}"
    if isinstance(policy, Unknown):
        return not_checked(subject, policy)
    account = settings.account
    root = f"arn:{settings.partition.name}:iam::{account}:root"
    if evaluate_policy(policy, GRANT, {account, root}, {deployer}) is PolicyVerdict.ALLOWS:
        return ok(subject, "it lets the account's IAM policies decide")
    verdict = evaluate_policy(policy, GRANT, {account, root, deployer})
    if verdict is PolicyVerdict.ALLOWS:
        return ok(subject, f"it admits {deployer}")
    if verdict is PolicyVerdict.DEPENDS:
        return not_checked(subject, Unknown(f"its conditions decide who may {GRANT}"))
    if verdict is PolicyVerdict.EXPLICITLY_DENIES:
        advice = "take out or narrow that statement: no further one can win against it"
        return failed(subject, f"a statement denies {deployer} {GRANT}", advice=advice)
    cause = f"it lets neither IAM's policies nor the deploy's role {GRANT}: {deployer}"
    return failed(subject, cause, _admitting(arn, policy, deployer, commands))


def secret_line(arn: str, secret: Mapping[str, Any] | Unknown | None, commands: Commands) -> Line:
    """Whether a repository's secret exists."""
    subject = f"secret {arn.rpartition(':')[2]}"
    if isinstance(secret, Unknown):
        return not_checked(subject, secret)
    if secret is None:
        advice = "make it, or correct secret_arn in the settings"
        return failed(subject, f"{arn} does not exist", advice=advice)
    if secret.get("DeletedDate"):
        command = f"aws secretsmanager restore-secret --secret-id {arn} --region {commands.region}"
        return failed(subject, "it is to be deleted", command)
    return ok(subject)


def _key_lines(
    reader: Reader, arn: str, deployer: str, settings: Settings, commands: Commands
) -> list[Line]:
    def describe() -> Mapping[str, Any]:
        found: Mapping[str, Any] = reader.ask("kms", "describe_key", KeyId=arn)["KeyMetadata"]
        return found

    key = none_if_missing("NotFoundException", describe)
    line = key_line(arn, key, commands)
    if key is None:
        return [line]
    return [line, policy_line(arn, _policy(reader, arn, settings), deployer, settings, commands)]


def _admitting(arn: str, policy: Mapping[str, Any], deployer: str, commands: Commands) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": deployer},
        "Action": [GRANT, "kms:DescribeKey"],
        "Resource": "*",
    }
    text = shlex.quote(json.dumps(with_statement(policy, statement)))
    put = f"aws kms put-key-policy --key-id {arn} --policy-name default --policy {text}"
    return f"{put} --region {commands.region}"


def _policy(reader: Reader, arn: str, settings: Settings) -> Mapping[str, Any] | Unknown:
    owner = arn.split(":")[4]
    if owner != settings.account:
        # KMS shows it to nobody else.
        return Unknown(f"only the account {owner} may read it")

    def read() -> Mapping[str, Any]:
        answer = reader.ask("kms", "get_key_policy", KeyId=arn, PolicyName="default")
        found: Mapping[str, Any] = json.loads(answer["Policy"])
        return found

    return attempt(read)


def _secret(reader: Reader, arn: str) -> Mapping[str, Any] | Unknown | None:
    return none_if_missing(
        "ResourceNotFoundException",
        lambda: reader.ask("secretsmanager", "describe_secret", SecretId=arn),
    )


def _key_id(arn: str) -> str:
    return arn.rpartition("/")[2]
