"""Reads every notebook of a stage, and what each needs: what `status` shows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from emr_notebook.cli.aws.followed_records import FollowedRecord, followed_records
from emr_notebook.cli.aws.kept_notebooks import KeptNotebook, kept_notebooks
from emr_notebook.cli.aws.notebooks import NotebookStatus, list_notebooks, read_statuses
from emr_notebook.cli.aws.reader import Denied, Reader
from emr_notebook.cli.health.findings import Finding, status_findings
from emr_notebook.cli.next_commands import Commands
from emr_notebook.settings.model import Settings


@dataclass(frozen=True)
class StageStatus:
    """A stage's notebooks in the settings' order, and those it has kept beside them.

    `records` are the names of the followed clusters, by the cluster's key.
    `denied` are the IAM actions without which some of this is not known.
    """

    notebooks: Sequence[tuple[NotebookStatus, Sequence[Finding]]]
    kept: Sequence[KeptNotebook] = ()
    records: Mapping[str, FollowedRecord] = field(default_factory=dict)
    denied: frozenset[str] = frozenset()

    def needing_attention(self) -> "StageStatus":
        """The notebooks that somebody has to do something about."""
        return replace(self, notebooks=[each for each in self.notebooks if each[1]], kept=())


def stage_status(
    reader: Reader, settings: Settings, commands: Commands, done: Callable[[], object]
) -> StageStatus:
    """The stage's notebooks now; `done` is called after each call about one of them.

    Raises Denied when not even a list may be had, and otherwise as Reader.ask does.
    """
    notebooks = settings.resolved_notebooks
    found = list_notebooks(reader, [each.name for each in notebooks])
    statuses = read_statuses(reader, notebooks, found, done=done)
    denied = {action for each in statuses for action in each.denied}
    kept: list[KeptNotebook] = []
    try:
        kept = kept_notebooks(reader, settings, found)
    except Denied as missing:
        denied.add(missing.action)
    records = followed_records(reader, settings)
    denied |= {each.denied for each in records.values() if each.denied}
    findings = [(each, status_findings(each, commands)) for each in statuses]
    return StageStatus(findings, kept, records, frozenset(denied))
