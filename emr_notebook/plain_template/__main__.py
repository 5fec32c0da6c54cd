"""Writes a stage's plain templates: `python -m emr_notebook.plain_template --stage dev`."""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aws_cdk as cdk

from emr_notebook.build import build
from emr_notebook.plain_template.assembly import read_assembly
from emr_notebook.plain_template.errors import TemplateError
from emr_notebook.plain_template.folder import write_folder
from emr_notebook.plain_template.result import result
from emr_notebook.settings import Settings
from emr_notebook.settings_file import SettingsError, load_stage
from emr_notebook.start_script import ScriptTooLarge
from emr_notebook.template_limits import COUNTED_HERE, TemplateTooLarge, check_templates


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the templates of `--stage`, or say in words why not."""
    given = _parser().parse_args(arguments)
    output = given.output or Path("template", given.stage)
    try:
        settings = load_stage(given.stage)
        with tempfile.TemporaryDirectory() as scratch:
            synthesize(settings, Path(scratch), project=Path.cwd())
            files = result(given.stage, settings, read_assembly(Path(scratch)))
        write_folder(output, files)
    except (SettingsError, ScriptTooLarge, TemplateError) as error:
        sys.exit(f"error: {error}")
    print(f"{output}: {len(files)} files. Next: {output}/README.md")  # noqa: T201


def synthesize(settings: Settings, directory: Path, *, project: Path) -> None:
    """Write the stage's cloud assembly as the CDK's command line would have it written.

    `project` is the folder of cdk.json, from which paths in the settings start. Raises
    TemplateError with a finding of the checks, in its words, or for a stack that is too large.
    """
    context = {**_feature_flags(project), **COUNTED_HERE}
    app = cdk.App(context=context, outdir=str(directory), analytics_reporting=False)
    build(app, settings, directory=project)
    try:
        app.synth()
        check_templates(directory)
    except (RuntimeError, TemplateTooLarge) as error:
        raise TemplateError(str(error)) from None


def _feature_flags(project: Path) -> dict[str, Any]:
    """Without them the CDK makes other resources than `cdk deploy` does."""
    path = project / "cdk.json"
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["context"]
    except FileNotFoundError:
        raise TemplateError(f"there is no {path}: run this in the project's folder") from None
    return found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m emr_notebook.plain_template",
        description="Writes one plain CloudFormation template for each stack of a stage.",
    )
    parser.add_argument("--stage", default="dev", help="the name of a file in config (dev)")
    parser.add_argument("--output", type=Path, help="the folder to write (template/<stage>)")
    return parser


if __name__ == "__main__":
    main()
