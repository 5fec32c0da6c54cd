"""doctor: whether the names that the stage gives are free, or its own already."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from emr_notebook.cli.deployed import LIFECYCLE, DeployedStack
from emr_notebook.cli.doctor.prerequisites import Line, Unknown, attempt, failed, not_checked, ok
from emr_notebook.cli.notebooks import PAGE, list_notebooks
from emr_notebook.cli.reader import Reader
from emr_notebook.settings import Settings

LIFECYCLE_NAME = "NotebookInstanceLifecycleConfigName"
# The template of a stack in this state is of its failed first deploy: nothing of it is there.
NOTHING_MADE = "ROLLBACK_COMPLETE"

Stacks = Mapping[str, DeployedStack | Unknown]


@dataclass(frozen=True)
class Wanted:
    """A name that the settings give, where they give it, and the stack that makes what has it."""

    name: str
    setting: str
    stack: str


def name_lines(reader: Reader, settings: Settings, stacks: Stacks) -> list[Line]:
    """The lines of the notebooks' names, and of the lifecycle configurations' that are given.

    CloudFormation makes up the others, and those are free.
    """
    notebooks = [settings.notebook(key) for key in settings.notebooks]
    named = [Wanted(each.name, f"notebooks.{each.key}.name", each.stack) for each in notebooks]
    given = {
        Wanted(each.lifecycle_config_name, "lifecycle_config_name", each.stack): None
        for each in notebooks
        if each.lifecycle_config_name is not None
    }
    lines = []
    if named:
        existing = attempt(lambda: list_notebooks(reader, [each.name for each in named]))
        own = {x: at if isinstance(at, Unknown) else _notebooks_of(at) for x, at in stacks.items()}
        lines.append(names_line("notebook names", named, existing, own))
    if given:
        known = attempt(lambda: _lifecycles(reader))
        own = {x: at if isinstance(at, Unknown) else _lifecycles_of(at) for x, at in stacks.items()}
        lines.append(names_line("lifecycle configuration names", list(given), known, own))
    return lines


def names_line(
    about: str,
    wanted: Sequence[Wanted],
    existing: Collection[str] | Unknown,
    own: Mapping[str, Collection[str] | Unknown],
) -> Line:
    """Whether every name is free, or its own stack's; `own` are the names in each stack.

    What has a taken name may hold somebody's files: no command is given that deletes it.
    """
    if isinstance(existing, Unknown):
        return not_checked(about, existing)
    taken = []
    for each in wanted:
        names = own[each.stack]
        if each.name in existing and isinstance(names, Unknown):
            return not_checked(about, names)
        if each.name in existing and each.name not in _known(names):
            taken.append(each)
    if not taken:
        return ok(about, f"{len(wanted)} free, or the stage's own")
    said = ", ".join(f"{each.name}, which is none of the stack {each.stack}'s" for each in taken)
    settings = ", ".join(dict.fromkeys(each.setting for each in taken))
    advice = f"give another name ({settings}), or delete what has it once nobody needs it"
    return failed(about, f"SageMaker has already {said}", advice=advice)


def _known(names: Collection[str] | Unknown) -> Collection[str]:
    return () if isinstance(names, Unknown) else names


def _notebooks_of(stack: DeployedStack) -> set[str]:
    return _made(stack, stack.notebook_names().values())


def _lifecycles_of(stack: DeployedStack) -> set[str]:
    found = [each["Properties"] for each in stack.of_type(LIFECYCLE).values()]
    return _made(stack, [str(each[LIFECYCLE_NAME]) for each in found if LIFECYCLE_NAME in each])


def _made(stack: DeployedStack, names: Iterable[str]) -> set[str]:
    return set() if stack.status == NOTHING_MADE else set(names)


def _lifecycles(reader: Reader) -> set[str]:
    pages = reader.pages(
        "sagemaker",
        "list_notebook_instance_lifecycle_configs",
        items="NotebookInstanceLifecycleConfigs",
        MaxResults=PAGE,
    )
    return {str(each[LIFECYCLE_NAME]) for each in pages}
