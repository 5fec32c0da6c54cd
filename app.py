#!/usr/bin/env python3
"""The CDK app: reads the settings of a stage, or of the pipeline, and puts the stacks together."""

import sys
from pathlib import Path

import aws_cdk as cdk

from emr_notebook.build import build
from emr_notebook.settings_file import PIPELINE, SettingsError, load_stage
from emr_notebook.start_script import ScriptTooLarge
from emr_notebook.template_limits import COUNTED_HERE, TemplateTooLarge, check_templates


def main() -> None:
    """Synthesize what `-c stage=<stage>` names, or dev; say in words why not."""
    app = cdk.App(context=COUNTED_HERE)
    stage = app.node.try_get_context("stage") or "dev"
    try:
        refresh = str(app.node.try_get_context("refresh") or "")
        # cdk runs this app in the folder of cdk.json.
        if stage == PIPELINE:
            _build_pipeline(app, refresh)
        else:
            build(app, load_stage(stage), directory=Path.cwd(), refresh=refresh)
    except (SettingsError, ScriptTooLarge) as error:
        sys.exit(f"error: {error}")
    try:
        check_templates(Path(app.synth().directory))
    except (RuntimeError, TemplateTooLarge) as error:
        # A finding of the checks has its words in a RuntimeError, without jsii's stack trace.
        sys.exit(f"error: {error}")


def _build_pipeline(app: cdk.App, refresh: str) -> None:
    # Here, because a stage's own synthesis is a third faster without.
    from emr_notebook.pipeline import build_pipeline
    from emr_notebook.pipeline_file import load_pipeline

    if refresh:
        raise SettingsError(
            "-c refresh= is of one stage; in the pipeline a stage's settings have `refresh`"
        )
    pipeline, stages = load_pipeline()
    build_pipeline(app, pipeline, stages, directory=Path.cwd())


if __name__ == "__main__":
    main()
