"""`emr-notebook verify`: checks that the notebooks that run can do what they are for."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from emr_notebook.cli.aws.live_endpoint import ASKED_BY, NOT_ASKED
from emr_notebook.cli.aws.reader import Denied, Refused
from emr_notebook.cli.command import (
    FAILED,
    OK,
    UNKNOWN,
    AsJson,
    LookupRole,
    Stage,
    load_settings,
    number_of,
    reader_for,
    report_errors,
)
from emr_notebook.cli.health.findings import Verdict, next_commands, worst_verdict
from emr_notebook.cli.health.stage_check import NotebookCheck, check_notebooks, wait_until_settled
from emr_notebook.cli.health.table import print_next
from emr_notebook.cli.next_commands import Commands
from emr_notebook.cli.output import output, progress_output
from emr_notebook.settings.schedule import acts_next

Wait = Annotated[
    float,
    typer.Option(
        "--wait",
        help="how long to wait for notebooks that start",
        metavar="MINUTES",
        parser=number_of("minutes", 10),
    ),
]
STATUS = {Verdict.FAILED: FAILED, Verdict.UNKNOWN: UNKNOWN}
STYLES = {Verdict.OK: "green", Verdict.FAILED: "red", Verdict.STOPPED: "dim"}


@report_errors
def verify(
    stage: Stage = "dev",
    wait: Wait = 5,
    lookup_role: LookupRole = False,
    as_json: AsJson = False,
) -> int:
    """Check the stage's running notebooks after a deploy.

    Of each: its state, what its log says of its last start, its script against
    the deployed one, and the address it uses against where its cluster's Livy is
    now. One that is stopped is listed, and is no failure. Whether Livy answers
    now is not checked: only the notebooks' network reaches it.

    Exit status: 0 nothing is wrong with them; 1 something is; 3 it could not be
    found out.

    Example: emr-notebook verify --stage dev --wait 10
    """
    settings = load_settings(stage)
    try:
        with progress_output().status("Looking at notebooks") as progress:
            reader = reader_for(settings, lookup_role=lookup_role)
            found = wait_until_settled(reader, settings, minutes=wait, say=progress.update)
            commands = Commands.of(stage, settings)
            checks = check_notebooks(reader, settings, found, commands, say=progress.update)
    except (Denied, Refused) as error:
        typer.echo(f"error: not verified: {error}", err=True)
        return UNKNOWN
    now = datetime.now(UTC)
    if as_json:
        typer.echo(json.dumps(checks_json(stage, checks, now), indent=2))
    else:
        print_checks(output(), checks, now)
    return STATUS.get(worst_verdict(each.verdict for each in checks), OK)


def print_checks(console: Console, checks: Sequence[NotebookCheck], now: datetime) -> None:
    """A line for each notebook, what none of them says, and the commands that help."""
    for check in checks:
        coming = acts_next(check.times, now)
        next_action = [f"next {coming}"] if coming else []
        said = "; ".join([*map(str, check.findings), *next_action])
        line = Text(f"{check.verdict:<12}", STYLES.get(check.verdict, "yellow"))
        line.append(f"{check.name}: {said}" if said else check.name, "default")
        console.print(line, soft_wrap=True)
    for what in _not_checked(checks):
        line = Text(f"{'not checked':<12}", "yellow").append(f"{what}. Next: {ASKED_BY}", "default")
        console.print(line, soft_wrap=True)
    print_next(console, [finding for check in checks for finding in check.findings])


def checks_json(stage: str, checks: Sequence[NotebookCheck], now: datetime) -> dict[str, Any]:
    """The same for other programs."""
    verdict = worst_verdict(check.verdict for check in checks)
    return {
        "stage": stage,
        "ok": verdict not in STATUS,
        "not_checked": _not_checked(checks),
        "notebooks": [
            {
                "key": check.key,
                "name": check.name,
                "verdict": check.verdict.value,
                "findings": [str(finding) for finding in check.findings],
                "next": next_commands(check.findings),
                "acts_next": acts_next(check.times, now) or None,
            }
            for check in checks
        ],
    }


def _not_checked(checks: Sequence[NotebookCheck]) -> list[str]:
    """What nobody outside of the network can tell of the clusters whose notebooks are ok."""
    clusters = sorted({each.cluster for each in checks if each.verdict is Verdict.OK})
    return [f"Livy of {each}: {NOT_ASKED}" for each in clusters]
