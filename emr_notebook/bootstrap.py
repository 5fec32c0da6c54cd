"""Names what `cdk bootstrap` makes in an account and region."""

from emr_notebook.settings.model import Settings

# cdk bootstrap's own; another one would have to be told to the CDK, too.
QUALIFIER = "hnb659fds"


def bootstrap_role_arn(settings: Settings, kind: str) -> str:
    """A role that the bootstrap makes: deploy, file-publishing, lookup or cfn-exec."""
    account, region = settings.account, settings.region
    name = f"cdk-{QUALIFIER}-{kind}-role-{account}-{region}"
    return f"arn:{settings.partition.name}:iam::{account}:role/{name}"


def lookup_role_arn(settings: Settings) -> str:
    """The look-up role of the stage's account and region. It trusts whom bootstrap trusts."""
    return bootstrap_role_arn(settings, "lookup")


def assets_bucket(settings: Settings) -> str:
    """The bucket that the bootstrap makes, from which CloudFormation reads the Lambdas' code."""
    return f"cdk-{QUALIFIER}-assets-{settings.account}-{settings.region}"
