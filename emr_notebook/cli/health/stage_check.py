"""Waits for the notebooks that start, then checks each that runs: what `verify` finds out."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from emr_notebook.cli.aws.followed_records import FollowedRecord, followed_records
from emr_notebook.cli.aws.live_endpoint import LiveEndpoint, live_endpoint
from emr_notebook.cli.aws.notebooks import (
    FAILED,
    IN_SERVICE,
    TRANSITIONAL_STATES,
    NotebookStatus,
    NotebookSummary,
    list_notebooks,
    read_statuses,
)
from emr_notebook.cli.aws.reader import Reader
from emr_notebook.cli.health.findings import Finding, Verdict, verify_findings, worst_verdict
from emr_notebook.cli.health.following import comparison, live_for_name, uses_name
from emr_notebook.cli.health.schedules import schedule_findings
from emr_notebook.cli.next_commands import Commands
from emr_notebook.settings.model import Settings
from emr_notebook.settings.schedule import Action, WeeklyTime

POLL_SECONDS = 5.0

Say = Callable[[str], object]


@dataclass(frozen=True)
class NotebookCheck:
    """A notebook, the key of its cluster, and what was found.

    `times` are those at which it is started and stopped.
    """

    key: str
    name: str
    cluster: str
    findings: Sequence[Finding]
    times: Mapping[Action, WeeklyTime] = field(default_factory=dict)

    @property
    def verdict(self) -> Verdict:
        """A warning does not keep Spark from working."""
        found = worst_verdict(each.verdict for each in self.findings)
        return Verdict.OK if found is Verdict.WARNING else found


def wait_until_settled(
    reader: Reader,
    settings: Settings,
    *,
    minutes: float,
    say: Say,
    now: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] = time.sleep,
) -> dict[str, NotebookSummary]:
    """The notebooks in SageMaker, once none of the stage's is starting or the time is over."""
    names = [each.name for each in settings.resolved_notebooks]
    deadline = now() + 60 * minutes
    while True:
        found = list_notebooks(reader, names)
        waiting = [
            name for name in names if name in found and found[name].state in TRANSITIONAL_STATES
        ]
        left = deadline - now()
        if not waiting or left <= 0:
            return found
        more = f" and {len(waiting) - 1} more" if len(waiting) > 1 else ""
        say(f"Waiting for {waiting[0]}{more}: at most {left:.0f} s")
        sleep(min(POLL_SECONDS, left))


def check_notebooks(
    reader: Reader,
    settings: Settings,
    found: Mapping[str, NotebookSummary],
    commands: Commands,
    *,
    say: Say,
) -> list[NotebookCheck]:
    """Each of the stage's notebooks, in the settings' order. Raises as Reader.ask does."""
    notebooks = settings.resolved_notebooks
    say("Reading the notebooks' logs and scripts")
    statuses = read_statuses(
        reader, notebooks, found, needs_details=lambda state: state in (IN_SERVICE, FAILED)
    )
    say("Looking for the clusters' Livy")
    live = _live(reader, settings, statuses)
    records = followed_records(reader, settings)
    return [_check(each, live, records, commands) for each in statuses]


def _check(
    notebook: NotebookStatus,
    live: Mapping[str, LiveEndpoint],
    records: Mapping[str, FollowedRecord],
    commands: Commands,
) -> NotebookCheck:
    cluster = notebook.settings.cluster
    found, record = live.get(cluster), records.get(cluster)
    if uses_name(notebook, record):
        found = live_for_name(found)
    findings = verify_findings(notebook, found, commands, comparison(notebook, record))
    if notebook.state == IN_SERVICE:
        findings += schedule_findings(notebook.settings, notebook.schedule, commands)
    times = notebook.schedule.times if notebook.schedule else {}
    return NotebookCheck(notebook.settings.key, notebook.name, cluster, findings, times)


def _live(
    reader: Reader, settings: Settings, statuses: Sequence[NotebookStatus]
) -> dict[str, LiveEndpoint]:
    """Where Livy is, by the key of each cluster that a running notebook uses."""
    used = sorted({each.settings.cluster for each in statuses if each.state == IN_SERVICE})
    found = reader.map_concurrently(lambda key: live_endpoint(reader, settings, key), used)
    return dict(zip(used, found, strict=True))
