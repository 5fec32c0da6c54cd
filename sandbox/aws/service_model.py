"""Checks requests and answers against botocore's own description of an AWS service."""

import re
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Any

import botocore.session
from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StructureShape

_JSON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    # Epoch seconds on the wire; ministack's own EMR answers with ISO 8601, which clients read too.
    "timestamp": (int, float, str),
    "blob": (str, bytes),
}


@cache
def service_model(service: str) -> ServiceModel:
    """Botocore's model of the service, `emr` or `sagemaker`."""
    return botocore.session.Session().get_service_model(service)


def input_errors(service: str, operation: str, parameters: Any) -> list[str]:
    """What AWS would refuse in the request, in AWS's words; empty when it accepts the shape.

    Raises botocore's OperationNotFoundError for an operation the service does not have.
    """
    return list(_errors(_operation(service, operation).input_shape, parameters, ""))


def output_errors(service: str, operation: str, answer: Any) -> list[str]:
    """What is wrong in an answer that is about to be sent; empty when clients can read it."""
    return list(_errors(_operation(service, operation).output_shape, answer, ""))


def validation_message(errors: list[str]) -> str:
    """The sentence AWS puts before the list of constraints."""
    noun = "error" if len(errors) == 1 else "errors"
    return f"{len(errors)} validation {noun} detected: {'; '.join(errors)}"


def _operation(service: str, operation: str) -> OperationModel:
    return service_model(service).operation_model(operation)


def _errors(shape: Shape | None, value: Any, path: str) -> Iterator[str]:
    if shape is None:
        if value:
            yield f"Value '{value}' was given, and nothing is expected"
    elif isinstance(shape, StructureShape):
        yield from _structure_errors(shape, value, path)
    elif isinstance(shape, ListShape):
        yield from _list_errors(shape, value, path)
    elif isinstance(shape, MapShape):
        yield from _map_errors(shape, value, path)
    else:
        yield from _scalar_errors(shape, value, path)


def _structure_errors(shape: StructureShape, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield _failed(value, path, "Member must be a structure")
        return
    for name in shape.required_members:
        if value.get(name) is None:
            where = _join(path, name)
            yield f"Value null at '{where}' failed to satisfy constraint: Member must not be null"
    for name, member in value.items():
        if name not in shape.members:
            yield _failed(member, _join(path, name), f"{shape.name} has no such member")
        elif member is not None:
            yield from _errors(shape.members[name], member, _join(path, name))


def _list_errors(shape: ListShape, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield _failed(value, path, "Member must be a list")
        return
    yield from _length_errors(shape, value, path)
    for number, member in enumerate(value, start=1):
        yield from _errors(shape.member, member, f"{path}.{number}.member")


def _map_errors(shape: MapShape, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield _failed(value, path, "Member must be a map")
        return
    for key, member in value.items():
        yield from _errors(shape.value, member, f"{path}.{key}")


def _scalar_errors(shape: Shape, value: Any, path: str) -> Iterator[str]:
    accepted = _JSON_TYPES[shape.type_name]
    if not isinstance(value, accepted) or (isinstance(value, bool) and bool not in accepted):
        yield _failed(value, path, f"Member must be of type {shape.type_name}")
        return
    if shape.type_name == "timestamp" and isinstance(value, str) and not _is_iso(value):
        yield _failed(value, path, "Member must be a timestamp")
    if isinstance(value, str) and shape.type_name == "string":
        yield from _length_errors(shape, value, path)
        yield from _text_errors(shape, value, path)
    elif not isinstance(value, (str, bytes)):
        yield from _range_errors(shape, value, path)


def _text_errors(shape: Shape, value: str, path: str) -> Iterator[str]:
    values = getattr(shape, "enum", None)
    if values and value not in values:
        yield _failed(value, path, f"Member must satisfy enum value set: [{', '.join(values)}]")
    pattern = shape.metadata.get("pattern")
    compiled = _compiled(pattern) if pattern else None
    if compiled is not None and not compiled.fullmatch(value):
        yield _failed(value, path, f"Member must satisfy regular expression pattern: {pattern}")


@cache
def _compiled(pattern: str) -> re.Pattern[str] | None:
    """The pattern, or None where only Java reads it: Unicode classes, pairs of surrogates."""
    try:
        return re.compile(pattern)
    except re.error:
        return None


def _length_errors(shape: Shape, value: str | list[Any], path: str) -> Iterator[str]:
    shown = value if isinstance(value, str) else [str(v) for v in value]
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and len(value) < least:
        yield _failed(shown, path, f"Member must have length greater than or equal to {least}")
    if most is not None and len(value) > most:
        yield _failed(shown, path, f"Member must have length less than or equal to {most}")


def _range_errors(shape: Shape, value: float, path: str) -> Iterator[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and value < least:
        yield _failed(value, path, f"Member must have value greater than or equal to {least}")
    if most is not None and value > most:
        yield _failed(value, path, f"Member must have value less than or equal to {most}")


def _failed(value: Any, path: str, constraint: str) -> str:
    return f"Value '{value}' at '{path}' failed to satisfy constraint: {constraint}"


def _join(path: str, name: str) -> str:
    """AWS writes members as in `instanceMetadataServiceConfiguration.minimum...`."""
    member = name[:1].lower() + name[1:]
    return f"{path}.{member}" if path else member


def _is_iso(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
