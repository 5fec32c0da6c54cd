"""Reads a stage with the role that `cdk bootstrap` made for looking things up in its account."""

from botocore.exceptions import BotoCoreError, ClientError

from emr_notebook.bootstrap import lookup_role_arn
from emr_notebook.cli.aws.reader import CommandError, Reader
from emr_notebook.cli.aws.session import open_session, session_reader
from emr_notebook.settings.model import Settings

SESSION = "emr-notebook"


def lookup_role_reader(settings: Settings) -> Reader:
    """AWS in the stage's account, whatever account the caller's own credentials are of.

    Its credentials are good for an hour. Raises CommandError when the role may not be assumed.
    """
    arn = lookup_role_arn(settings)
    own = session_reader(open_session(settings.region), settings.region)
    request = {"RoleArn": arn, "RoleSessionName": SESSION}
    try:
        answer = own.call("sts", "assume_role", request)
    except (ClientError, BotoCoreError) as error:
        raise CommandError(
            f"the look-up role {arn} cannot be assumed ({error}). Bootstrap the account, and trust "
            "this one: cdk bootstrap --trust-for-lookup <account>; or leave --lookup-role out."
        ) from None
    given = answer["Credentials"]
    session = open_session(
        settings.region,
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )
    return session_reader(session, settings.region)
