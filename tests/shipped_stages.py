"""The templates of the stages and the pipeline that come with the project, for the checks."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import aws_cdk as cdk
import pytest

from emr_notebook.build import build
from emr_notebook.pipeline.stack import build_pipeline
from emr_notebook.settings.file import PIPELINE, load_stage
from emr_notebook.settings.pipeline import parse_pipeline
from tests.conftest import ROOT, cdk_context
from tests.pipeline.pipelines import pipeline

STAGES = ("example", "sandbox", "pipeline")


@pytest.fixture(scope="module")
def templates() -> Iterator[dict[str, list[Path]]]:
    """The templates of all stacks of a stage, by the stage's name."""
    with TemporaryDirectory(prefix="templates-") as folder:
        yield {stage: _synthesized(stage, Path(folder) / stage) for stage in STAGES}


def _synthesized(stage: str, outdir: Path) -> list[Path]:
    app = cdk.App(context=cdk_context(), outdir=str(outdir))
    if stage == PIPELINE:
        # Not config/pipeline.yaml: whoever uses the project has stages of their own there, which
        # may give up what is checked here.
        deployed = {"example": load_stage("example", ROOT / "config")}
        asked = pipeline(lambda data: data.update(stages=[{"stage": "example"}]))
        build_pipeline(app, parse_pipeline(asked), deployed, directory=ROOT)
    else:
        build(app, load_stage(stage, ROOT / "config"), directory=ROOT)
    app.synth()
    found = sorted(outdir.glob("**/*.template.json"))
    assert found != []
    return found
