"""Decides what is wrong with a notebook, and what to do; without AWS."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from emr_notebook.cli.aws.live_endpoint import LiveEndpoint
from emr_notebook.cli.aws.notebooks import (
    FAILED,
    IN_SERVICE,
    READ_LOG,
    READ_SCRIPT,
    TRANSITIONAL_STATES,
    NotebookStatus,
)
from emr_notebook.cli.aws.printable import printable, quoted
from emr_notebook.cli.next_commands import Commands, deploys_first

Comparison = Callable[[LiveEndpoint, NotebookStatus, Commands], "list[Finding]"]


class Verdict(StrEnum):
    """What a notebook's findings come to, the worst last."""

    OK = "ok"
    STOPPED = "not running"
    WARNING = "warning"
    UNKNOWN = "unknown"
    FAILED = "failed"


@dataclass(frozen=True)
class Finding:
    """What was found, and the commands or, where none is enough, the advice that mends it."""

    verdict: Verdict
    what: str
    commands: tuple[str, ...] = ()
    advice: str = ""

    def __str__(self) -> str:
        return f"{self.what}. Next: {self.advice}" if self.advice else self.what


def worst_verdict(verdicts: Iterable[Verdict]) -> Verdict:
    """The one that counts; OK when there is none."""
    return max(verdicts, key=list(Verdict).index, default=Verdict.OK)


def status_findings(notebook: NotebookStatus, commands: Commands) -> list[Finding]:
    """What somebody has to do about a notebook, as far as SageMaker and its log know."""
    found = _not_started(notebook, commands) + _last_start(notebook, commands)
    if notebook.state == IN_SERVICE:
        found += _outdated(notebook, commands)
    return found


def verify_findings(
    notebook: NotebookStatus,
    live: LiveEndpoint | None,
    commands: Commands,
    compare: Comparison | None = None,
) -> list[Finding]:
    """What keeps a notebook that should work from it; `live` is where its cluster's Livy is now.

    Only a notebook that runs needs `live`. `compare` replaces `compared_with_live`.
    """
    if not notebook.state:
        what = f"SageMaker in {commands.region} has no such notebook: it is not deployed"
        return [Finding(Verdict.FAILED, what, (commands.deploy(),))]
    if notebook.state in TRANSITIONAL_STATES:
        what = f"it is still {notebook.state}"
        return [Finding(Verdict.UNKNOWN, what, advice="verify again, or wait longer (--wait)")]
    if notebook.state not in (IN_SERVICE, FAILED):
        return [Finding(Verdict.STOPPED, notebook.state)]
    found = status_findings(notebook, commands)
    if notebook.state == FAILED or live is None:
        return found
    live = live.for_sessions(notebook.settings.spark.versioned_fields)
    found += _proxy_user(live, notebook)
    if live.refusal and not live.denied:
        # Nothing that could be run now helps before there is a cluster to use.
        found = [replace(each, commands=()) for each in found]
    found += _unknown(notebook) + (compare or compared_with_live)(live, notebook, commands)
    return found + _reached_livy(notebook, found)


def unused_lifecycle(name: str, commands: Commands) -> Finding:
    """A lifecycle configuration that was left behind, and the command that deletes it."""
    what = f"lifecycle configuration {name}: no notebook uses it any more"
    return Finding(Verdict.WARNING, what, (commands.delete_lifecycle(name),))


def next_commands(findings: Iterable[Finding]) -> list[str]:
    """The findings' commands, each once, in the order in which they help."""
    return deploys_first(command for finding in findings for command in finding.commands)


def configured_livy_url(notebook: NotebookStatus) -> str:
    """The address that the deploy gave the notebook at its last start, or "".

    A user's own sparkmagic.json can replace it; the start script then says so.
    """
    for problem in notebook.report.problems:
        replaced = re.search(r"sparkmagic\.json replaces the deployed (\S+)", problem)
        if replaced:
            return replaced[1]
    return notebook.report.values.get("livy_url", "")


def _proxy_user(live: LiveEndpoint, notebook: NotebookStatus) -> list[Finding]:
    if not live.proxy_user or notebook.settings.spark.proxyUser is None:
        return []
    return [Finding(Verdict.WARNING, live.proxy_user)]


def _not_started(notebook: NotebookStatus, commands: Commands) -> list[Finding]:
    if notebook.state != FAILED:
        return []
    reason = printable(notebook.failure) or "it gives no reason"
    what = f"SageMaker could not start it: {reason}"
    return [
        Finding(
            Verdict.FAILED,
            what.rstrip("."),
            (commands.log(notebook.name), commands.start(notebook.name)),
        )
    ]


def _last_start(notebook: NotebookStatus, commands: Commands) -> list[Finding]:
    """What its log says of it, in quotes: its user can write there, too."""
    report = notebook.report
    state, check = report.values.get("state", "ok"), report.values.get("check", "not checked")
    if not report.values or (state == "ok" and check == "ok"):
        return []
    is_warning = state == "warning" and check == "ok"
    known = state if state in ("ok", "warning") else "failed"
    said = "; ".join(report.problems) or f"check: {check}"
    what = f"its last start ended with {known}, and its log says: {quoted(said)}"
    if report.next_steps:
        what += f"; what helps: {quoted('; '.join(report.next_steps))}"
    if is_warning:
        return [Finding(Verdict.WARNING, what)]
    # Only a new start tells whether it is better now.
    again = (commands.restart(notebook.name),) if notebook.state == IN_SERVICE else ()
    return [Finding(Verdict.FAILED, what, again)]


def _reached_livy(notebook: NotebookStatus, found: Sequence[Finding]) -> list[Finding]:
    """What is known of Livy where nothing is wrong: it answered once, by the notebook's word."""
    worst = worst_verdict(each.verdict for each in found)
    if worst not in (Verdict.OK, Verdict.WARNING):
        return []
    at = printable(notebook.report.values.get("time", "at an unknown time"), 30)
    return [Finding(Verdict.OK, f"its log says that Livy answered its last start ({at})")]


def _outdated(notebook: NotebookStatus, commands: Commands) -> list[Finding]:
    if not notebook.report.values or notebook.script is None:
        return []
    restart = (commands.restart(notebook.name),)
    found = []
    ran, script = notebook.report.values.get("script"), notebook.script.version
    if ran != script:
        running = quoted(ran) if ran else "one without a version"
        what = f"it runs start script {running}; {script or 'another one'} is deployed"
        found.append(Finding(Verdict.FAILED, what, restart))
    used, deployed = configured_livy_url(notebook), notebook.script.livy_url
    # The start's own warning says why it does not use the name.
    if used not in (deployed, notebook.script.fallback_url):
        what = f"it uses {quoted(used)}; the deployed address is {deployed}"
        found.append(Finding(Verdict.FAILED, what, restart))
    return found


def _unknown(notebook: NotebookStatus) -> list[Finding]:
    found = [
        Finding(Verdict.UNKNOWN, f"these credentials may not {action}")
        for action in notebook.denied
    ]
    if not notebook.report.values and READ_LOG not in notebook.denied:
        what = "CloudWatch Logs shows no report of its start"
        advice = (
            "read ~/SageMaker/.emr-notebook/status.txt in the notebook; to have reports here, let "
            "its subnet reach CloudWatch Logs and its role write there"
        )
        found.append(Finding(Verdict.UNKNOWN, what, advice=advice))
    if notebook.script is None and READ_SCRIPT not in notebook.denied:
        what = "no lifecycle configuration is attached to it"
        found.append(Finding(Verdict.FAILED, what, advice="attach the stack's, or deploy it anew"))
    return found


def compared_with_live(
    live: LiveEndpoint, notebook: NotebookStatus, commands: Commands
) -> list[Finding]:
    """Whether the deployed address is where Livy is now."""
    cluster = notebook.settings.cluster
    if live.denied:
        what = f"where Livy of {cluster} is now is not known: these credentials may not"
        return [Finding(Verdict.UNKNOWN, f"{what} {live.denied}")]
    if live.refusal:
        return [Finding(Verdict.FAILED, live.refusal)]
    now, restart = live.values["LivyUrl"], commands.restart(notebook.name)
    what = f"Livy of {cluster} is at {now} now"
    if notebook.script is not None and notebook.script.livy_url != now:
        what = f"{what}; the deployed address is {notebook.script.livy_url or 'none'}"
        return [Finding(Verdict.FAILED, what, (commands.refresh(), restart))]
    used = configured_livy_url(notebook)
    if notebook.script is None and used not in ("", now):
        return [Finding(Verdict.FAILED, f"{what}; it uses {quoted(used)}", (restart,))]
    return []
