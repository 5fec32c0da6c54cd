"""Checks that the account and region are bootstrapped for the CDK."""

import shlex

from emr_notebook.bootstrap import QUALIFIER
from emr_notebook.cli.aws.reader import Reader
from emr_notebook.cli.doctor.report import Line, Unknown, failed, none_if_missing, not_checked, ok
from emr_notebook.cli.next_commands import Commands
from emr_notebook.settings.model import Settings

PARAMETER = f"/cdk-bootstrap/{QUALIFIER}/version"
# The CDK's own demands: of a stack with assets, and of its look-up role.
OLDEST, OLDEST_WITH_LOOKUP = 6, 8


def check(reader: Reader, settings: Settings, commands: Commands) -> list[Line]:
    """The line of the bootstrap: one call."""
    version = none_if_missing(
        "ParameterNotFound",
        lambda: str(reader.ask("ssm", "get_parameter", Name=PARAMETER)["Parameter"]["Value"]),
    )
    return [bootstrap_line(version, settings, commands)]


def bootstrap_line(version: str | Unknown | None, settings: Settings, commands: Commands) -> Line:
    """Whether the bootstrap is there and new enough."""
    subject = f"bootstrap of {settings.region}"
    bootstrap = f"cdk bootstrap aws://{settings.account}/{settings.region} -c stage="
    bootstrap += shlex.quote(commands.stage)
    if isinstance(version, Unknown):
        return not_checked(subject, version)
    if version is None:
        return failed(subject, f"there is none: {PARAMETER} does not exist", bootstrap)
    if not version.isdecimal() or int(version) < OLDEST:
        return failed(
            subject, f"it is of version {version}; stacks need {OLDEST} or later", bootstrap
        )
    if int(version) < OLDEST_WITH_LOOKUP:
        return ok(subject, f"version {version}; --lookup-role needs {OLDEST_WITH_LOOKUP} or later")
    return ok(subject, f"version {version}")
