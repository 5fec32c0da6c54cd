"""Reads `config/<stage>.yaml`, and refuses it in words: every mistake at once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from emr_notebook.settings.consistency import mistakes
from emr_notebook.settings.messages import MOST_LISTED, listed, pydantic_mistake, refusal
from emr_notebook.settings.model import Settings
from emr_notebook.settings.yaml_reader import UnreadableError, read

# As much as a template of CloudFormation: a stage of a thousand notebooks is a tenth of it.
LARGEST_BYTES = 1_000_000
KINDS = {
    type(None): "nothing",
    list: "a list",
    str: "a text",
    bool: "a truth value",
    int: "a number",
    float: "a number",
}

# Top-level keys that begin so are the file's own, for anchors; nothing reads them.
OWN_KEYS = "x-"
# What config/pipeline.yaml describes is no stage.
PIPELINE = "pipeline"

Model = TypeVar("Model", bound=BaseModel)
Parsed = TypeVar("Parsed")


class SettingsError(Exception):
    """The settings cannot be used; the text lists every mistake with its place in the file."""


def load_stage(
    stage: str, directory: Path = Path("config"), *, option: str = "-c stage="
) -> Settings:
    """The settings of a stage; SettingsError when there is no such file or it has mistakes.

    `option` is how the stage was asked for, up to its name.
    """
    path = directory / f"{stage}.yaml"
    stages = sorted({file.stem for file in directory.glob("*.yaml")} - {PIPELINE})
    if Path(stage).name != stage or stage.endswith((".yaml", ".yml")):
        name = Path(stage).stem
        raise SettingsError(
            f"{stage!r} is a path; accepted: a stage's name. "
            f"Stages here: {', '.join(stages) or 'none'}. "
            + (f"Next: {option}{name}" if name in stages else f"Choose one with {option}<stage>.")
        )
    if stage == PIPELINE:
        raise SettingsError(
            f"{path} describes the pipeline, which is no stage of its own. "
            f"Stages here: {', '.join(stages) or 'none'}."
        )
    if stage not in stages:
        raise SettingsError(
            f"there is no stage {stage!r}: {path} does not exist. "
            f"Stages here: {', '.join(stages) or 'none'}. "
            f"Choose one with {option}<stage>; have emr-notebook init write {path}, which reads a "
            f"cluster; or copy {directory}/example.yaml to it."
        )
    return load_file(path)


def load_file(path: Path) -> Settings:
    """The settings in a file; SettingsError lists every mistake with its path in the file."""
    return read_file(path, parse)


def read_file(path: Path, parsed: Callable[[Any], Parsed]) -> Parsed:
    """What `parsed` makes of a YAML file's content; SettingsError names the file."""
    try:
        return parsed(read(_text(path)))
    except (SettingsError, UnreadableError) as error:
        raise SettingsError(f"{path}: {error}") from None
    except UnicodeDecodeError as error:
        where = f"byte number {error.start + 1}"
        raise SettingsError(f"{path}: not UTF-8 text ({where}): save it as UTF-8") from None
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from None


def parse(data: Any) -> Settings:
    """Settings from what a YAML file holds; SettingsError lists every mistake.

    Contradictions between the parts are looked for when each part is right by itself.
    """
    settings = validated(Settings, data)
    found = [refusal(place, given, accepted) for place, given, accepted in mistakes(settings)]
    if found:
        raise SettingsError(listed(found))
    return settings


def validated(model: type[Model], data: Any) -> Model:
    """What a YAML file holds as a model; SettingsError lists every mistake in its own words."""
    if not isinstance(data, dict):
        kind = KINDS.get(type(data), "something else")
        raise SettingsError(f"the file holds {kind}; a mapping of settings is accepted")
    try:
        return model.model_validate({k: v for k, v in data.items() if not _is_own(k)})
    except ValidationError as error:
        details = error.errors(include_url=False)
        shown = [pydantic_mistake(detail, model) for detail in details[:MOST_LISTED]]
        raise SettingsError(listed(shown, len(details))) from None


def _is_own(key: Any) -> bool:
    return isinstance(key, str) and key.startswith(OWN_KEYS)


def _text(path: Path) -> str:
    with path.open("rb") as file:
        content = file.read(LARGEST_BYTES + 1)
    if len(content) > LARGEST_BYTES:
        raise SettingsError(f"larger than {LARGEST_BYTES:,} bytes: this is no settings file")
    return content.decode("utf-8")
