"""Runs the emr-notebook command: its subcommands are modules of their own."""

import sys
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from emr_notebook.cli.command import FAILED
from emr_notebook.cli.doctor.command import doctor
from emr_notebook.cli.health.status import status
from emr_notebook.cli.health.verify import verify
from emr_notebook.cli.init.command import init
from emr_notebook.cli.open.command import open_notebook
from emr_notebook.cli.plan.command import plan

NAME = "emr-notebook"
PROJECT = Path(__file__).parents[2] / "pyproject.toml"


class Commands(TyperGroup):
    """The subcommands; a mistaken call ends as the commands' own errors do.

    Typer's own status for it is 2, with which a plan says that something changes.
    """

    def main(self, *args: Any, **options: Any) -> NoReturn:
        """Run one of them, and exit with its status."""
        try:
            status = super().main(*args, **{**options, "standalone_mode": False})
        except TyperException as mistake:
            context = getattr(mistake, "ctx", None)
            said = mistake.format_message().removesuffix(".")
            end = "" if said.endswith("?") else "."
            command = context.command_path if context else NAME
            line = f"error: {said[:1].lower()}{said[1:]}{end} Next: {command} --help"
            typer.echo(line, err=True)
            status = FAILED
        sys.exit(status)


app = typer.Typer(
    cls=Commands,
    help="Look after the notebooks of a stage. init writes a settings file, and open starts a "
    "notebook when it is told to; nothing else changes anything.",
    add_completion=False,
    pretty_exceptions_enable=False,
    # Plain help calls a flag a flag: Rich's shows <bool> where a value would be.
    rich_markup_mode=None,
)
app.command()(init)
app.command()(doctor)
app.command()(plan)
app.command()(verify)
app.command()(status)
app.command("open")(open_notebook)


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
