"""Changes to a stage's settings, and what is said of those that are refused."""

from pathlib import Path
from typing import Any

import pytest

from emr_notebook.settings.file import SettingsError, load_file, parse
from tests.conftest import Change, stage


def refusal(change: Change) -> str:
    """What is said of a stage with this change."""
    with pytest.raises(SettingsError) as error:
        parse(stage(change))
    return str(error.value)


def of_file(folder: Path, content: str | bytes) -> str:
    """What is said of a file that is refused, without its name."""
    file = folder / "dev.yaml"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(SettingsError) as error:
        load_file(file)
    said = str(error.value)
    assert said.startswith(f"{file}: ")
    return said.removeprefix(f"{file}: ")


def with_cluster(**values: Any) -> Change:
    return lambda data: data["clusters"].update(analytics=values)


def with_alice(**values: Any) -> Change:
    return lambda data: data["notebooks"]["alice"].update(values)
