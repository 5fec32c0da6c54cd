"""Outputs that have no JSON form, as Livy's JVM takes them from its interpreter."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.livy.driver import unreadable
from sandbox.livy.wire import Wire


@pytest.fixture
def wire() -> Iterator[Wire]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield Wire(ours)


def circle() -> list[Any]:
    itself: list[Any] = []
    itself.append(itself)
    return itself


@pytest.mark.parametrize(
    ("value", "ename"),
    [
        (float("nan"), "com.fasterxml.jackson.core.JsonParseException"),
        (circle(), "java.lang.AssertionError"),
    ],
    ids=["nan", "circle"],
)
def test_what_java_cannot_read_is_answered_with_javas_error(
    wire: Wire, value: Any, ename: str
) -> None:
    with pytest.raises(ValueError, match=r"JSON compliant|Circular") as refused:
        wire.write({"output": value})

    assert unreadable(refused.value)["ename"] == ename


def test_what_python_cannot_write_ends_the_interpreter_as_it_does_livys(wire: Wire) -> None:
    with pytest.raises(TypeError, match="set is not JSON serializable"):
        wire.write({"output": {1}})
