"""doctor: whether CloudFormation takes a deploy of the stage's stacks."""

from emr_notebook.cli.commands import Commands
from emr_notebook.cli.deployed import DeployedStack, deployed_stack
from emr_notebook.cli.doctor.names import name_lines
from emr_notebook.cli.doctor.prerequisites import (
    Line,
    State,
    Unknown,
    attempt,
    failed,
    not_checked,
    ok,
)
from emr_notebook.cli.reader import Reader
from emr_notebook.settings import Settings

CREATION_FAILED, ROLLBACK_STUCK = "ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED"
# No deploy leads out of these.
LOST = frozenset({"ROLLBACK_FAILED", "DELETE_FAILED", "CREATE_FAILED"})
PASSING = "_IN_PROGRESS"
# What the AWS CLI calls the end of what is under way; any other is an update.
_ENDS = {
    "CREATE": "create",
    "DELETE": "delete",
    "ROLLBACK": "rollback",
    "UPDATE_ROLLBACK": "rollback",
    "IMPORT": "import",
    "IMPORT_ROLLBACK": "import",
}


def check(reader: Reader, settings: Settings, to: Commands) -> list[Line]:
    """The lines of the stacks, and of the names that they give.

    Two calls for each stack, one for 100 notebooks whose names begin alike, and one for 100
    lifecycle configurations where the settings name some.
    """
    names = settings.stack_names()

    def read(name: str) -> DeployedStack | Unknown:
        return attempt(lambda: deployed_stack(reader, name))

    stacks = dict(zip(names, reader.together(read, names, lambda: None), strict=True))
    lines = [stack_line(name, stack, to) for name, stack in stacks.items()]
    return lines + name_lines(reader, settings, stacks)


def stack_line(name: str, stack: DeployedStack | Unknown, to: Commands) -> Line:
    """Whether CloudFormation takes a deploy of the stack as it is."""
    about = f"stack {name}"
    if isinstance(stack, Unknown):
        return not_checked(about, stack)
    status, of = stack.status or "", f"--stack-name {name} --region {to.region}"
    delete = f"aws cloudformation delete-stack {of} && {_wait('delete', of)}"
    if status == CREATION_FAILED:
        what = f"{status}: its first deploy failed; cdk deploy deletes it and makes it anew"
        return Line(about, State.OK, what, advice=f"before a pipeline's deploy: {delete}")
    if status in LOST:
        return failed(about, f"it is {status}, which no deploy leads out of", delete)
    if status == ROLLBACK_STUCK:
        resume = f"aws cloudformation continue-update-rollback {of}"
        what = f"it is {status}: the rollback of its last update stopped"
        return failed(about, what, f"{resume} && {_wait('rollback', of)}")
    if status.endswith(PASSING):
        begun = status.removesuffix(PASSING).removesuffix("_COMPLETE_CLEANUP")
        wait = _wait(_ENDS.get(begun, "update"), of)
        return failed(about, f"it is {status}: another deploy is under way", wait)
    return ok(about, status or "not deployed yet")


def _wait(end: str, of: str) -> str:
    return f"aws cloudformation wait stack-{end}-complete {of}"
