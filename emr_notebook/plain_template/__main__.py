"""Writes a stage's plain templates: `python -m emr_notebook.plain_template --stage dev`."""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from emr_notebook.interrupt import run_interruptibly
from emr_notebook.plain_template.assembly import TemplateError, read_assembly
from emr_notebook.plain_template.output import replace_folder, stage_files
from emr_notebook.settings.file import SettingsError, load_stage
from emr_notebook.synthesis import SynthesisError, synthesize_stage


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the templates of `--stage`, or say in words why not."""
    given = _parser().parse_args(arguments)
    output = given.output or Path("template", given.stage)
    try:
        settings = load_stage(given.stage, option="--stage ")
        with tempfile.TemporaryDirectory() as scratch:
            synthesize_stage(settings, Path(scratch), directory=Path.cwd())
            files = stage_files(given.stage, settings, read_assembly(Path(scratch)))
        replace_folder(output, files)
    except (SettingsError, SynthesisError, TemplateError) as error:
        sys.exit(f"error: {error}")
    print(f"{output}: {len(files)} files. Next: {output}/README.md")  # noqa: T201


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m emr_notebook.plain_template",
        description="Writes one plain CloudFormation template for each stack of a stage.",
    )
    parser.add_argument("--stage", default="dev", help="the name of a file in config (dev)")
    parser.add_argument("--output", type=Path, help="the folder to write (template/<stage>)")
    return parser


if __name__ == "__main__":
    run_interruptibly(lambda: main)
