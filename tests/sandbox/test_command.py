"""`python -m sandbox` refuses in one line what it cannot run on, before anything is started."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.sandbox


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "sandbox", tmp_path / "sandbox", ignore=ignored)
    return tmp_path


@pytest.mark.parametrize(
    ("before", "said"),
    [
        ("touch .sandbox", ".sandbox is not a folder"),
        ("ulimit -n 256", "lets a program open 256 files"),
        ("exec >&-", "standard output is closed"),
        ("exec <&- >&-", "standard output is closed"),
    ],
)
def test_a_machine_that_will_not_do_is_told_why(checkout: Path, before: str, said: str) -> None:
    done = subprocess.run(
        ["sh", "-c", f'{before}; exec "$0" -B -m sandbox check', sys.executable],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert said in done.stderr
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs util-linux's unshare")
@pytest.mark.parametrize(
    ("options", "said"), [("size=40m", "MB of disk left"), ("ro", "cannot be written by this user")]
)
def test_a_disk_that_will_not_do_is_told_why(checkout: Path, options: str, said: str) -> None:
    (checkout / ".sandbox").mkdir()
    show = f'mount -t tmpfs -o {options} none .sandbox && exec "$0" -B -m sandbox check'

    done = subprocess.run(
        ["unshare", "-Urm", "sh", "-c", show, sys.executable],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_script_that_began_it_in_the_background_ends_it_with_sigint(checkout: Path) -> None:
    """A shell without job control lets what it begins so ignore SIGINT."""
    program = """
import os, signal, sys
from sandbox import __main__ as command
command.run_contained = lambda _: os.kill(os.getpid(), signal.SIGINT) or 0
sys.exit(command.main())
"""
    done = subprocess.run(
        ["sh", "-c", 'trap "" INT; exec "$0" -B -c "$1" check', sys.executable, program],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 130, done.stderr
    assert done.stderr == "The sandbox was interrupted; nothing that it started is left.\n"


def test_with_only_standard_input_and_error_closed_it_runs(checkout: Path) -> None:
    done = subprocess.run(
        ["sh", "-c", 'exec <&- 2>&-; exec "$0" -B -m sandbox check', sys.executable],
        cwd=checkout,
        capture_output=True,
        check=False,
    )

    assert done.returncode == 0
