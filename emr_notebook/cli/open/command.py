"""`emr-notebook open`: opens one of the stage's notebooks in the browser."""

import shlex
from typing import Annotated

import typer

from emr_notebook.cli.aws.notebook_actions import NotebookActions
from emr_notebook.cli.aws.reader import CommandError, Denied, Reader
from emr_notebook.cli.command import OK, Stage, load_settings, reader_for, report_errors
from emr_notebook.cli.next_commands import Commands
from emr_notebook.cli.open.browser import graphical_browser
from emr_notebook.cli.open.readiness import require_in_service, start_and_wait
from emr_notebook.cli.output import progress_output
from emr_notebook.settings.model import Settings

Name = Annotated[
    str,
    typer.Argument(
        help="the notebook's key in the settings, or its instance's name", metavar="NAME"
    ),
]
Print = Annotated[
    bool, typer.Option("--print", help="print its address, and open nothing: whoever has it is in")
]
Start = Annotated[bool, typer.Option("--start", help="start it if it is not running, and wait")]


@report_errors
def open_notebook(
    name: Name, stage: Stage = "dev", print_url: Print = False, start: Start = False
) -> int:
    """Open a notebook of the stage in the browser.

    SageMaker makes an address for it that is good for 5 minutes, and for
    whoever has it. It goes to the browser, and is printed with --print alone.
    A notebook that is stopped is named, with what starts it; with --start it is
    started and waited for, at most 15 minutes. Nothing else is changed.

    Exit status: 0 it is open, or its address printed; 1 it is not, and why.

    Example: emr-notebook open alice --stage dev --start
    """
    settings = load_settings(stage)
    instance, commands = instance_name(settings, name, stage), Commands.of(stage, settings)
    browser = None if print_url else graphical_browser()
    if browser is None and not print_url:
        raise CommandError(
            f"there is no browser here. Next: {_again(name, stage)} --print, and open what it "
            "prints where there is one, within 5 minutes"
        )
    try:
        reader = reader_for(settings)
        url = presigned_url(reader, instance, commands, _again(name, stage), start=start)
    except Denied as denied:
        raise CommandError(
            f"{denied}. Next: {commands.doctor()} --as ARN, with your user or role, says all that "
            "an owner lacks"
        ) from None
    if browser is None:
        typer.echo("Good for 5 minutes, and whoever has it is in the notebook:", err=True)
        typer.echo(url)
    elif browser.open(url):
        typer.echo(f"{instance} is open in the browser")
    else:
        raise CommandError(
            f"the browser did not start. Next: {_again(name, stage)} --print, and open what it "
            "prints"
        )
    return OK


def presigned_url(
    reader: Reader, instance: str, commands: Commands, again: str, *, start: bool
) -> str:
    """The address that opens the notebook, which is started before it where `start` says so.

    `again` is the command that was given. Raises CommandError unless it runs, and as Reader.ask
    does.
    """
    actions = NotebookActions.of(reader)
    if start:
        with progress_output().status(f"Looking at {instance}") as progress:
            start_and_wait(reader, actions, instance, commands, say=progress.update)
    else:
        require_in_service(reader, instance, commands, f"{again} --start")
    return actions.presigned_url(instance)


def instance_name(settings: Settings, name: str, stage: str) -> str:
    """The name of the instance whose key or name it is. Raises CommandError for any other."""
    notebooks = settings.resolved_notebooks
    by_key = {each.key: each.name for each in notebooks}
    if name in by_key:
        return by_key[name]
    if name in by_key.values():
        return name
    listed = ", ".join(by_key) or "none"
    raise CommandError(
        f"stage {stage} has no notebook {name!r}. Notebooks: {listed}. Next: give one of these, or "
        "its instance's name, as emr-notebook status shows it"
    )


def _again(name: str, stage: str) -> str:
    return f"emr-notebook open {shlex.quote(name)} --stage {shlex.quote(stage)}"
