"""Runs the emr-notebook command: its subcommands are modules of their own."""

import typer

from emr_notebook.cli.doctor.command import doctor
from emr_notebook.cli.health.status import status
from emr_notebook.cli.health.verify import verify
from emr_notebook.cli.plan.command import plan

app = typer.Typer(
    help="Look after the notebooks of a stage. Nothing here changes anything.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(doctor)
app.command()(plan)
app.command()(verify)
app.command()(status)


def main() -> None:
    """Run the command line."""
    app(prog_name="emr-notebook")
