"""`emr-notebook plan`: shows what a deploy would do to endpoints, notebooks and their files."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from emr_notebook.cli.aws.reader import Denied, Refused
from emr_notebook.cli.command import (
    UNKNOWN,
    AsJson,
    LookupRole,
    Stage,
    load_settings,
    number_of,
    reader_for,
    report_errors,
)
from emr_notebook.cli.output import output, progress_output
from emr_notebook.cli.plan.as_json import plan_json
from emr_notebook.cli.plan.costs import costs, parse_prices
from emr_notebook.cli.plan.read import read_aws_state
from emr_notebook.cli.plan.stack import plan_stack
from emr_notebook.cli.plan.stage import StagePlan
from emr_notebook.cli.plan.summary import summary_line
from emr_notebook.cli.plan.table import print_plan
from emr_notebook.synthesis import stage_templates

RefreshOption = Annotated[
    str,
    typer.Option("--refresh", metavar="TEXT", help="plan a deploy with -c refresh=TEXT"),
]
Price = Annotated[
    list[str] | None,
    typer.Option(
        "--price",
        metavar="WHAT=PRICE",
        help="the price of an instance type's hour, or volume-gb-month; repeatable",
    ),
]
Hours = Annotated[
    float | None,
    typer.Option(
        "--hours",
        metavar="N",
        parser=number_of("hours", 160),
        help="how long each notebook runs in a month",
    ),
]
Summary = Annotated[
    Path | None,
    typer.Option(
        "--summary", metavar="FILE", help="also write it to FILE, in a line that an approval shows"
    ),
]


@report_errors
def plan(
    stage: Stage = "dev",
    refresh: RefreshOption = "",
    price: Price = None,
    hours: Hours = None,
    lookup_role: LookupRole = False,
    summary: Summary = None,
    as_json: AsJson = False,
) -> int:
    """Show what the next deploy would do; it changes nothing.

    For each cluster: its deployed and its live endpoint, and which of them the
    deploy takes. For each notebook: whether it is made, changed, restarted,
    replaced or let go of, and where its files are then; and when it is started
    and stopped by itself.

    Exit status: 0 nothing changes; 2 something does; 1 the deploy would fail, as
    for a replacement that is not allowed; 3 it could not all be found out.

    Example: emr-notebook plan --stage dev --price ml.t3.medium=0.05 --hours 160
    """
    prices = parse_prices(price or [], hours)
    settings = load_settings(stage)
    try:
        with progress_output().status("Synthesizing") as progress:
            templates = stage_templates(settings, refresh=refresh)
            progress.update("Reading from AWS")
            reader = reader_for(settings, lookup_role=lookup_role)
            state = read_aws_state(reader, settings, progress.update)
    except (Denied, Refused) as error:
        typer.echo(f"error: not planned: {error}", err=True)
        return UNKNOWN
    stacks = [plan_stack(settings, templates[x], state.stacks[x], state) for x in state.stacks]
    notebooks = [each for stack in stacks for each in stack.notebooks]
    costed = costs(notebooks, prices, hours)
    now = datetime.now(UTC)
    found = StagePlan(stage, refresh, stacks, state.denied, costed, now=now)
    _show(found, as_json=as_json)
    if summary is not None:
        summary.write_text(summary_line(found) + "\n", encoding="utf-8")
    return found.exit_status


def _show(found: StagePlan, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(plan_json(found), indent=2))
    else:
        print_plan(output(), found)
