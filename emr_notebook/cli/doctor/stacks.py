"""Checks that CloudFormation takes a deploy of the stacks, and that names are free."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from emr_notebook.cli.aws.deployed_stack import LIFECYCLE, DeployedStack, deployed_stack
from emr_notebook.cli.aws.notebooks import list_lifecycles, list_notebooks
from emr_notebook.cli.aws.reader import Reader
from emr_notebook.cli.doctor.report import Line, State, Unknown, attempt, failed, not_checked, ok
from emr_notebook.cli.next_commands import Commands
from emr_notebook.settings.model import Settings

# The CDK deletes a stack in one of these, and makes it anew: no deploy of it ever succeeded.
WHY_CREATION_FAILED = {
    "ROLLBACK_COMPLETE": "its first deploy failed",
    "ROLLBACK_FAILED": "its first deploy failed, and so did what was to undo it",
}
PAUSED, ROLLBACK_STUCK, DELETION_FAILED = "CREATE_FAILED", "UPDATE_ROLLBACK_FAILED", "DELETE_FAILED"
IN_PROGRESS = "_IN_PROGRESS"
# What the AWS CLI calls the end of what is under way; any other is an update.
_ENDS = {
    "CREATE": "create",
    "DELETE": "delete",
    "UPDATE_ROLLBACK": "rollback",
    "IMPORT": "import",
}
# The AWS CLI has no wait that ends with these: it would ask for an hour, or fail at once.
_WITHOUT_WAIT = frozenset({"ROLLBACK", "IMPORT_ROLLBACK"})
LIFECYCLE_NAME = "NotebookInstanceLifecycleConfigName"
# The template of a stack in this state is of its failed first deploy: nothing of it is there.
NOTHING_MADE = "ROLLBACK_COMPLETE"
Stacks = Mapping[str, DeployedStack | Unknown]


@dataclass(frozen=True)
class WantedName:
    """A name that the settings give, where they give it, and the stack that makes what has it."""

    name: str
    setting: str
    stack: str


def check(reader: Reader, settings: Settings, commands: Commands) -> list[Line]:
    """The lines of the stacks, and of the names that they give.

    Two calls for each stack, one for 100 notebooks whose names begin alike, and one for 100
    lifecycle configurations where the settings name some.
    """
    names = settings.stack_names()

    def read(name: str) -> DeployedStack | Unknown:
        return attempt(lambda: deployed_stack(reader, name))

    stacks = dict(zip(names, reader.map_concurrently(read, names), strict=True))
    lines = [stack_line(name, stack, commands) for name, stack in stacks.items()]
    return lines + name_lines(reader, settings, stacks)


def stack_line(name: str, stack: DeployedStack | Unknown, commands: Commands) -> Line:
    """Whether CloudFormation takes a deploy of the stack as it is."""
    subject = f"stack {name}"
    if isinstance(stack, Unknown):
        return not_checked(subject, stack)
    status, options = stack.status or "", f"--stack-name {name} --region {commands.region}"
    delete = f"aws cloudformation delete-stack {options} && {_wait('delete', options)}"
    if status in WHY_CREATION_FAILED:
        what = f"{status}: {WHY_CREATION_FAILED[status]}; cdk deploy deletes it and makes it anew"
        return Line(subject, State.OK, what, advice=f"before a pipeline's deploy: {delete}")
    if status == PAUSED:
        return _paused(subject, options)
    if status == DELETION_FAILED:
        return failed(subject, f"it is {status}, which no deploy leads out of", delete)
    if status == ROLLBACK_STUCK:
        resume = f"aws cloudformation continue-update-rollback {options}"
        what = f"it is {status}: the rollback of its last update stopped"
        return failed(subject, what, f"{resume} && {_wait('rollback', options)}")
    if status.endswith(IN_PROGRESS):
        return _in_progress(subject, status, options)
    return ok(subject, status or "not deployed yet")


def _paused(subject: str, options: str) -> Line:
    """A first deploy with --no-rollback stopped half-way.

    The rollback deletes its notebooks, which somebody may have used: no command to paste unread.
    """
    what = f"it is {PAUSED}: its first deploy failed and was not rolled back"
    undo = f"aws cloudformation rollback-stack {options} --retain-except-on-create"
    kept = "save the files of those of its notebooks that somebody has used"
    advice = f"{kept}; then let cdk deploy roll it back when it asks, or run {undo}"
    return failed(subject, what, advice=advice)


def _in_progress(subject: str, status: str, options: str) -> Line:
    begun = status.removesuffix(IN_PROGRESS).removesuffix("_COMPLETE_CLEANUP")
    what = f"it is {status}: another deploy is under way"
    if begun in _WITHOUT_WAIT:
        return failed(subject, what, advice="wait until it ends, then run doctor again")
    return failed(subject, what, _wait(_ENDS.get(begun, "update"), options))


def _wait(end: str, options: str) -> str:
    return f"aws cloudformation wait stack-{end}-complete {options}"


def name_lines(reader: Reader, settings: Settings, stacks: Stacks) -> list[Line]:
    """The lines of the notebooks' names, and of the lifecycle configurations' that are given.

    CloudFormation makes up the others, and those are free.
    """
    notebooks = settings.resolved_notebooks
    named = [WantedName(each.name, f"notebooks.{each.key}.name", each.stack) for each in notebooks]
    given = {
        WantedName(each.lifecycle_config_name, "lifecycle_config_name", each.stack): None
        for each in notebooks
        if each.lifecycle_config_name is not None
    }
    lines = []
    if named:
        existing = attempt(lambda: list_notebooks(reader, [each.name for each in named]))
        own = {x: at if isinstance(at, Unknown) else _notebooks_of(at) for x, at in stacks.items()}
        lines.append(names_line("notebook names", named, existing, own))
    if given:
        known = attempt(lambda: {name for _, name in list_lifecycles(reader)})
        own = {x: at if isinstance(at, Unknown) else _lifecycles_of(at) for x, at in stacks.items()}
        lines.append(names_line("lifecycle configuration names", list(given), known, own))
    return lines


def names_line(
    subject: str,
    wanted: Sequence[WantedName],
    existing: Collection[str] | Unknown,
    own: Mapping[str, Collection[str] | Unknown],
) -> Line:
    """Whether every name is free, or its own stack's; `own` are the names in each stack.

    What has a taken name may hold somebody's files: nothing is said of deleting it.
    """
    if isinstance(existing, Unknown):
        return not_checked(subject, existing)
    taken = []
    for each in wanted:
        names = own[each.stack]
        if each.name in existing and isinstance(names, Unknown):
            return not_checked(subject, names)
        if each.name in existing and each.name not in _known(names):
            taken.append(each)
    if not taken:
        return ok(subject, f"{len(wanted)} free, or the stage's own")
    said = ", ".join(f"{each.name}, which is none of the stack {each.stack}'s" for each in taken)
    settings = ", ".join(dict.fromkeys(each.setting for each in taken))
    advice = f"give another name ({settings}): what has this one may hold somebody's files"
    return failed(subject, f"SageMaker has already {said}", advice=advice)


def _known(names: Collection[str] | Unknown) -> Collection[str]:
    return () if isinstance(names, Unknown) else names


def _notebooks_of(stack: DeployedStack) -> set[str]:
    return _made(stack, stack.notebook_names().values())


def _lifecycles_of(stack: DeployedStack) -> set[str]:
    found = [each["Properties"] for each in stack.of_type(LIFECYCLE).values()]
    return _made(stack, [str(each[LIFECYCLE_NAME]) for each in found if LIFECYCLE_NAME in each])


def _made(stack: DeployedStack, names: Iterable[str]) -> set[str]:
    return set() if stack.status == NOTHING_MADE else set(names)
