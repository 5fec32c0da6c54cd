"""The one way in which the app is put together."""

from pathlib import Path

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks

from emr_notebook.ca_file import read_ca_files
from emr_notebook.settings import Settings
from emr_notebook.stack import EmrNotebookStack


def build(
    app: cdk.App, settings: Settings, *, directory: Path = Path(), refresh: str = ""
) -> EmrNotebookStack:
    """Add a stage's stack to the app, with the checks that fail its synthesis.

    Paths in the settings start from `directory`. A new value of `refresh` makes the next deploy
    look every cluster up again.
    Pure: no network, git, clock or credentials. Raises settings_file.SettingsError when a file
    that the settings name cannot be used, and start_script.ScriptTooLarge when they make a start
    script longer than SageMaker accepts.
    """
    authorities = read_ca_files(settings.clusters, directory)
    stack = EmrNotebookStack(app, settings, authorities=authorities, refresh=refresh)
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    return stack
