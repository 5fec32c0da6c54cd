"""A stage's notebooks as a table, and as JSON."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from emr_notebook.cli.aws.kept_notebooks import KeptNotebook
from emr_notebook.cli.aws.notebooks import SeenNotebook
from emr_notebook.cli.health.findings import Finding, told
from emr_notebook.cli.health.stage_status import StageStatus
from emr_notebook.cli.next_commands import in_order
from emr_notebook.cli.output import make_table, print_table

NOT_DEPLOYED = "not deployed"
COLUMNS = ("Notebook", "State", "Owner", "Cluster", "Address", "Script", "Last start")


def print_status(console: Console, status: StageStatus) -> None:
    """The table, what needs attention below it, and the commands that help."""
    table = make_table(*COLUMNS)
    for seen, findings in status.notebooks:
        style = "red" if findings else ("" if seen.state else "dim")
        table.add_row(*map(Text, _row(seen)), style=style)
    for kept in status.kept:
        table.add_row(*map(Text, _kept_row(kept)), style="dim")
    print_table(console, table)
    for seen, findings in status.notebooks:
        for finding in findings:
            console.print(Text(f"{seen.name}: {finding}"), soft_wrap=True)
    print_next(console, [finding for _, findings in status.notebooks for finding in findings])


def print_next(console: Console, findings: Sequence[Finding]) -> None:
    """The findings' commands, each once, in the order in which they help."""
    commands = in_order(command for finding in findings for command in finding.commands)
    if commands:
        console.print(Text("Next (a stop ends what runs in the notebook):", "bold"))
    for command in commands:
        console.print(Text(f"  {command}"), soft_wrap=True)


def status_json(stage: str, status: StageStatus) -> dict[str, Any]:
    """The same for other programs; what is not known is null."""
    return {
        "stage": stage,
        "notebooks": [_as_json(seen, findings) for seen, findings in status.notebooks],
        "kept": [
            {"name": each.name, "state": each.state, "stack": each.stack, "owner": each.owner}
            for each in status.kept
        ],
        "denied": sorted(status.denied),
    }


def _row(seen: SeenNotebook) -> list[str]:
    key, name = seen.settings.key, seen.name
    ran, script = seen.report.values, seen.script
    return [
        name if name.endswith(key) else f"{name} ({key})",
        seen.state or NOT_DEPLOYED,
        seen.settings.owner or "",
        seen.settings.cluster,
        _then(ran.get("livy_url", ""), told(seen), script.livy_url if script else ""),
        _then(ran.get("script", ""), ran.get("script", ""), script.version if script else ""),
        " ".join(ran[part] for part in ("time", "state") if part in ran),
    ]


def _then(used: str, told_before: str, told_next: str) -> str:
    """What is in use, and what the next start is told when that is not what this one was told."""
    return used if told_next in ("", told_before) else f"{used} → {told_next}".strip()


def _kept_row(kept: KeptNotebook) -> list[str]:
    return [kept.name, f"{kept.state}, kept, not in the settings", kept.owner, "", "", "", ""]


def _as_json(seen: SeenNotebook, findings: Sequence[Finding]) -> dict[str, Any]:
    ran = seen.report.values
    start = {
        **{name: ran.get(name) for name in ("time", "state", "check")},
        "problems": list(seen.report.problems),
    }
    return {
        "key": seen.settings.key,
        "name": seen.name,
        "stack": seen.settings.stack,
        "state": seen.state or None,
        "owner": seen.settings.owner,
        "cluster": seen.settings.cluster,
        "address": ran.get("livy_url"),
        "deployed_address": seen.script.livy_url if seen.script else None,
        "script": ran.get("script"),
        "deployed_script": seen.script.version if seen.script else None,
        "last_start": start if ran else None,
        "attention": [str(finding) for finding in findings],
        "next": in_order(command for finding in findings for command in finding.commands),
    }
