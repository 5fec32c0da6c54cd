"""`emr-notebook doctor`: checks that everything is there that a deploy needs."""

import json
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any

import typer
from rich.console import Console
from rich.text import Text

from emr_notebook.cli.aws.reader import Reader, caching_reader
from emr_notebook.cli.aws.session import aws_reader
from emr_notebook.cli.command import (
    FAILED,
    OK,
    UNKNOWN,
    AsJson,
    Stage,
    load_settings,
    report_errors,
)
from emr_notebook.cli.doctor import (
    bootstrap,
    caller,
    clusters,
    deploy_role,
    followed_names,
    keys,
    machine,
    quotas,
    roles,
    stacks,
)
from emr_notebook.cli.doctor.caller import account_line
from emr_notebook.cli.doctor.network import egress, security_groups, subnets
from emr_notebook.cli.doctor.report import Line, State, worst_state
from emr_notebook.cli.next_commands import Commands
from emr_notebook.cli.output import output, progress_output
from emr_notebook.settings.model import Settings

Check = Callable[[Reader, Settings, Commands], list[Line]]

# In the order in which their lines are shown.
AREAS: tuple[Check, ...] = (
    machine.check,
    caller.check,
    bootstrap.check,
    deploy_role.check,
    subnets.check,
    egress.check,
    clusters.check,
    followed_names.check,
    security_groups.check,
    roles.check_boundary,
    roles.check,
    keys.check,
    quotas.check,
    stacks.check,
)
STATUS = {State.OK: OK, State.FAILED: FAILED, State.NOT_CHECKED: UNKNOWN}
STYLES = {State.OK: "green", State.FAILED: "red", State.NOT_CHECKED: "yellow"}
MARGIN = 12


@report_errors
def doctor(stage: Stage = "dev", as_json: AsJson = False) -> int:
    """Check what a deploy of the stage needs.

    Of each prerequisite: ok; failed, with its cause and what mends it; or not
    checked, with the permission that is missing. Only reading calls are made.

    Exit status: 0 all is there; 1 something is not; 3 something could not be
    found out, and all else is there.

    Example: emr-notebook doctor --stage dev
    """
    settings = load_settings(stage)
    commands = Commands.of(stage, settings)
    with progress_output().status("Checking what a deploy needs") as progress:
        lines = examine(aws_reader(settings.region), settings, commands, say=progress.update)
    if as_json:
        typer.echo(json.dumps(lines_json(stage, lines), indent=2))
    else:
        print_lines(output(), lines)
    return STATUS[worst_state(lines)]


def examine(
    reader: Reader, settings: Settings, commands: Commands, *, say: Callable[[str], object]
) -> list[Line]:
    """The lines of all areas; of another account than the stage's, nothing more is looked at.

    No call is made twice. Raises CommandError as Reader.ask does.
    """
    reader = caching_reader(reader)
    account = account_line(reader, settings)
    if account.state is not State.OK:
        return [account]
    done, counting = 0, Lock()

    def count() -> None:
        nonlocal done
        with counting:
            done += 1
            say(f"Checking what a deploy needs: {done} of {len(AREAS)}")

    found = reader.map_concurrently(lambda check: check(reader, settings, commands), AREAS, count)
    return [account, *(line for lines in found for line in lines)]


def print_lines(console: Console, lines: Sequence[Line]) -> None:
    """Each prerequisite, and below it what mends it."""
    for line in lines:
        text = Text(f"{line.state:<{MARGIN}}", STYLES[line.state])
        text.append(f"{line.subject}: {line.what}" if line.what else line.subject, "default")
        console.print(text, soft_wrap=True)
        for more in (*line.commands, *filter(None, [line.advice])):
            console.print(Text(f"{'':{MARGIN}}{more}"), soft_wrap=True)


def lines_json(stage: str, lines: Sequence[Line]) -> dict[str, Any]:
    """The same for other programs."""
    return {
        "stage": stage,
        "ok": worst_state(lines) is State.OK,
        "prerequisites": [
            {
                "about": line.subject,
                "state": line.state.value,
                "what": line.what,
                "commands": list(line.commands),
                "advice": line.advice,
            }
            for line in lines
        ],
    }
