"""Shares between the commands their options, their reader of AWS, and how they fail."""

import functools
import math
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, NoReturn, ParamSpec

import typer

from emr_notebook.cli.aws.lookup_role import lookup_role_reader
from emr_notebook.cli.aws.printable import printable
from emr_notebook.cli.aws.reader import CommandError, Denied, Reader, Refused
from emr_notebook.cli.aws.session import aws_reader, check_account
from emr_notebook.interrupt import INTERRUPTED
from emr_notebook.settings.file import SettingsError, load_stage
from emr_notebook.settings.model import Settings
from emr_notebook.synthesis import SynthesisError

OK, FAILED, DIFFERENT, UNKNOWN = 0, 1, 2, 3

Stage = Annotated[
    str, typer.Option("--stage", "-s", help="the settings in config/<stage>.yaml", metavar="NAME")
]
LookupRole = Annotated[
    bool,
    typer.Option("--lookup-role", help="read with cdk bootstrap's look-up role of the account"),
]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON for other programs")]

Parameters = ParamSpec("Parameters")


def number_of(unit: str, example: int) -> Callable[[object], float]:
    """Reads an option's value, such as a number of minutes: finite, and not negative."""

    def parse(given: object) -> float:
        try:
            number = float(str(given))
        except ValueError:
            number = math.nan
        if not 0 <= number < math.inf:
            raise typer.BadParameter(f"'{given}' is not a number of {unit}, such as {example}")
        return number

    return parse


def load_settings(stage: str, directory: Path = Path()) -> Settings:
    """The stage's settings. Raises SettingsError."""
    return load_stage(stage, directory / "config", option="--stage ")


def reader_for(settings: Settings, *, lookup_role: bool = False) -> Reader:
    """AWS with the caller's credentials, which are of the stage's account. Raises CommandError.

    Or, from any account, with the look-up role of the stage's.
    """
    if lookup_role:
        return lookup_role_reader(settings)
    reader = aws_reader(settings.region)
    check_account(reader, settings.account)
    return reader


def report_errors(command: Callable[Parameters, int]) -> Callable[Parameters, None]:
    """A command whose mistakes are one line on standard error, and whose result is its status."""

    @functools.wraps(command)
    def run(*args: Parameters.args, **kwargs: Parameters.kwargs) -> None:
        try:
            status = command(*args, **kwargs)
        except (SettingsError, SynthesisError, CommandError, Refused) as error:
            _fail(str(error))
        except Denied as denied:
            _fail(f"{denied}: let their IAM policy allow it")
        except (LookupError, TypeError, AttributeError) as error:
            _fail(
                f"this cannot go on ({type(error).__name__}: {printable(str(error))}): an answer "
                "of AWS's is of a form that is not known here, or this is a bug. Next: try again"
            )
        except KeyboardInterrupt:
            _fail("interrupted", INTERRUPTED)
        raise typer.Exit(status)

    return run


def _fail(text: str, status: int = FAILED) -> NoReturn:
    typer.echo(f"error: {text}", err=True)
    raise typer.Exit(status)
