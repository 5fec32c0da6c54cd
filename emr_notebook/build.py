"""Puts the app together: the one way in which a stage's stacks are made."""

from collections import Counter
from pathlib import Path

from constructs import Construct

from emr_notebook.checks.nag import add_checks
from emr_notebook.checks.template_limits import check_notebooks
from emr_notebook.settings.ca_file import read_ca_files
from emr_notebook.settings.hook_file import read_hook_files
from emr_notebook.settings.model import Settings
from emr_notebook.stack import EmrNotebookStack


def build(
    scope: Construct, settings: Settings, *, directory: Path = Path(), refresh: str = ""
) -> tuple[EmrNotebookStack, ...]:
    """Add a stage's stacks to the app, with the checks that fail its synthesis.

    Paths in the settings start from `directory`. A new value of `refresh`, before that of
    the settings, makes the next deploy look every cluster up again.
    Pure: no network, git, clock or credentials. Raises settings.file.SettingsError when a file
    that the settings name cannot be used, template_limits.TemplateTooLarge for more notebooks than
    a stack takes, and start_script.ScriptTooLarge when they make a start script longer than
    SageMaker accepts.
    """
    _check_notebooks(settings)
    authorities = read_ca_files(settings.clusters, directory)
    hooks = read_hook_files(settings, directory)
    names = settings.stack_names()
    # A cluster that no notebook uses yet is looked up all the same: a mistake in it shows early.
    used = {each.cluster for each in settings.notebooks.values()}
    idle = frozenset(settings.clusters) - used
    stacks = tuple(
        EmrNotebookStack(
            scope,
            settings,
            name=name,
            idle_clusters=idle if name == settings.home_stack_name() else frozenset(),
            follows=name == settings.home_stack_name(),
            authorities=authorities,
            hooks=hooks,
            refresh=refresh or settings.refresh or "",
        )
        for name in names
    )
    add_checks(scope, settings.checks)
    return stacks


def _check_notebooks(settings: Settings) -> None:
    """A notebook is a resource, and its role one more unless it is given."""
    notebooks = settings.resolved_notebooks
    made_roles = Counter(each.stack for each in notebooks if each.role_arn is None)
    for stack, number in Counter(each.stack for each in notebooks).items():
        check_notebooks(stack, notebooks=number, resources=number + made_roles[stack])
