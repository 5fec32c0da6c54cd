"""`emr-notebook status`: shows the stage's notebooks, one line each."""

import json
from typing import Annotated

import typer

from emr_notebook.cli.aws.notebooks import READ_LOG, READ_SCRIPT
from emr_notebook.cli.command import (
    OK,
    UNKNOWN,
    AsJson,
    Stage,
    load_settings,
    reader_for,
    report_errors,
)
from emr_notebook.cli.health.stage_status import StageStatus, stage_status
from emr_notebook.cli.health.table import print_status, status_json
from emr_notebook.cli.next_commands import Commands
from emr_notebook.cli.output import output, progress_output

OnlyFailed = Annotated[
    bool, typer.Option("--failed", help="only the notebooks that need somebody's attention")
]
# Without these, a notebook that needs attention may be among those that seem not to.
ESSENTIAL = frozenset({READ_LOG, READ_SCRIPT})


@report_errors
def status(stage: Stage = "dev", failed: OnlyFailed = False, as_json: AsJson = False) -> int:
    """Show the stage's notebooks, one line each.

    Of each: state, owner, cluster, address, script, last start. The last three
    are what the notebook's log says, where its user can write, too; an arrow
    shows what the next start will be told. Whether Livy answers now is not
    checked: only the notebooks' network reaches it. Notebooks that were kept
    when their entry was removed are listed, too, and so are lifecycle
    configurations that no notebook uses any more, with the commands that delete
    them.

    Exit status: 0; 3 when the credentials may not read what this needs.

    Example: emr-notebook status --stage dev --failed
    """
    settings = load_settings(stage)
    with progress_output().status("Looking at notebooks") as progress:
        answered = 0

        def done() -> None:
            nonlocal answered
            answered += 1
            progress.update(f"Looking at notebooks: {answered} answers")

        reader = reader_for(settings)
        found = stage_status(reader, settings, Commands.of(stage, settings), done)
    _show(stage, found.needing_attention() if failed else found, as_json=as_json)
    return UNKNOWN if found.denied & ESSENTIAL else OK


def _show(stage: str, found: StageStatus, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(status_json(stage, found), indent=2))
        return
    print_status(output(), found)
    for action in sorted(found.denied):
        typer.echo(f"not all is shown: these credentials may not {action}", err=True)
