#!/usr/bin/env python3
"""The CDK app: synthesizes what `-c stage=<stage>` names, or dev; says in words why not."""

import signal
import sys
from pathlib import Path

import aws_cdk as cdk

from emr_notebook.build import build
from emr_notebook.checks.template_limits import CDK_RESOURCE_LIMIT_OFF
from emr_notebook.settings.file import PIPELINE, SettingsError, load_stage
from emr_notebook.synthesis import SynthesisError, synthesize


def build_stacks(app: cdk.App) -> None:
    """Add the stacks of the stage, or of the pipeline; cdk runs this in the folder of cdk.json."""
    stage = app.node.try_get_context("stage") or "dev"
    refresh = str(app.node.try_get_context("refresh") or "")
    if stage == PIPELINE:
        # Here, because a stage's own synthesis is a third faster without.
        from emr_notebook.pipeline.stack import build_pipeline
        from emr_notebook.settings.pipeline import load_pipeline

        if refresh:
            raise SettingsError(
                "-c refresh= is of one stage; in the pipeline a stage's settings have `refresh`"
            )
        build_pipeline(app, *load_pipeline(), directory=Path.cwd())
    else:
        build(app, load_stage(stage), directory=Path.cwd(), refresh=refresh)


if __name__ == "__main__":
    # Ctrl-C ends it without a word: the cdk command says enough.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    app = cdk.App(context=CDK_RESOURCE_LIMIT_OFF)
    try:
        synthesize(app, lambda: build_stacks(app))
    except (SettingsError, SynthesisError) as error:
        sys.exit(f"error: {error}")
