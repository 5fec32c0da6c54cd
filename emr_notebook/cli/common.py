"""What the commands share: the stage that is meant, where they print, and how they fail."""

import functools
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, NoReturn, ParamSpec

import typer
from rich.console import Console

from emr_notebook.cli.lookup_role import lookup_role_reader
from emr_notebook.cli.reader import CommandError, Denied, Reader, Refused, aws_reader, check_account
from emr_notebook.settings import Settings
from emr_notebook.settings_file import SettingsError, load_stage
from emr_notebook.start_script import ScriptTooLarge

OK, FAILED, DIFFERENT, UNKNOWN = 0, 1, 2, 3
# The width of a table that goes into a file or a pipe: nothing in it is cut.
PIPED_COLUMNS = 200

Stage = Annotated[
    str, typer.Option("--stage", "-s", help="the settings in config/<stage>.yaml", metavar="NAME")
]
LookupRole = Annotated[
    bool,
    typer.Option("--lookup-role", help="read with cdk bootstrap's look-up role of the account"),
]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON for other programs")]

Parameters = ParamSpec("Parameters")


def output() -> Console:
    """Where results go: a terminal, or plain text for a pipe."""
    piped = not sys.stdout.isatty()
    width = PIPED_COLUMNS if piped and "COLUMNS" not in os.environ else None
    return Console(width=width, soft_wrap=False, highlight=False, no_color=True if piped else None)


def progress_output() -> Console:
    """Where progress goes: the terminal, never the result."""
    return Console(stderr=True)


def settings_of(stage: str, directory: Path = Path()) -> Settings:
    """The stage's settings. Raises SettingsError."""
    return load_stage(stage, directory / "config")


def reader_for(settings: Settings, *, lookup_role: bool = False) -> Reader:
    """AWS with the caller's credentials, which are of the stage's account. Raises CommandError.

    Or, from any account, with the look-up role of the stage's.
    """
    if lookup_role:
        return lookup_role_reader(settings)
    reader = aws_reader(settings.region)
    check_account(reader, settings.account)
    return reader


def fails_in_words(command: Callable[Parameters, int]) -> Callable[Parameters, None]:
    """A command whose mistakes are one line on standard error, and whose result is its status."""

    @functools.wraps(command)
    def run(*args: Parameters.args, **kwargs: Parameters.kwargs) -> None:
        try:
            status = command(*args, **kwargs)
        except (SettingsError, ScriptTooLarge, CommandError) as error:
            _fail(str(error))
        except Denied as denied:
            _fail(f"these credentials may not {denied.action}: let their IAM policy allow it")
        except Refused as refused:
            _fail(f"AWS refused {refused}")
        except KeyboardInterrupt:
            _fail("interrupted")
        raise typer.Exit(status)

    return run


def _fail(text: str) -> NoReturn:
    typer.echo(f"error: {text}", err=True)
    raise typer.Exit(FAILED)
