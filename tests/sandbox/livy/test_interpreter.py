"""Python code, run and answered as Livy's PySpark interpreter does."""

import datetime
import decimal
import sys
from typing import Any

import pytest

from sandbox.livy.interpreter import Captured, Interpreter


class Prompt:
    """An interpreter that has this process's streams while it runs a statement, and no longer."""

    def __init__(self) -> None:
        self.namespace: dict[str, Any] = {}
        self._interpreter = Interpreter(self.namespace)
        self._streams: tuple[Any, Any] = Captured(), Captured()

    def run(self, code: str) -> dict[str, Any]:
        before = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = self._streams
        try:
            return self._interpreter.run(code)
        finally:
            self._streams = sys.stdout, sys.stderr
            sys.stdout, sys.stderr = before


@pytest.fixture
def interpreter() -> Prompt:
    return Prompt()


def printed(output: dict[str, Any]) -> str:
    assert output["status"] == "ok", output
    return str(output["data"]["text/plain"])


def test_only_the_last_expression_is_shown(interpreter: Prompt) -> None:
    assert printed(interpreter.run("1\n2\n'é'")) == "'é'"


def test_variables_last_from_one_statement_to_the_next(interpreter: Prompt) -> None:
    interpreter.run("x = 20")

    assert printed(interpreter.run("x + 1")) == "21"


def test_standard_error_follows_standard_output(interpreter: Prompt) -> None:
    code = "import sys\nprint('late', file=sys.stderr)\nprint('early')"

    assert printed(interpreter.run(code)) == "early\nlate"


def test_what_a_failed_statement_printed_does_not_show_up_later(interpreter: Prompt) -> None:
    interpreter.run("print('lost')\n1/0")
    interpreter.run("None")  # as the statement that Livy runs before each, for its job group

    assert printed(interpreter.run("1")) == "1"


def test_writing_to_standard_output_shows_no_count(interpreter: Prompt) -> None:
    code = "import sys\nsys.stdout.write('x')\nsys.stdout.write(b'y')"

    assert printed(interpreter.run(code)) == "xy"


def test_a_stream_that_is_none_of_livys_ends_the_interpreter(interpreter: Prompt) -> None:
    with pytest.raises(AttributeError, match="getvalue"):
        interpreter.run("import sys, os\nsys.stdout = open(os.devnull, 'w')")


def test_leaving_the_interpreter_is_an_error_like_others(interpreter: Prompt) -> None:
    output = interpreter.run("raise SystemExit(3)")

    assert (output["ename"], output["evalue"]) == ("SystemExit", "3")


def test_the_cause_of_an_error_is_left_out_as_livy_does(interpreter: Prompt) -> None:
    output = interpreter.run(
        "try:\n    1/0\nexcept ZeroDivisionError as e:\n    raise KeyError from e"
    )

    assert output["traceback"] == ["Traceback (most recent call last):\n", "KeyError\n"]


def test_a_magic_after_code_sees_its_variables(interpreter: Prompt) -> None:
    output = interpreter.run("d = {'a': [1]}\n%json d")

    assert output["data"] == {"application/json": {"a": [1]}}


def test_a_percent_sign_inside_python_is_no_magic(interpreter: Prompt) -> None:
    assert printed(interpreter.run("x = 7\n(x\n% 4)")) == "3"


def test_a_table_has_a_type_for_each_column(interpreter: Prompt) -> None:
    interpreter.namespace["rows"] = [
        [None, decimal.Decimal("1.5"), datetime.date(2024, 2, 29), [1], {"k": True}],
        [2.5, decimal.Decimal(2), datetime.date(2024, 3, 1), [], {}],
    ]

    table = interpreter.run("%table rows")["data"]["application/vnd.livy.table.v1+json"]

    assert [header["type"] for header in table["headers"]] == [
        "DOUBLE_TYPE",
        "DECIMAL_TYPE",
        "DATE_TYPE",
        "ARRAY_TYPE",
        "MAP_TYPE",
    ]
    assert table["data"][0] == [None, "1.5", "2024-02-29", [1], {"k": True}]


def test_a_table_whose_rows_disagree_is_refused(interpreter: Prompt) -> None:
    content = interpreter.run("rows = [[1], ['x']]\n%table rows")["data"]["content"]

    assert content["evalue"] == "table rows have different types"


def test_a_figure_becomes_a_png(interpreter: Prompt) -> None:
    class Pyplot:
        def gcf(self) -> "Pyplot":
            return self

        def savefig(self, file: Any, format: str) -> None:  # noqa: A002 - matplotlib's name
            file.write(format.encode())

    interpreter.namespace["plt"] = Pyplot()

    assert interpreter.run("%matplot plt")["data"]["image/png"] == "cG5n"
