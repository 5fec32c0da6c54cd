"""Runs the emr-notebook command: its subcommands are modules of their own."""

import tomllib
from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer

from emr_notebook.cli.doctor.command import doctor
from emr_notebook.cli.health.status import status
from emr_notebook.cli.health.verify import verify
from emr_notebook.cli.plan.command import plan

NAME = "emr-notebook"
PROJECT = Path(__file__).parents[2] / "pyproject.toml"

app = typer.Typer(
    help="Look after the notebooks of a stage. Nothing here changes anything.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    # Plain help calls a flag a flag: Rich's shows <bool> where a value would be.
    rich_markup_mode=None,
)
app.command()(doctor)
app.command()(plan)
app.command()(verify)
app.command()(status)


def version() -> str:
    """The checkout's version, or else the installed package's."""
    if PROJECT.exists():
        project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]
        return str(project["version"])
    return metadata.version(NAME)


def _print_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"{NAME} {version()}")
        raise typer.Exit


Version = Annotated[
    bool,
    typer.Option("--version", help="print the version", callback=_print_version, is_eager=True),
]


@app.callback()
def options(_version: Version = False) -> None:
    """Take the options of the command itself."""


def main() -> None:
    """Run the command line."""
    app(prog_name=NAME)
