"""Reads `config/<stage>.yaml`, and refuses it in words: every mistake at once."""

import difflib
from collections.abc import Hashable
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from emr_notebook.patterns import Form, Whole
from emr_notebook.settings import Settings


class SettingsError(Exception):
    """The settings cannot be used; the text lists every mistake with its place in the file."""


class _UniqueKeyLoader(yaml.SafeLoader):
    """YAML lets a key stand twice and keeps the last: a notebook would vanish unseen."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: dict[Any, yaml.Node] = {}
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, Hashable) and key in seen:
                raise SettingsError(
                    f"line {key_node.start_mark.line + 1}: the key {key!r} stands twice, first in "
                    f"line {seen[key].start_mark.line + 1}: rename or remove one"
                )
            seen[key] = key_node
        return super().construct_mapping(node, deep=deep)


def load_stage(stage: str, directory: Path = Path("config")) -> Settings:
    """The settings of a stage; SettingsError when there is no such file or it has mistakes."""
    path = directory / f"{stage}.yaml"
    stages = sorted(file.stem for file in directory.glob("*.yaml"))
    if stage not in stages:
        raise SettingsError(
            f"there is no stage {stage!r}: {path} does not exist. "
            f"Stages here: {', '.join(stages) or 'none'}. "
            f"Choose one with -c stage=<stage>, or copy {directory}/example.yaml to {path}."
        )
    return load_file(path)


def load_file(path: Path) -> Settings:
    """The settings in a file; SettingsError lists every mistake with its path in the file."""
    try:
        text = path.read_text(encoding="utf-8")
        data = yaml.load(text, _UniqueKeyLoader)  # noqa: S506 - a SafeLoader
        return parse(data)
    except SettingsError as error:
        raise SettingsError(f"{path}: {error}") from None
    except UnicodeDecodeError as error:
        raise SettingsError(
            f"{path}: not UTF-8 text (byte {error.start}): save it as UTF-8"
        ) from None
    except yaml.YAMLError as error:
        raise SettingsError(f"{path}: not YAML: {error}") from None


def parse(data: Any) -> Settings:
    """Settings from what a YAML file holds; SettingsError lists every mistake."""
    if not isinstance(data, dict):
        kind = "nothing" if data is None else f"a {type(data).__name__}"
        raise SettingsError(f"the file holds {kind}; a mapping of settings is accepted")
    try:
        settings = Settings.model_validate(data)
    except ValidationError as error:
        raise SettingsError(listed([_mistake(detail) for detail in error.errors()])) from None
    mistakes = [
        f"{'.'.join(place)}: {_shown(given)} was given; accepted: {accepted}"
        for place, given, accepted in settings.mistakes()
    ]
    if mistakes:
        raise SettingsError(listed(mistakes))
    return settings


def listed(mistakes: list[str]) -> str:
    """Mistakes as an error tells them: how many, then each on a line of its own."""
    count = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
    return "\n".join([count, *(f"  {mistake}" for mistake in mistakes)])


def _mistake(detail: ErrorDetails) -> str:
    is_key = detail["loc"][-1] == "[key]"
    location = [str(part) for part in detail["loc"] if part != "[key]"]
    place = ".".join(location) or "the file"
    given = location[-1] if is_key else detail["input"]
    if detail["type"] == "missing":
        return f"{place}: is missing; accepted: {_required(detail)}"
    if detail["type"] == "extra_forbidden":
        return f"{place}: there is no such key; {_suggestion(detail)}"
    if detail["type"] == "value_error":
        return f"{place}: {detail['ctx']['error']}"
    accepted = detail["msg"].removeprefix("Input should be ")
    return f"{place}: {_shown(given)} was given; accepted: {accepted}"


def _shown(value: Any) -> str:
    if isinstance(value, bool | int | float):
        return f"{value} (a {'truth value' if isinstance(value, bool) else 'number'})"
    text = repr(value)
    return text if len(text) <= 120 else text[:117] + "..."


def _suggestion(detail: ErrorDetails) -> str:
    model = _model_at(detail["loc"][:-1])
    known = sorted(model.model_fields)
    close = difflib.get_close_matches(str(detail["loc"][-1]), known, n=1)
    hint = f"did you mean {close[0]}? " if close else ""
    return f"{hint}accepted: {', '.join(known)}"


def _required(detail: ErrorDetails) -> str:
    field = _model_at(detail["loc"][:-1]).model_fields[str(detail["loc"][-1])]
    for part in field.metadata:
        if isinstance(part, Form | Whole):
            return part.accepted
    nested = _models_in(field.annotation)
    return f"a mapping with {', '.join(sorted(nested[0].model_fields))}" if nested else "a value"


def _model_at(location: tuple[int | str, ...]) -> type[BaseModel]:
    """The model that a place in the file is read into; keys of free mappings are passed over."""
    model: type[BaseModel] = Settings
    for part in location:
        field = model.model_fields.get(str(part))
        if field is not None:
            model = _models_in(field.annotation)[0]
    return model


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models_in(part)]
