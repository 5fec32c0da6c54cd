"""Reads a stage with the role that `cdk bootstrap` made for looking things up in its account."""

from functools import cache

import boto3
from botocore.exceptions import BotoCoreError, ClientError, UnknownRegionError

from emr_notebook.cli.reader import CommandError, Reader, client_config, reader_of
from emr_notebook.settings import Settings

# cdk bootstrap's own; another one would have to be told to the CDK, too.
QUALIFIER = "hnb659fds"
SESSION = "emr-notebook"


def bootstrap_role_arn(settings: Settings, kind: str) -> str:
    """A role that the bootstrap makes: deploy, file-publishing, lookup or cfn-exec."""
    account, region = settings.account, settings.region
    name = f"cdk-{QUALIFIER}-{kind}-role-{account}-{region}"
    return f"arn:{partition(region)}:iam::{account}:role/{name}"


def lookup_role_arn(settings: Settings) -> str:
    """The look-up role of the stage's account and region. It trusts whom bootstrap trusts."""
    return bootstrap_role_arn(settings, "lookup")


def lookup_role_reader(settings: Settings) -> Reader:
    """AWS in the stage's account, whatever account the caller's own credentials are of.

    Its credentials are good for an hour. Raises CommandError when the role may not be assumed.
    """
    arn = lookup_role_arn(settings)
    own = boto3.Session(region_name=settings.region)
    try:
        answer = own.client("sts", config=client_config()).assume_role(
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
    return reader_of(session, settings.region)


@cache
def partition(region: str) -> str:
    """The part of AWS that a region is in, as ARNs name it: what botocore says.

    A region of a kind that it does not know is taken for one of AWS's own.
    """
    try:
        return str(boto3.Session().get_partition_for_region(region))
    except UnknownRegionError:
        return "aws"
