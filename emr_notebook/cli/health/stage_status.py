"""Reads every notebook of a stage, and what each needs: what `status` shows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from emr_notebook.cli.aws.followed_records import FollowedRecord, followed_records
from emr_notebook.cli.aws.kept_notebooks import KeptNotebook, kept_notebooks, tell_held
from emr_notebook.cli.aws.notebooks import NotebookStatus, list_notebooks, read_statuses
from emr_notebook.cli.aws.reader import Denied, Reader, caching_reader
from emr_notebook.cli.aws.unused_lifecycles import unused_lifecycles
from emr_notebook.cli.health.findings import Finding, status_findings, unused_lifecycle
from emr_notebook.cli.health.schedules import schedule_findings
from emr_notebook.cli.next_commands import Commands
from emr_notebook.settings.model import Settings

Item = TypeVar("Item")


@dataclass(frozen=True)
class StageStatus:
    """A stage's notebooks in the settings' order, and what it has kept beside them.

    `records` are the names of the followed clusters, by the cluster's key. `leftovers` are findings
    about what nothing needs any more. `denied` are the IAM actions without which some of this is
    not known.
    """

    notebooks: Sequence[tuple[NotebookStatus, Sequence[Finding]]]
    kept: Sequence[KeptNotebook] = ()
    leftovers: Sequence[Finding] = ()
    records: Mapping[str, FollowedRecord] = field(default_factory=dict)
    denied: frozenset[str] = frozenset()

    def needing_attention(self) -> "StageStatus":
        """The notebooks that somebody has to do something about."""
        failed = [each for each in self.notebooks if each[1]]
        return replace(self, notebooks=failed, kept=(), leftovers=())


def stage_status(
    reader: Reader, settings: Settings, commands: Commands, done: Callable[[], object]
) -> StageStatus:
    """The stage's notebooks now; `done` is called after each call about one of them.

    No call is made twice. Raises Denied when not even a list may be had, and otherwise as
    Reader.ask does.
    """
    reader = caching_reader(reader)
    notebooks = settings.resolved_notebooks
    found = list_notebooks(reader, [each.name for each in notebooks])
    statuses = read_statuses(reader, notebooks, found, done=done)
    denied = {action for each in statuses for action in each.denied}
    kept = _unless_denied(lambda: kept_notebooks(reader, settings, found), denied)
    kept = _unless_denied(lambda: tell_held(reader, kept), denied) or kept
    unused = _unless_denied(lambda: unused_lifecycles(reader, settings), denied)
    needs = [
        [
            *status_findings(each, commands),
            *schedule_findings(each.settings, each.schedule, commands),
        ]
        for each in statuses
    ]
    records = followed_records(reader, settings)
    denied |= {each.denied for each in records.values() if each.denied}
    return StageStatus(
        list(zip(statuses, needs, strict=True)),
        kept,
        [unused_lifecycle(each, commands) for each in unused],
        records,
        frozenset(denied),
    )


def _unless_denied(find: Callable[[], list[Item]], denied: set[str]) -> list[Item]:
    """What is found; nothing, and the missing IAM action in `denied`, without the permission."""
    try:
        return find()
    except Denied as missing:
        denied.add(missing.action)
        return []
