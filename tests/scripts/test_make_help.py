"""`make help`, the list of what make does here."""

import subprocess

from tests.conftest import ROOT


def test_every_line_fits_a_terminal_and_what_each_does_stands_in_one_column() -> None:
    done = subprocess.run(
        ["make", "help"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    lines = done.stdout.splitlines()
    column = len("  make livy-contract ")

    assert any(line.startswith("  make livy-contract ") for line in lines)
    for line in lines:
        assert len(line) <= 80, line
        assert line[column - 1] == " ", line
        assert line[column] != " ", line
