"""Synthesizes stages: for `cdk`, `emr-notebook plan`, plain templates and tests alike."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeVar

from emr_notebook.checks.template_limits import (
    CDK_RESOURCE_LIMIT_OFF,
    TemplateTooLarge,
    check_templates,
)
from emr_notebook.constructs.start_script import ScriptTooLarge
from emr_notebook.settings.model import Settings

if TYPE_CHECKING:
    import aws_cdk as cdk

Template = Mapping[str, Any]
Built = TypeVar("Built")


class SynthesisError(Exception):
    """Settings that are right by themselves cannot be deployed; the text says why, and what to do.

    A finding of the checks, a start script that SageMaker does not take, or a template that
    CloudFormation does not take.
    """


def synthesize(app: "cdk.App", build_stacks: Callable[[], Built]) -> Built:
    """Build into the app, synthesize it, and check the templates.

    Raises SynthesisError, and settings.file.SettingsError as `build` does.
    """
    try:
        built = build_stacks()
    except (ScriptTooLarge, TemplateTooLarge) as error:
        raise SynthesisError(str(error)) from None
    try:
        check_templates(Path(app.synth().directory))
    except (RuntimeError, TemplateTooLarge) as error:
        # A finding of the checks has its words in a RuntimeError, without jsii's stack trace.
        raise SynthesisError(str(error)) from None
    return built


def synthesize_stage(
    settings: Settings,
    output: Path,
    *,
    directory: Path = Path(),
    refresh: str = "",
    cdk_validation: bool = True,
) -> dict[str, Template]:
    """Write a stage's cloud assembly into `output` as `cdk deploy` would; return its templates.

    The templates are by stack name. `directory` is the folder of cdk.json, from which paths in the
    settings start. CDK's own validation takes a second a stack. Raises as `synthesize` does.
    """
    # Here, because they start node: most of the commands need none.
    import aws_cdk as cdk

    from emr_notebook.build import build

    app = cdk.App(
        context={**_feature_flags(directory), **CDK_RESOURCE_LIMIT_OFF},
        outdir=str(output),
        analytics_reporting=False,
        builtin_cloud_formation_validation=None if cdk_validation else False,
    )
    stacks = synthesize(app, lambda: build(app, settings, directory=directory, refresh=refresh))
    files = {each.stack_name: output / each.template_file for each in stacks}
    return {name: json.loads(file.read_text(encoding="utf-8")) for name, file in files.items()}


def stage_templates(
    settings: Settings, *, refresh: str = "", directory: Path = Path()
) -> dict[str, Template]:
    """A stage's templates by stack name, checked by cdk-nag; leaves nothing behind.

    Without CDK's own validation, which every `cdk` command runs. Raises as `synthesize` does.
    """
    with TemporaryDirectory(prefix="emr-notebook-") as folder:
        return synthesize_stage(
            settings, Path(folder), directory=directory, refresh=refresh, cdk_validation=False
        )


def _feature_flags(directory: Path) -> dict[str, Any]:
    """Without them the CDK makes other resources than `cdk deploy` does."""
    path = directory / "cdk.json"
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["context"]
    except FileNotFoundError:
        raise SynthesisError(f"there is no {path}: run this in the project's folder") from None
    return found
