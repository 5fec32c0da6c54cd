"""What SparkMagic prints as an error fails the cell, and nothing else does."""

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_output

from sandbox.jupyter.run_notebook import sparkmagic_failure


def cell_with(stream: str, text: str) -> NotebookNode:
    output = new_output("stream", name=stream, text=text)  # type: ignore[no-untyped-call]
    cell: NotebookNode = new_code_cell("spark", outputs=[output])  # type: ignore[no-untyped-call]
    return cell


@pytest.mark.parametrize(
    ("text", "evalue"),
    [
        ("An error was encountered:\ndivision by zero\nTraceback …\n", "division by zero"),
        (
            "An internal error was encountered.\nPlease file an issue\nError:\nboom",
            "Please file an issue",
        ),
        ("The code failed because of a fatal error:\n\tno Livy..\n\nSome things", "no Livy.."),
        ("a warning first\n\x1b[31mred\x1b[0m\nAn error was encountered:\nlater", "later"),
    ],
)
def test_what_sparkmagic_prints_as_an_error_fails_the_cell(text: str, evalue: str) -> None:
    failure = sparkmagic_failure(4, cell_with("stderr", text))

    assert failure is not None
    assert (failure.cell_index, failure.ename, failure.evalue) == (4, "SparkMagic", evalue)


@pytest.mark.parametrize(
    ("stream", "text"),
    [
        ("stdout", "An error was encountered:\nquoted by the user's own print"),
        ("stderr", "WARN: no error was encountered"),
    ],
)
def test_other_output_does_not_fail_the_cell(stream: str, text: str) -> None:
    assert sparkmagic_failure(0, cell_with(stream, text)) is None
