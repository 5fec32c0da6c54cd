"""Runs Python code as Livy's PySpark interpreter does: what it prints, answers and raises."""

import ast
import io
import re
import sys
import traceback
from contextlib import redirect_stderr, redirect_stdout
from types import TracebackType
from typing import Any

from sandbox.livy.magics import MAGICS, UnknownMagic

Json = dict[str, Any]

SOURCE = "<stdin>"
_TOP_FRAME = re.compile(rf'\s*File "{SOURCE}".*in <module>')


class Interpreter:
    """A namespace that statements run in, one after the other."""

    def __init__(self, namespace: dict[str, Any]) -> None:
        self.namespace = namespace

    def run(self, code: str) -> Json:
        """Run one statement; answer its output: `data` by MIME type, or the error.

        Nothing that the code raises leaves this function, SystemExit included. What it printed
        before it failed is not part of the answer, as in Livy.
        """
        try:
            chunks = split(code)
        except SyntaxError as error:
            return error_output(type(error), error, None)
        out, err = io.StringIO(), io.StringIO()
        result: Json | None = None
        try:
            with redirect_stdout(out), redirect_stderr(err):
                for chunk in chunks:
                    result = self._run_chunk(chunk)
        except UnknownMagic as error:
            return error_output(type(error), error, None)
        except BaseException:
            return error_output(*sys.exc_info())
        text = (out.getvalue() + err.getvalue()).rstrip()
        data = dict(result or {})
        if text or not data:
            data["text/plain"] = text
        return {"status": "ok", "data": data}

    def _run_chunk(self, chunk: ast.Module | str) -> Json | None:
        if isinstance(chunk, str):
            return self._run_magic(chunk)
        # One node at a time: only the last is run as at a prompt, which prints its value.
        for node in chunk.body[:-1]:
            exec(compile(ast.Module([node], []), SOURCE, "exec"), self.namespace)  # noqa: S102
        for node in chunk.body[-1:]:
            exec(compile(ast.Interactive([node]), SOURCE, "single"), self.namespace)  # noqa: S102
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
    lines = traceback.format_exception(kind, error, trace, chain=False)
    for index, line in enumerate(lines):
        if _TOP_FRAME.match(line):
            lines = lines[:1] + lines[index + 1 :]
            break
    name = kind.__name__ if kind else "Error"
    return {"status": "error", "ename": name, "evalue": str(error), "traceback": lines}
