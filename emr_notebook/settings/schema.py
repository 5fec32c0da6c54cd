"""Writes config/*schema.json, which editors show and check while settings are written."""

import json
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel

from emr_notebook.settings.file import OWN_KEYS
from emr_notebook.settings.model import Settings
from emr_notebook.settings.pipeline import PipelineSettings

CONFIG = Path(__file__).parents[2] / "config"
PATH = CONFIG / "schema.json"
FILES: Mapping[Path, type[BaseModel]] = {
    PATH: Settings,
    CONFIG / "pipeline.schema.json": PipelineSettings,
}


def schema_text(model: type[BaseModel] = Settings) -> str:
    """The schema of a settings file, as text."""
    made = {**model.model_json_schema(), "patternProperties": {f"^{OWN_KEYS}": {}}}
    return json.dumps(made, indent=2) + "\n"


if __name__ == "__main__":
    for path, model in FILES.items():
        path.write_text(schema_text(model), encoding="utf-8")
