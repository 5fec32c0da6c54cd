"""The emr-notebook command as it is installed: its subcommands and their help."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from emr_notebook.cli.main import app

COMMANDS = ("doctor", "plan", "verify", "status")


def help_of(*command: str) -> str:
    return CliRunner().invoke(app, [*command, "--help"], env={"COLUMNS": "200"}).stdout


def test_the_command_is_installed_beside_python() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("emr-notebook"), "--help"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert [name for name in COMMANDS if f" {name} " in done.stdout] == list(COMMANDS)


def test_the_overview_lists_every_command_and_no_other() -> None:
    listed = [each.name or each.callback.__name__ for each in app.registered_commands]  # type: ignore[union-attr]

    assert listed == list(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_an_example_and_what_the_exit_statuses_mean(command: str) -> None:
    text = " ".join(help_of(command).split())

    assert f"Example: emr-notebook {command} --stage dev" in text
    assert command == "status" or "Exit status: 0 " in text
