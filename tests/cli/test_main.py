"""The emr-notebook command as it is installed: its subcommands and their help."""

import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from typer.testing import CliRunner

from emr_notebook.cli import main
from emr_notebook.cli.command import FAILED
from emr_notebook.cli.main import app
from tests.conftest import ROOT

COMMANDS = ("init", "doctor", "plan", "verify", "status", "open")
# Those of a stage that is there, and of all its notebooks.
REPORTS = ("doctor", "plan", "verify", "status")
# What the others are told beside the stage.
OF_ONE = {"init": "--cluster j-2AXXXXXXGAPLF ", "open": "alice "}


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


class TestVersion:
    @pytest.mark.slow
    def test_is_the_same_for_the_installed_command_and_for_the_module(self) -> None:
        [project] = re.findall(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.M)
        beside = str(Path(sys.executable).with_name("emr-notebook"))

        for command in ([beside], [sys.executable, "-m", "emr_notebook"]):
            done = subprocess.run(
                [*command, "--version"], capture_output=True, text=True, timeout=60, check=True
            )
            assert done.stdout == f"emr-notebook {project}\n"

    def test_does_not_need_the_package_to_be_installed(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        installed = metadata.version("emr-notebook")
        monkeypatch.setattr(metadata, "version", pytest.fail)

        assert main.version() == installed

    def test_does_not_need_the_checkout(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        checkout = main.version()
        monkeypatch.setattr(main, "PROJECT", tmp_path / "pyproject.toml")

        assert main.version() == checkout

    def test_is_in_the_help(self) -> None:
        assert "--version" in help_of()


def test_the_overview_lists_every_command_and_no_other() -> None:
    listed = [each.name or each.callback.__name__ for each in app.registered_commands]  # type: ignore[union-attr]

    assert listed == list(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_an_example_and_what_the_exit_statuses_mean(command: str) -> None:
    text = " ".join(help_of(command).split())

    assert f"Example: emr-notebook {command} {OF_ONE.get(command, '')}--stage dev" in text
    assert command == "status" or "Exit status: 0 " in text


@pytest.mark.parametrize("command", REPORTS)
def test_help_shows_what_takes_no_value_as_a_flag(command: str) -> None:
    assert re.search(r"^  --json +print JSON for other programs$", help_of(command), re.M)
    assert "<" not in help_of(command).replace("config/<stage>.yaml", "")


@pytest.mark.parametrize("command", [*REPORTS, "open"])
def test_a_mistaken_stage_is_answered_in_terms_of_the_option(command: str) -> None:
    for given, said in (("prdo", "Choose one with --stage <stage>"), ("a/b.yaml", "is a path")):
        name = OF_ONE.get(command, "").split()
        done = CliRunner().invoke(app, [command, *name, "--stage", given])

        assert done.exit_code == 1
        assert said in done.stderr
        assert "-c stage" not in done.stderr


MISTAKES = {
    "an option without its argument": (
        ["plan", "--refresh"],
        "error: option '--refresh' requires an argument. Next: emr-notebook --help\n",
    ),
    "a mistyped option": (
        ["plan", "--refres", "1"],
        "--refresh). Next: emr-notebook plan --help\n",
    ),
    "a mistyped command": (["stauts"], "Did you mean 'status'? Next: emr-notebook --help\n"),
    "an argument too many": (["status", "dev"], "(dev). Next: emr-notebook status --help\n"),
    "no command": ([], "error: missing command. Next: emr-notebook --help\n"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistaken_call_is_one_line_and_not_the_status_of_a_plan_that_changes_something(
    mistake: str,
) -> None:
    given, said = MISTAKES[mistake]
    done = CliRunner().invoke(app, given, prog_name="emr-notebook")

    assert done.exit_code == FAILED
    assert done.stdout == ""
    assert re.fullmatch(r"error: [a-z].*\n", done.stderr)
    assert done.stderr.endswith(said)


@pytest.mark.parametrize("given", ["ten", "-1", "nan", "inf", "10m"])
@pytest.mark.parametrize(
    ("command", "option", "accepted"),
    [
        ("verify", "--wait", "a number of minutes, such as 10"),
        ("plan", "--hours", "a number of hours, such as 160"),
    ],
)
def test_what_is_no_number_is_answered_with_one_that_is(
    command: str, option: str, accepted: str, given: str
) -> None:
    done = CliRunner().invoke(app, [command, option, given], prog_name="emr-notebook")

    assert done.exit_code == FAILED
    assert done.stderr == (
        f"error: invalid value for '{option}': '{given}' is not {accepted}. "
        f"Next: emr-notebook {command} --help\n"
    )


def test_a_python_without_the_packages_is_told_how_to_install_them() -> None:
    done = subprocess.run(
        [sys.executable, "-S", "-m", "emr_notebook", "status"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 1
    said = r"error: \w+ is not installed for \S+\. Next: make install, .+\n"
    assert re.fullmatch(said, done.stderr)
