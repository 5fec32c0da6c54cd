#!/usr/bin/env python3
"""The CDK app: reads the stage's settings and puts the stacks together."""

import sys
from pathlib import Path

import aws_cdk as cdk

from emr_notebook.build import build
from emr_notebook.settings_file import SettingsError, load_stage
from emr_notebook.start_script import ScriptTooLarge
from emr_notebook.template_limits import COUNTED_HERE, TemplateTooLarge, check_templates


def main() -> None:
    """Synthesize the stage that `-c stage=<stage>` names, or dev; say in words why not."""
    app = cdk.App(context=COUNTED_HERE)
    stage = app.node.try_get_context("stage") or "dev"
    try:
        settings = load_stage(stage)
        refresh = str(app.node.try_get_context("refresh") or "")
        # cdk runs this app in the folder of cdk.json.
        build(app, settings, directory=Path.cwd(), refresh=refresh)
    except (SettingsError, ScriptTooLarge) as error:
        sys.exit(f"error: {error}")
    try:
        check_templates(Path(app.synth().directory))
    except (RuntimeError, TemplateTooLarge) as error:
        # A finding of the checks has its words in a RuntimeError, without jsii's stack trace.
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
