"""doctor: whose credentials these are."""

from emr_notebook.cli.doctor.prerequisites import Line, failed, ok
from emr_notebook.cli.reader import Reader
from emr_notebook.settings import Settings


def account_line(reader: Reader, settings: Settings) -> Line:
    """Whether the credentials are of the stage's account. AWS lets everybody ask that."""
    caller = reader.ask("sts", "get_caller_identity")
    about = f"account {settings.account}"
    if caller["Account"] == settings.account:
        return ok(about, f"as {caller['Arn']}")
    cause = f"the credentials are of account {caller['Account']}: nothing else can be checked"
    return failed(about, cause, advice="choose another profile (AWS_PROFILE) or stage (--stage)")
