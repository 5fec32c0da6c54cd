"""`emr-notebook doctor`: checks that everything is there that a deploy needs."""

import json
import shlex
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from threading import Lock
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from emr_notebook.cli.aws.reader import CommandError, Reader, caching_reader
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
    owner,
    quotas,
    repositories,
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
    repositories.check,
    keys.check,
    quotas.check,
    stacks.check,
)
STATUS = {State.OK: OK, State.WARNING: OK, State.FAILED: FAILED, State.NOT_CHECKED: UNKNOWN}
STYLES = {
    State.OK: "green",
    State.WARNING: "yellow",
    State.FAILED: "red",
    State.NOT_CHECKED: "yellow",
}
MARGIN = 12


DeployRole = Annotated[
    str | None,
    typer.Option(
        "--deploy-role",
        help="who deploys without cdk bootstrap, as a plain template is deployed",
        metavar="ARN",
    ),
]
AsOwner = Annotated[
    str | None,
    typer.Option(
        "--as", help="check instead what this user or role needs as an owner", metavar="ARN"
    ),
]


@report_errors
def doctor(
    stage: Stage = "dev",
    as_json: AsJson = False,
    deploy_role_arn: DeployRole = None,
    as_owner: AsOwner = None,
) -> int:
    """Check what a deploy of the stage needs.

    Of each prerequisite: ok; failed, with its cause and what mends it; a
    warning of what notebooks do without, in the same form; or not checked,
    with the permission that is missing, or what AWS's records do not hold,
    such as whether Livy answers. Only reading calls are made.

    Exit status: 0 nothing is missing that AWS's records show; 1 something is;
    3 a permission or an answer is, and nothing else is known to be.

    Example: emr-notebook doctor --stage dev
    """
    settings = load_settings(stage)
    commands, areas = Commands.of(stage, settings), _areas(deploy_role_arn, as_owner)
    with progress_output().status("Checking what a deploy needs") as progress:
        reader = aws_reader(settings.region)
        lines = examine(reader, settings, commands, say=progress.update, areas=areas)
    if as_json:
        typer.echo(json.dumps(lines_json(stage, lines), indent=2))
    else:
        print_lines(output(), lines)
        given = _option("deploy-role", deploy_role_arn) + _option("as", as_owner)
        then = "" if as_owner else commands.plan()
        typer.echo(summary(lines, commands.doctor() + given, then))
    return STATUS[worst_state(lines)]


def _option(option: str, value: str | None) -> str:
    return "" if value is None else f" --{option} {shlex.quote(value)}"


def _areas(deployer: str | None, as_owner: str | None) -> tuple[Check, ...]:
    """Those of a deploy through the bootstrap, of a deploy by `deployer`, or the owner's alone."""
    if deployer and as_owner:
        raise CommandError("--deploy-role and --as are two checks: give one of the two")
    if as_owner:
        return (partial(owner.check, principal=as_owner),)
    if deployer is None:
        return AREAS
    by_role: dict[Check, Check] = {
        deploy_role.check: partial(deploy_role.check, deployer=deployer),
        keys.check: partial(keys.check, deployer=deployer),
        roles.check: partial(roles.check, has_bootstrap=False),
    }
    of_bootstrap = (caller.check, bootstrap.check)
    return tuple(by_role.get(each, each) for each in AREAS if each not in of_bootstrap)


def examine(
    reader: Reader,
    settings: Settings,
    commands: Commands,
    *,
    say: Callable[[str], object],
    areas: Sequence[Check] = AREAS,
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
            say(f"Checking what a deploy needs: {done} of {len(areas)}")

    found = reader.map_concurrently(lambda check: check(reader, settings, commands), areas, count)
    return [account, *(line for lines in found for line in lines)]


def print_lines(console: Console, lines: Sequence[Line]) -> None:
    """Each prerequisite, and below it what mends it."""
    for line in lines:
        text = Text(f"{line.state:<{MARGIN}}", STYLES[line.state])
        text.append(f"{line.subject}: {line.what}" if line.what else line.subject, "default")
        console.print(text, soft_wrap=True)
        for more in (*line.commands, *filter(None, [line.advice])):
            console.print(Text(f"{'':{MARGIN}}{more}"), soft_wrap=True)


def summary(lines: Sequence[Line], again: str, then: str) -> str:
    """How many lines there are of each state, the worst first, and the next command, if any.

    `again` looks again, once something is mended; `then` comes when nothing failed.
    """
    counts = Counter(line.state for line in lines)
    said = ", ".join(f"{counts[state]} {state}" for state in reversed(State) if counts[state])
    if counts[State.FAILED]:
        return f"{said}. Next: mend what failed, then {again}"
    return f"{said}. Next: {then}" if then else said


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
                "counts": line.counts,
            }
            for line in lines
        ],
    }
