"""Runs Python code as Livy's PySpark interpreter does: what it prints, answers and raises."""

import ast
import io
import logging
import re
import sys
import traceback
from types import TracebackType
from typing import Any

from sandbox.livy.magics import MAGICS, UnknownMagic

Json = dict[str, Any]
ExcInfo = tuple[type[BaseException] | None, BaseException | None, TracebackType | None]

SOURCE = "<stdin>"
_TOP_FRAME = re.compile(rf'\s*File "{SOURCE}".*in <module>')
# Livy's own name for it: the last words of an interpreter that dies show it.
_LOG = logging.getLogger("fake_shell")


class Captured(io.StringIO):
    """Standard output or error of a session's code; takes bytes, too, and counts nothing."""

    def write(self, text: str | bytes) -> None:  # type: ignore[override]
        """Keep the text."""
        super().write(text.decode() if isinstance(text, bytes) else text)


def capture_output() -> None:
    """From here on, what this process prints is kept for the statement that runs."""
    sys.stdout, sys.stderr = Captured(), Captured()


class Interpreter:
    """A namespace that statements run in, one after the other, their output being captured."""

    def __init__(self, namespace: dict[str, Any]) -> None:
        self.namespace = namespace

    def run(self, code: str) -> Json:
        """Run one statement; answer its output: `data` by MIME type, or the error.

        Nothing that Python code raises leaves this function, SystemExit included. What it printed
        before it failed is not part of the answer, as in Livy.
        """
        try:
            chunks = split(code)
        except SyntaxError as error:
            return error_output(type(error), error, None)
        result: Json = {}
        try:
            for chunk in chunks:
                result = self._run_chunk(chunk) or {}
        except UnknownMagic as error:
            return error_output(type(error), error, None)
        except _StatementFailed as failure:
            return error_output(*failure.exc_info)
        printed = _printed()
        data = dict(result)
        if printed or not data:
            data["text/plain"] = printed
        return {"status": "ok", "data": data}

    def _run_chunk(self, chunk: ast.Module | str) -> Json | None:
        if isinstance(chunk, str):
            return self._run_magic(chunk)
        try:
            # One node at a time: only the last is run as at a prompt, which prints its value.
            for node in chunk.body[:-1]:
                exec(compile(ast.Module([node], []), SOURCE, "exec"), self.namespace)  # noqa: S102
            for node in chunk.body[-1:]:
                exec(compile(ast.Interactive([node]), SOURCE, "single"), self.namespace)  # noqa: S102
        except BaseException:
            raise _StatementFailed(sys.exc_info())  # noqa: B904 - Livy's log has it like this
        return None

    def _run_magic(self, line: str) -> Json:
        name, _, argument = line[1:].partition(" ")
        if name not in MAGICS:
            raise UnknownMagic(
                f"unknown magic command '{name}'" if name else "magic command not specified"
            )
        try:
            return MAGICS[name](self.namespace[argument])
        except Exception as error:
            # Livy answers a failed magic as data of a statement that went well.
            content = error_output(type(error), error, None)
            return {"msg_type": "execute_reply", "content": content}


class _StatementFailed(Exception):
    """A statement's own exception, told apart from what goes wrong around it."""

    def __init__(self, exc_info: ExcInfo) -> None:
        self.exc_info = exc_info


def split(code: str) -> list[ast.Module | str]:
    """The statement as pieces of Python and, if it is not Python as a whole, magic lines."""
    try:
        return [ast.parse(code, SOURCE)]
    except SyntaxError:
        pieces = re.split(r"^(%.*)$\n?", code.rstrip(), flags=re.MULTILINE)
        return [
            piece if piece.startswith("%") else ast.parse(piece.removesuffix("\n"), SOURCE)
            for piece in pieces
            if piece
        ]


def error_output(
    kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
) -> Json:
    """An error as Livy reports it: the frames below the statement's own, and no chained errors."""
    _LOG.error("execute_reply", exc_info=True)
    lines = traceback.format_exception(kind, error, trace, chain=False)
    for index, line in enumerate(lines):
        if _TOP_FRAME.match(line):
            lines = lines[:1] + lines[index + 1 :]
            break
    name = kind.__name__ if kind else "Error"
    return {"status": "error", "ename": name, "evalue": str(error), "traceback": lines}


def _printed() -> str:
    """What was printed since the last statement that went well; the streams are new ones then.

    AttributeError when the code has put streams of another kind in their place: Livy's
    interpreter dies of that.
    """
    streams: list[Any] = [sys.stdout, sys.stderr]
    text = "".join(stream.getvalue() for stream in streams)
    for stream in streams:
        stream.close()
    capture_output()
    return text.rstrip()
