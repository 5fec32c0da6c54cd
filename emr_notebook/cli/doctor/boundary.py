"""doctor: the policy that bounds the roles that a deploy makes."""

from emr_notebook.cli.commands import Commands
from emr_notebook.cli.doctor.absent import unless_absent
from emr_notebook.cli.doctor.prerequisites import Line, Unknown, failed, not_checked, ok
from emr_notebook.cli.reader import Reader
from emr_notebook.settings import Settings

ABOUT = "permissions boundary"


def check(reader: Reader, settings: Settings, _to: Commands) -> list[Line]:
    """The line of the boundary: one call; none when the settings give no boundary."""
    arn = settings.permissions_boundary_arn
    if arn is None:
        return []
    found = unless_absent(
        "NoSuchEntity", lambda: str(reader.ask("iam", "get_policy", PolicyArn=arn)["Policy"]["Arn"])
    )
    return [boundary_line(arn, found)]


def boundary_line(arn: str, policy: str | Unknown | None) -> Line:
    """Whether the policy exists; whether it allows what the roles need is not looked at."""
    if isinstance(policy, Unknown):
        return not_checked(ABOUT, policy)
    if policy is None:
        advice = "make that policy, or correct permissions_boundary_arn in the settings"
        return failed(ABOUT, f"{arn} does not exist", advice=advice)
    return ok(ABOUT, f"{arn} exists")
