"""The settings' documentation cannot fall behind the settings."""

import json

import jsonschema
import pytest

from emr_notebook import schema
from emr_notebook.settings_file import load_file
from tests.conftest import ROOT, example, stage


def test_the_committed_schema_is_the_models() -> None:
    assert schema.PATH.read_text(encoding="utf-8") == schema.schema_text(), "run `make schema`"


def test_the_example_names_every_key_of_the_model() -> None:
    text = (ROOT / "config/example.yaml").read_text(encoding="utf-8")
    model = json.loads(schema.schema_text())
    keys = {
        name for part in (model, *model["$defs"].values()) for name in part.get("properties", {})
    }

    missing = {name for name in keys if f"{name}:" not in text}

    assert missing == set()


@pytest.mark.parametrize("name", ["example", "sandbox"])
def test_the_files_that_come_with_the_project_are_accepted(name: str) -> None:
    settings = load_file(ROOT / "config" / f"{name}.yaml")

    assert settings.account == "111122223333"


def test_the_schema_refuses_a_key_that_the_model_does_not_know() -> None:
    validator = jsonschema.Draft202012Validator(json.loads(schema.schema_text()))

    assert not list(validator.iter_errors(example()))
    assert not list(validator.iter_errors(stage()))
    assert list(validator.iter_errors({**stage(), "notebook": {}}))
