"""Reads a stage with the role that `cdk bootstrap` made for looking things up in its account."""

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from emr_notebook.bootstrap import lookup_role_arn
from emr_notebook.cli.aws.reader import CommandError, Reader
from emr_notebook.cli.aws.session import client_config, session_reader
from emr_notebook.settings.model import Settings

SESSION = "emr-notebook"


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
    return session_reader(session, settings.region)
