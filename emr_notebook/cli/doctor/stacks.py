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

# The CDK deletes a stack in one of these, and makes it anew: no deploy of it ever succeeded.
CREATION_FAILED = {
    "ROLLBACK_COMPLETE": "its first deploy failed",
    "ROLLBACK_FAILED": "its first deploy failed, and so did what was to undo it",
}
PAUSED, ROLLBACK_STUCK, DELETION_FAILED = "CREATE_FAILED", "UPDATE_ROLLBACK_FAILED", "DELETE_FAILED"
PASSING = "_IN_PROGRESS"
# What the AWS CLI calls the end of what is under way; any other is an update.
_ENDS = {
    "CREATE": "create",
    "DELETE": "delete",
    "UPDATE_ROLLBACK": "rollback",
    "IMPORT": "import",
}
# The AWS CLI has no wait that ends with these: it would ask for an hour, or fail at once.
_WITHOUT_WAIT = frozenset({"ROLLBACK", "IMPORT_ROLLBACK"})


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
    if status in CREATION_FAILED:
        what = f"{status}: {CREATION_FAILED[status]}; cdk deploy deletes it and makes it anew"
        return Line(about, State.OK, what, advice=f"before a pipeline's deploy: {delete}")
    if status == PAUSED:
        return _paused(about, of)
    if status == DELETION_FAILED:
        return failed(about, f"it is {status}, which no deploy leads out of", delete)
    if status == ROLLBACK_STUCK:
        resume = f"aws cloudformation continue-update-rollback {of}"
        what = f"it is {status}: the rollback of its last update stopped"
        return failed(about, what, f"{resume} && {_wait('rollback', of)}")
    if status.endswith(PASSING):
        return _passing(about, status, of)
    return ok(about, status or "not deployed yet")


def _paused(about: str, of: str) -> Line:
    """A first deploy with --no-rollback stopped half-way.

    The rollback deletes its notebooks, which somebody may have used: no command to paste unread.
    """
    what = f"it is {PAUSED}: its first deploy failed and was not rolled back"
    undo = f"aws cloudformation rollback-stack {of} --retain-except-on-create"
    kept = "save the files of those of its notebooks that somebody has used"
    advice = f"{kept}; then let cdk deploy roll it back when it asks, or run {undo}"
    return failed(about, what, advice=advice)


def _passing(about: str, status: str, of: str) -> Line:
    begun = status.removesuffix(PASSING).removesuffix("_COMPLETE_CLEANUP")
    what = f"it is {status}: another deploy is under way"
    if begun in _WITHOUT_WAIT:
        return failed(about, what, advice="wait until it ends, then run doctor again")
    return failed(about, what, _wait(_ENDS.get(begun, "update"), of))


def _wait(end: str, of: str) -> str:
    return f"aws cloudformation wait stack-{end}-complete {of}"
