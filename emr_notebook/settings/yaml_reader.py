"""Reads YAML as settings are written: what is ambiguous, or stands twice, is not guessed at.

Scalars are read as YAML 1.2 does, and so as editors do: `no`, `2024-01-02` and `0123` are text.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import yaml
from yaml.events import AliasEvent, MappingStartEvent, ScalarEvent, SequenceStartEvent

# Settings are 5 deep. What aliases stand for counts each time.
DEEPEST = 20
MOST_VALUES = 100_000

# PyYAML's stubs know no attribute of its events.
Event: TypeAlias = Any

_QUOTE = "a text that begins with * or ! goes in quotes"
_TAB = "a tab: YAML is indented with spaces; put spaces in its place"
_STR = "tag:yaml.org,2002:str"
# 18 digits: longer ones are text, before Python refuses to read them.
_SCALARS: tuple[tuple[re.Pattern[str], Callable[[str], Any]], ...] = (
    (re.compile(r"~|null|Null|NULL|"), lambda _: None),
    (re.compile(r"true|True|TRUE"), lambda _: True),
    (re.compile(r"false|False|FALSE"), lambda _: False),
    (re.compile(r"[-+]?(0|[1-9][0-9]{0,17})"), int),
    (re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)\.[0-9]*)([eE][-+][0-9]+)?"), float),
    (
        re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"),
        lambda text: float(text.replace(".", "")),
    ),
)


class UnreadableError(ValueError):
    """The text is no YAML that settings use; the words name the line."""


@dataclass(frozen=True)
class _Value:
    """What was read, and how many values that is with everything inside."""

    value: Any
    size: int


def read(text: str, loader: Any = None) -> Any:
    """The one document in the text, as dicts with text keys, lists and scalars; None if empty.

    Raises UnreadableError. Its words quote nothing but keys: a line may hold a password.
    `loader` is the PyYAML loader whose parser is used, by default the fastest.
    """
    parser = loader or getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _Document(yaml.parse(text, parser)).value()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = "" if mark is None else f"line {mark.line + 1}, column {mark.column + 1}: "
        problem = _TAB if _is_tab(text, mark) else error.problem or error.context
        raise UnreadableError(f"not YAML: {where}{problem}") from None
    except yaml.reader.ReaderError as error:
        where = f"character number {error.position + 1}"
        raise UnreadableError(f"not YAML: {where}: {error.reason}") from None
    except UnicodeError:
        raise UnreadableError("not YAML: it holds halves of characters") from None


class _Document:
    """The values that a stream of events describes."""

    def __init__(self, events: Iterator[Event]) -> None:
        self._events = events
        self._anchors: dict[str, _Value] = {}
        self._depth = 0

    def value(self) -> Any:
        self._next()  # the stream's start
        if isinstance(self._next(), yaml.StreamEndEvent):
            return None
        found = self._value(self._next())
        self._next()  # the document's end
        after = self._next()
        if not isinstance(after, yaml.StreamEndEvent):
            raise _refused(after, "a second document begins: a file holds one stage")
        return found.value

    def _next(self) -> Event:
        return next(self._events)

    def _value(self, event: Event) -> _Value:
        if isinstance(event, AliasEvent):
            if event.anchor not in self._anchors:
                raise _refused(event, f"an alias names what stands above it; {_QUOTE}")
            return self._anchors[event.anchor]
        if event.tag is not None and event.tag not in ("!", _STR):
            raise _refused(event, f"no tags but !!str are used here; {_QUOTE}")
        self._depth += 1
        if self._depth > DEEPEST:
            raise _refused(event, f"more than {DEEPEST} levels deep; settings are at most 5")
        found = self._untagged(event)
        self._depth -= 1
        if found.size > MOST_VALUES:
            words = f"more than {MOST_VALUES:,} values, with what aliases stand for"
            raise _refused(event, words)
        if event.anchor is not None:
            self._anchors[event.anchor] = found
        return found

    def _untagged(self, event: Event) -> _Value:
        if isinstance(event, SequenceStartEvent):
            return self._list()
        if isinstance(event, MappingStartEvent):
            return self._mapping()
        return _Value(_scalar(event), 1)

    def _list(self) -> _Value:
        found, size = [], 1
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            each = self._value(event)
            found.append(each.value)
            size += each.size
            if size > MOST_VALUES:
                break
        return _Value(found, size)

    def _mapping(self) -> _Value:
        own: dict[str, Any] = {}
        lines: dict[str, int] = {}
        merged: dict[str, Any] = {}
        size = 1
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            line = event.start_mark.line + 1
            key = _key(event)
            each = self._value(self._next())
            size += each.size + 1
            if size > MOST_VALUES:
                break
            if key == "<<" and _plain(event):
                merged = {**_merged(each.value, event), **merged}
            elif key in own:
                where = f"first in line {lines[key]}: rename or remove one"
                raise _refused(event, f"the key {_short(key)} stands twice, {where}")
            else:
                own[key], lines[key] = each.value, line
        return _Value({**merged, **own}, size)


def _is_tab(text: str, mark: yaml.Mark | None) -> bool:
    """Whether a tab stands where the parser stopped, which says so of some tabs alone."""
    lines = text.split("\n")
    at = lines[mark.line][mark.column :] if mark and mark.line < len(lines) else ""
    return at.startswith("\t")


def _key(event: Event) -> str:
    """A key as it is written: `1` and `on` are texts."""
    if not isinstance(event, ScalarEvent):
        raise _refused(event, "a key is a text")
    return _whole(event)


def _plain(event: Event) -> bool:
    return bool(event.implicit[0])


def _merged(value: Any, key: Event) -> dict[str, Any]:
    """What `<<` brings in; of several mappings, the first one wins."""
    together: dict[str, Any] = {}
    for each in value if isinstance(value, list) else [value]:
        if not isinstance(each, Mapping):
            raise _refused(key, "<< takes a mapping, or a list of mappings")
        together = {**each, **together}
    return together


def _scalar(event: Event) -> Any:
    text = _whole(event)
    if not _plain(event) or event.tag is not None:
        return text
    for form, read_as in _SCALARS:
        if form.fullmatch(text):
            return read_as(text)
    return text


def _whole(event: Event) -> str:
    """The scalar's text; the parser in C refuses halves of characters by itself."""
    text = str(event.value)
    text.encode()
    return text


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")


def _refused(event: Event, words: str) -> UnreadableError:
    return UnreadableError(f"line {event.start_mark.line + 1}: {words}")
