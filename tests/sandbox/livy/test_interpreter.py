"""Python code, run and answered as Livy's PySpark interpreter does."""

import datetime
import decimal
import sys
from typing import Any

import pytest

from sandbox.livy.interpreter import Interpreter


@pytest.fixture
def interpreter() -> Interpreter:
    return Interpreter({})


def printed(output: dict[str, Any]) -> str:
    assert output["status"] == "ok", output
    return str(output["data"]["text/plain"])


def test_only_the_last_expression_is_shown(interpreter: Interpreter) -> None:
    assert printed(interpreter.run("1\n2\n'é'")) == "'é'"


def test_variables_last_from_one_statement_to_the_next(interpreter: Interpreter) -> None:
    interpreter.run("x = 20")

    assert printed(interpreter.run("x + 1")) == "21"


def test_standard_error_follows_standard_output(interpreter: Interpreter) -> None:
    code = "import sys\nprint('late', file=sys.stderr)\nprint('early')"

    assert printed(interpreter.run(code)) == "early\nlate"


def test_what_a_failed_statement_printed_does_not_show_up_later(interpreter: Interpreter) -> None:
    interpreter.run("print('lost')\n1/0")

    assert printed(interpreter.run("1")) == "1"


def test_leaving_the_interpreter_is_an_error_like_others(interpreter: Interpreter) -> None:
    output = interpreter.run("raise SystemExit(3)")

    assert (output["ename"], output["evalue"]) == ("SystemExit", "3")


def test_the_cause_of_an_error_is_left_out_as_livy_does(interpreter: Interpreter) -> None:
    output = interpreter.run(
        "try:\n    1/0\nexcept ZeroDivisionError as e:\n    raise KeyError from e"
    )

    assert output["traceback"] == ["Traceback (most recent call last):\n", "KeyError\n"]


def test_standard_output_is_restored(interpreter: Interpreter) -> None:
    before = sys.stdout

    interpreter.run("1/0")

    assert sys.stdout is before


def test_a_magic_after_code_sees_its_variables(interpreter: Interpreter) -> None:
    output = interpreter.run("d = {'a': [1]}\n%json d")

    assert output["data"] == {"application/json": {"a": [1]}}


def test_a_percent_sign_inside_python_is_no_magic(interpreter: Interpreter) -> None:
    assert printed(interpreter.run("x = 7\n(x\n% 4)")) == "3"


def test_a_table_has_a_type_for_each_column(interpreter: Interpreter) -> None:
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


def test_a_table_whose_rows_disagree_is_refused(interpreter: Interpreter) -> None:
    content = interpreter.run("rows = [[1], ['x']]\n%table rows")["data"]["content"]

    assert content["evalue"] == "table rows have different types"


def test_a_figure_becomes_a_png(interpreter: Interpreter) -> None:
    class Pyplot:
        def gcf(self) -> "Pyplot":
            return self

        def savefig(self, file: Any, format: str) -> None:  # noqa: A002 - matplotlib's name
            file.write(format.encode())

    interpreter.namespace["plt"] = Pyplot()

    assert interpreter.run("%matplot plt")["data"]["image/png"] == "cG5n"
