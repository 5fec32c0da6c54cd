"""Reads off the model every key that settings have, and what is accepted at each place."""

from collections.abc import Iterator
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import MaxLen, MinLen
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from emr_notebook.settings.model import Settings
from emr_notebook.settings.types import IntegerRange, TextFormat

# How a path names what users name or number themselves.
ANY_KEY = "<key>"
ANY_ITEM = "[]"


@dataclass(frozen=True)
class Place:
    """What the model says of one place: a type, and what narrows it."""

    kind: Any
    narrowed_by: tuple[Any, ...] = ()

    @classmethod
    def of(cls, annotation: Any, metadata: tuple[Any, ...] = ()) -> "Place":
        """The place that an annotation describes; that it may be None does not count."""
        origin = get_origin(annotation)
        if origin is Annotated:
            inner, *more = get_args(annotation)
            return cls.of(inner, (*metadata, *more))
        if origin in (Union, UnionType):
            (inner,) = (each for each in get_args(annotation) if each is not type(None))
            return cls.of(inner, metadata)
        flat = [x for each in metadata for x in (each.metadata if _is_field(each) else [each])]
        return cls(annotation, tuple(flat))

    @property
    def model(self) -> type[BaseModel] | None:
        """The model whose fields are the keys here; None where there are none."""
        is_model = isinstance(self.kind, type) and issubclass(self.kind, BaseModel)
        return self.kind if is_model else None

    def child(self, part: str | int) -> "Place | None":
        """The place of a key or of an item; None where the model knows none."""
        if self.model is not None:
            field = fields(self.model).get(str(part))
            return None if field is None else Place.of(field.annotation, tuple(field.metadata))
        origin, inner = get_origin(self.kind), get_args(self.kind)
        if origin is dict:
            return Place.of(inner[1])
        return Place.of(inner[0]) if origin is tuple else None

    @property
    def accepted(self) -> str:
        """What is accepted here, in words."""
        for each in self.narrowed_by:
            if isinstance(each, TextFormat | IntegerRange):
                return each.accepted
        if self.model is not None:
            instead = getattr(self.model, "instead", "")
            return f"{instead}a mapping with {', '.join(sorted(fields(self.model)))}"
        origin, inner = get_origin(self.kind), get_args(self.kind)
        if origin is Literal:
            return " or ".join([", ".join(inner[:-1]), inner[-1]] if inner[1:] else inner)
        if origin is tuple:
            return f"a list{self._bounds()}, each {Place.of(inner[0]).accepted}"
        if origin is dict:
            return f"a mapping{self._bounds()}, for each name {Place.of(inner[1]).accepted}"
        return "true or false" if self.kind is bool else "a text, in quotes"

    def _bounds(self) -> str:
        low = [each.min_length for each in self.narrowed_by if isinstance(each, MinLen)]
        high = [each.max_length for each in self.narrowed_by if isinstance(each, MaxLen)]
        words = [f"at least {n}" for n in low if n] + [f"at most {n}" for n in high]
        return f" of {' and '.join(words)}" if words else ""


def fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """A model's fields by their keys in a file: `as` is no name that Python takes."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def place_at(location: tuple[str | int, ...], model: type[BaseModel] = Settings) -> Place | None:
    """The model's place for a path in the file; None for one that it does not know."""
    place: Place | None = Place(model)
    for part in location:
        place = None if place is None else place.child(part)
    return place


def keys(
    model: type[BaseModel] = Settings, below: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], FieldInfo]]:
    """Every key with its path: ("clusters", ANY_KEY, "id"), in the order of the model."""
    for name, field in fields(model).items():
        yield (*below, name), field
        place, path = Place.of(field.annotation), (*below, name)
        if get_origin(place.kind) in (dict, tuple):
            path = (*path, ANY_KEY if get_origin(place.kind) is dict else ANY_ITEM)
            place = place.child(0) or place
        if place.model is not None:
            yield from keys(place.model, path)


def dotted_path(path: tuple[str | int, ...]) -> str:
    """A path as it is written in words: clusters.<key>.id, network.extra_egress[].port."""
    return ".".join(str(part) for part in path).replace(f".{ANY_ITEM}", ANY_ITEM)


def _is_field(each: Any) -> bool:
    return isinstance(each, FieldInfo)
