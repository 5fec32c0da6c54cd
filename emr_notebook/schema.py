"""config/schema.json: what editors show and check while a stage's file is written."""

import json
from pathlib import Path

from emr_notebook.settings import Settings

PATH = Path(__file__).parent.parent / "config" / "schema.json"


def schema_text() -> str:
    """The schema of a settings file, as text."""
    return json.dumps(Settings.model_json_schema(), indent=2) + "\n"


if __name__ == "__main__":
    PATH.write_text(schema_text(), encoding="utf-8")
