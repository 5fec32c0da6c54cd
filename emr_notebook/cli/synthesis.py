"""A stage's templates, made in this process as `cdk deploy` would make them."""

import json
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from emr_notebook.cli.reader import CommandError
from emr_notebook.settings import Settings
from emr_notebook.template_limits import COUNTED_HERE, TemplateTooLarge, check_templates

Template = Mapping[str, Any]


def synthesized(
    settings: Settings, *, refresh: str, directory: Path = Path()
) -> dict[str, Template]:
    """The templates by stack name, the checks of cdk-nag included; `directory` is cdk.json's.

    Without CDK's own validation, which takes a second a stack and which every `cdk` command runs.
    Raises SettingsError and ScriptTooLarge as `build` does, and CommandError with a finding.
    """
    # Here, because they start node: the other commands need none.
    import aws_cdk as cdk

    from emr_notebook.build import build

    with TemporaryDirectory(prefix="emr-notebook-") as folder:
        app = cdk.App(
            context={**_feature_flags(directory), **COUNTED_HERE},
            outdir=folder,
            analytics_reporting=False,
            builtin_cloud_formation_validation=False,
        )
        stacks = build(app, settings, directory=directory, refresh=refresh)
        try:
            app.synth()
            check_templates(Path(folder))
        except (RuntimeError, TemplateTooLarge) as error:
            raise CommandError(str(error)) from None
        files = {each.stack_name: Path(folder, each.template_file) for each in stacks}
        return {name: json.loads(file.read_text()) for name, file in files.items()}


def _feature_flags(directory: Path) -> dict[str, Any]:
    """Without them the CDK makes other resources than `cdk deploy` does."""
    path = directory / "cdk.json"
    try:
        found: dict[str, Any] = json.loads(path.read_text())["context"]
    except FileNotFoundError:
        raise CommandError(f"there is no {path}: run this in the project's folder") from None
    return found
