"""The settings' documentation cannot fall behind the settings."""

import json
import re
from pathlib import Path

import jsonschema
import pytest

from emr_notebook.settings import schema
from emr_notebook.settings.file import load_file
from emr_notebook.settings.keys import keys
from emr_notebook.settings.pipeline import PipelineSettings
from emr_notebook.settings.yaml_reader import read
from tests.conftest import ROOT, Change, stage


@pytest.mark.parametrize("path", schema.FILES, ids=lambda path: path.name)
def test_the_committed_schema_is_the_models(path: Path) -> None:
    expected = schema.schema_text(schema.FILES[path])

    assert path.read_text(encoding="utf-8") == expected, "run `make schema`"


def test_the_example_names_every_key_of_the_model() -> None:
    text = (ROOT / "config/example.yaml").read_text(encoding="utf-8")

    missing = {path[-1] for path, _ in keys() if not re.search(rf"(?<!\w){path[-1]}:", text)}

    assert missing == set()


@pytest.mark.parametrize("name", ["example", "sandbox"])
def test_the_files_that_come_with_the_project_are_accepted(name: str) -> None:
    settings = load_file(ROOT / "config" / f"{name}.yaml")

    assert settings.account == "111122223333"


VALIDATOR = jsonschema.Draft202012Validator(json.loads(schema.schema_text()))


def test_an_editor_raises_no_alarm_on_the_pipeline() -> None:
    made = json.loads(schema.schema_text(PipelineSettings))
    text = (ROOT / "config/pipeline.yaml").read_text(encoding="utf-8")

    found = jsonschema.Draft202012Validator(made).iter_errors(read(text))
    assert [each.message for each in found] == []


@pytest.mark.parametrize("name", ["example", "sandbox"])
def test_an_editor_raises_no_alarm_on_them(name: str) -> None:
    text = (ROOT / "config" / f"{name}.yaml").read_text(encoding="utf-8")

    assert [each.message for each in VALIDATOR.iter_errors(read(text))] == []


def test_an_editor_raises_no_alarm_on_keys_for_anchors() -> None:
    data = stage(lambda data: data.update({"x-large": {"executorMemory": "16g"}}))

    assert not list(VALIDATOR.iter_errors(data))


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.update(notebook={}),
        lambda data: data.update(account=111122223333),
        lambda data: data["notebooks"]["alice"].update(volume_size_in_gb=4),
        lambda data: data["notebooks"]["alice"].update(replace="yes"),
        lambda data: data["clusters"]["analytics"].update(scheme="ftp"),
        lambda data: data["network"].pop("vpc_id"),
    ],
    ids=["unknown key", "number for text", "out of range", "text for truth", "word", "missing"],
)
def test_an_editor_shows_a_mistake_as_it_is_made(change: Change) -> None:
    assert not list(VALIDATOR.iter_errors(stage()))
    assert list(VALIDATOR.iter_errors(stage(change)))
