"""The table of the pipeline's keys is the model's."""

import re

from emr_notebook.settings.keys import dotted_path, keys
from emr_notebook.settings.pipeline import PipelineSettings
from tests.conftest import ROOT

PAGE = (ROOT / "docs/continuous-deployment.md").read_text(encoding="utf-8")
TABLE = PAGE.split("\n## Every key\n")[1].split("\n## ")[0]
ROWS = dict(re.findall(r"^\| `([^`]+)` \|.*\| ([^|]+) \|$", TABLE, re.M))
MODEL = {dotted_path(path): field for path, field in keys(PipelineSettings)}


def test_every_key_has_one_row_and_no_other_has() -> None:
    assert list(ROWS) == list(MODEL)


def test_what_is_required_is_said_to_be() -> None:
    required = {key for key, default in ROWS.items() if default == "required"}

    assert required == {key for key, field in MODEL.items() if field.is_required()}
