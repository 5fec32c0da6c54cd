"""Names the roles that `cdk bootstrap` makes in an account and region."""

from functools import cache

import boto3
from botocore.exceptions import UnknownRegionError

from emr_notebook.settings.model import Settings

# cdk bootstrap's own; another one would have to be told to the CDK, too.
QUALIFIER = "hnb659fds"


def bootstrap_role_arn(settings: Settings, kind: str) -> str:
    """A role that the bootstrap makes: deploy, file-publishing, lookup or cfn-exec."""
    account, region = settings.account, settings.region
    name = f"cdk-{QUALIFIER}-{kind}-role-{account}-{region}"
    return f"arn:{partition(region)}:iam::{account}:role/{name}"


def lookup_role_arn(settings: Settings) -> str:
    """The look-up role of the stage's account and region. It trusts whom bootstrap trusts."""
    return bootstrap_role_arn(settings, "lookup")


@cache
def partition(region: str) -> str:
    """The part of AWS that a region is in, as ARNs name it: what botocore says.

    A region of a kind that it does not know is taken for one of AWS's own.
    """
    try:
        return str(boto3.Session().get_partition_for_region(region))
    except UnknownRegionError:
        return "aws"
