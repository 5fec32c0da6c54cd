"""Parses the guard's custom resource: what each notebook cannot change without a replacement."""

from collections.abc import Mapping

from refusal import bad_request

NAME = "NotebookInstanceName"

# A list stands sorted: CloudFormation sees no change in the order of security groups
# (AWS::SageMaker::NotebookInstance, insertionOrder in its registry schema).
Value = str | tuple[str, ...]
ImmutableProperties = Mapping[str, Value]


def immutable_properties(event: Mapping[str, object], part: str) -> dict[str, ImmutableProperties]:
    """Each notebook's immutable properties by its key, in one part of an event.

    The part is ResourceProperties or OldResourceProperties. Raises Refusal when it is not of the
    form that the app writes.
    """
    properties = _mapping(event.get(part), part)
    common = _parsed(properties.get("Shared"), f"{part}.Shared")
    notebooks = _mapping(properties.get("Notebooks"), f"{part}.Notebooks")
    return {
        key: {**common, **_parsed(overrides, f"{part}.Notebooks.{key}")}
        for key, overrides in notebooks.items()
    }


def replaceable(event: Mapping[str, object]) -> frozenset[str]:
    """The keys of notebooks that may be replaced. Raises Refusal as `immutable_properties` does."""
    properties = _mapping(event.get("ResourceProperties"), "ResourceProperties")
    return frozenset(_texts(properties.get("Replace", []), "ResourceProperties.Replace"))


def _parsed(value: object, place: str) -> ImmutableProperties:
    return {
        name: inner if isinstance(inner, str) else tuple(sorted(_texts(inner, f"{place}.{name}")))
        for name, inner in _mapping(value, place).items()
    }


def _mapping(value: object, place: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise bad_request(place, value)
    return value


def _texts(value: object, place: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise bad_request(place, value)
    return value
