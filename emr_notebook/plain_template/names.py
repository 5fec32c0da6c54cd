"""What becomes of names that one account and region can have only once."""

from collections.abc import Iterator

from emr_notebook import patterns
from emr_notebook.names import NAME_TAG
from emr_notebook.plain_template.rules import STACK_NAME, Rule, camel, declared, parameter
from emr_notebook.settings import Settings

NOTEBOOK_NAME = ("NotebookInstanceName", f"tag:{NAME_TAG}")
LIFECYCLE_NAME = "NotebookInstanceLifecycleConfigName"


def notebook_names(settings: Settings, stack_name: str) -> Iterator[Rule]:
    """A name that was made up begins with the stack's own; one that was given is a parameter.

    So a template can be deployed twice in one region. The stage's other stacks, whose names the
    notebooks' names do not begin with, have the beginning as a parameter.
    """
    says = "What the names of the notebooks begin with, fixed at their birth"
    prefix = declared("NamePrefix", settings.stack_name, patterns.StackName, says)
    is_home = stack_name == settings.stack_name
    begin = STACK_NAME if is_home else {"Ref": prefix.name}
    for key, own in settings.notebooks.items():
        notebook = settings.notebook(key)
        says = f"The name of the notebook {key}, fixed at its birth"
        name = f"NotebookName{camel(key)}"
        if own.name is None:
            pieces = (begin, notebook.name.removeprefix(settings.stack_name))
            declares = None if is_home else prefix
            keys = frozenset(NOTEBOOK_NAME)
            yield Rule(notebook.name, pieces, keys=keys, parameter=declares)
        yield from parameter(name, own.name, patterns.NotebookName, says, *NOTEBOOK_NAME)
        says = f"The name of the lifecycle configuration of {key}"
        name, given = f"LifecycleConfigName{camel(key)}", notebook.lifecycle_config_name
        yield from parameter(name, given, patterns.LifecycleConfigName, says, LIFECYCLE_NAME)
