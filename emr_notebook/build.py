"""The one way in which the app is put together."""

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks

from emr_notebook.settings import Settings
from emr_notebook.stack import EmrNotebookStack


def build(app: cdk.App, settings: Settings) -> EmrNotebookStack:
    """Add a stage's stack to the app, with the checks that fail its synthesis.

    Pure: no network, git, clock or credentials. Raises start_script.ScriptTooLarge when a
    notebook's settings make its start script longer than SageMaker accepts.
    """
    stack = EmrNotebookStack(app, settings)
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    return stack
