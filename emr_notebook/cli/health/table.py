"""Prints a stage's notebooks as a table, and writes them as JSON."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.text import Text

from emr_notebook.cli.aws.followed_records import FollowedRecord
from emr_notebook.cli.aws.kept_notebooks import KeptNotebook
from emr_notebook.cli.aws.live_endpoint import ASKED_BY, NOT_ASKED
from emr_notebook.cli.aws.notebooks import IN_SERVICE, READ_LOG, NotebookStatus
from emr_notebook.cli.aws.printable import printable
from emr_notebook.cli.health.findings import Finding, configured_livy_url, next_commands
from emr_notebook.cli.health.stage_status import StageStatus
from emr_notebook.cli.output import make_table, print_table
from emr_notebook.settings.schedule import Action, WeeklyTime, acts_next, times_in_words

NOT_DEPLOYED = "not deployed"
COLUMNS = ("Notebook", "State", "Owner", "Cluster", "Address", "Script", "Last start")
ACTS_NEXT = "Acts next"
UNDECIDED = "not in the settings: the next deploy lets it go or deletes it, as plan says"


def print_status(console: Console, status: StageStatus, now: datetime) -> None:
    """The table, what needs attention below it, and the commands that help.

    When a notebook is started or stopped next is a column where there are such times.
    """
    has_times = any(notebook.settings.scheduled for notebook, _ in status.notebooks)
    table = make_table(*COLUMNS, *([ACTS_NEXT] if has_times else []))
    for notebook, findings in status.notebooks:
        style = "red" if findings else ("" if notebook.state else "dim")
        coming = [acts_next(_times(notebook), now)] if has_times else []
        table.add_row(*map(Text, [*_row(notebook), *coming]), style=style)
    for kept in status.kept:
        table.add_row(*map(Text, _kept_row(kept)), style="dim")
    print_table(console, table)
    for line in _lines_below(status):
        console.print(Text(line), soft_wrap=True)
    if any(notebook.state == IN_SERVICE for notebook, _ in status.notebooks):
        console.print(f"Livy is not checked: {NOT_ASKED}. Next: {ASKED_BY}", soft_wrap=True)
    found = [finding for _, findings in status.notebooks for finding in findings]
    print_next(console, [*found, *status.leftovers])


def _lines_below(status: StageStatus) -> Iterator[str]:
    """What the table's columns have no room for."""
    yield from (f"{each.name}: {UNDECIDED}" for each in status.kept if each.is_held)
    yield from map(str, status.records.values())
    for notebook, findings in status.notebooks:
        yield from (f"{notebook.name}: {finding}" for finding in findings)
    yield from map(str, status.leftovers)


def print_next(console: Console, findings: Sequence[Finding]) -> None:
    """The findings' commands, each once, in the order in which they help."""
    commands = next_commands(findings)
    if commands:
        console.print(Text("Next (a stop ends what runs in the notebook):", "bold"))
    for command in commands:
        console.print(Text(f"  {command}"), soft_wrap=True)


def status_json(stage: str, status: StageStatus, now: datetime) -> dict[str, Any]:
    """The same for other programs; what is not known is null."""
    return {
        "stage": stage,
        "notebooks": [_as_json(notebook, findings, now) for notebook, findings in status.notebooks],
        "kept": [
            {
                "name": each.name,
                "state": each.state,
                "stack": each.stack,
                "owner": each.owner,
                "held_by_stack": each.is_held,
            }
            for each in status.kept
        ],
        "clusters": [_record(key, each) for key, each in status.records.items()],
        "leftovers": [
            {"what": each.what, "next": list(each.commands)} for each in status.leftovers
        ],
        "denied": sorted(status.denied),
        "not_checked": [f"Livy: {NOT_ASKED}"],
    }


def _record(key: str, followed: FollowedRecord) -> dict[str, Any]:
    record = followed.record
    return {
        "key": key,
        "name": followed.name,
        "state": record.state.value if record else None,
        "since": record.since if record else None,
        "cluster_id": record.cluster_id if record else None,
        "address": record.address if record else None,
        "why": (record.why if record else followed.problem) or None,
    }


def _row(notebook: NotebookStatus) -> list[str]:
    key, name = notebook.settings.key, notebook.name
    ran, script = notebook.report.values, notebook.script
    return [
        name if name.endswith(key) else f"{name} ({key})",
        notebook.state or NOT_DEPLOYED,
        notebook.settings.owner or "",
        notebook.settings.cluster,
        _with_next(
            ran.get("livy_url", ""),
            configured_livy_url(notebook),
            script.livy_url if script else "",
        ),
        _with_next(ran.get("script", ""), ran.get("script", ""), script.version if script else ""),
        _last_start(notebook),
    ]


def _last_start(notebook: NotebookStatus) -> str:
    """When it was and how it ended, as the notebook's log says."""
    ran = notebook.report.values
    if not ran:
        if READ_LOG in notebook.denied:
            return "not known"
        return "no report" if notebook.state else ""
    check = ran.get("check", "not checked")
    livy = "Livy answered" if check == "ok" else f"Livy: {check}"
    return printable(f"{ran.get('time', '')} {ran['state']}, {livy}", 80)


def _with_next(used: str, configured: str, next_configured: str) -> str:
    """What is in use, and what the next start brings when that is not what this one brought."""
    return used if next_configured in ("", configured) else f"{used} → {next_configured}".strip()


def _kept_row(kept: KeptNotebook) -> list[str]:
    owner = printable(kept.owner)
    state = f"{kept.state}{', kept' if kept.is_held is False else ''}, not in the settings"
    return [kept.name, state, owner, "", "", "", ""]


def _times(notebook: NotebookStatus) -> dict[Action, WeeklyTime]:
    return notebook.schedule.times if notebook.schedule else {}


def _as_json(
    notebook: NotebookStatus, findings: Sequence[Finding], now: datetime
) -> dict[str, Any]:
    ran = notebook.report.values
    start = {
        **{name: ran.get(name) for name in ("time", "state", "check")},
        "problems": list(notebook.report.problems),
    }
    return {
        "key": notebook.settings.key,
        "name": notebook.name,
        "stack": notebook.settings.stack,
        "state": notebook.state or None,
        "owner": notebook.settings.owner,
        "cluster": notebook.settings.cluster,
        "address": ran.get("livy_url"),
        "deployed_address": notebook.script.livy_url if notebook.script else None,
        "script": ran.get("script"),
        "deployed_script": notebook.script.version if notebook.script else None,
        "last_start": start if ran else None,
        "schedule": times_in_words(_times(notebook)) or None,
        "acts_next": acts_next(_times(notebook), now) or None,
        "attention": [str(finding) for finding in findings],
        "next": next_commands(findings),
    }
