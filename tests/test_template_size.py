"""What one more notebook costs: little of a template, however many there are, and no look-up."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aws_cdk as cdk
import pytest

from emr_notebook.build import build
from emr_notebook.settings.file import parse
from tests.conftest import ROOT, cdk_context, stage, template
from tests.templates import ENDPOINT, resources

MOST_BYTES_A_NOTEBOOK = 1_536


def notebooks(count: int) -> Any:
    """A change that gives a stage that many owned, tagged notebooks with the same script."""

    def change(data: dict[str, Any]) -> None:
        data["tags"] = {"cost-center": "42"}
        data["notebooks"] = {
            f"user-{number:03d}": {
                "cluster": "analytics",
                "owner": f"user-{number:03d}@example.com",
            }
            for number in range(count)
        }

    return change


def size(count: int) -> int:
    """The template's size in bytes, as the CDK's command line has it written and uploads it."""
    with TemporaryDirectory(prefix="cdk.out-") as folder:
        project = json.loads((ROOT / "cdk.json").read_text())
        as_the_cli = {"aws:cdk:enable-path-metadata": project.get("pathMetadata", True)}
        app = cdk.App(context={**cdk_context(), **as_the_cli}, outdir=folder)
        (stack,) = build(app, parse(stage(notebooks(count))))
        app.synth()
        return (Path(folder) / stack.template_file).stat().st_size


@pytest.mark.parametrize("count", [1, 10, pytest.param(100, marks=pytest.mark.slow)])
def test_an_extra_notebook_with_the_same_script_adds_at_most_1536_bytes(count: int) -> None:
    assert size(count + 1) - size(count) <= MOST_BYTES_A_NOTEBOOK


@pytest.mark.slow
def test_the_hundredth_adds_as_much_as_the_tenth() -> None:
    assert size(101) - size(100) == size(11) - size(10)


def test_forty_notebooks_are_looked_up_as_often_as_one() -> None:
    one, forty = (template(notebooks(count)) for count in (1, 40))

    assert len(resources(one, ENDPOINT)) == 1
    assert resources(forty, ENDPOINT) == resources(one, ENDPOINT)
