"""Reads a stage with the role that `cdk bootstrap` made for looking things up in its account."""

from collections.abc import Mapping
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from emr_notebook.cli.reader import (
    AT_ONCE,
    ATTEMPTS,
    CONNECT_SECONDS,
    READ_SECONDS,
    CommandError,
    Reader,
)
from emr_notebook.settings import Settings

# cdk bootstrap's own; another one would have to be told to the CDK, too.
QUALIFIER = "hnb659fds"
SESSION = "emr-notebook"


def lookup_role_arn(settings: Settings) -> str:
    """The look-up role of the stage's account and region. It trusts whom bootstrap trusts."""
    account, region = settings.account, settings.region
    name = f"cdk-{QUALIFIER}-lookup-role-{account}-{region}"
    return f"arn:{partition(region)}:iam::{account}:role/{name}"


def lookup_role_reader(settings: Settings) -> Reader:
    """AWS in the stage's account, whatever account the caller's own credentials are of.

    Its credentials are good for an hour. Raises CommandError when the role may not be assumed.
    """
    arn = lookup_role_arn(settings)
    own = boto3.Session(region_name=settings.region)
    try:
        answer = own.client("sts", config=_config()).assume_role(
            RoleArn=arn, RoleSessionName=SESSION
        )
    except (ClientError, BotoCoreError) as error:
        raise CommandError(
            f"the look-up role {arn} cannot be assumed ({error}). Bootstrap the account, and trust "
            "this one: cdk bootstrap --trust-for-lookup <account>; or leave --lookup-role out."
        ) from None
    given = answer["Credentials"]
    session = boto3.Session(
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
        region_name=settings.region,
    )
    return Reader(settings.region, _calls(session))


def partition(region: str) -> str:
    """The part of AWS that a region is in, as ARNs name it."""
    starts = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
    return next((name for start, name in starts.items() if region.startswith(start)), "aws")


def _calls(session: boto3.Session) -> Any:
    clients: dict[str, Any] = {}

    def call(service: str, method: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        # Made once: a second one of a race is only a little work lost.
        if service not in clients:
            clients[service] = session.client(service, config=_config())  # type: ignore[call-overload]
        answer: Mapping[str, Any] = getattr(clients[service], method)(**arguments)
        return answer

    return call


def _config() -> Config:
    return Config(
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        max_pool_connections=AT_ONCE,
    )
