"""What is wrong with a notebook, and what to do: decisions on what was seen, without AWS."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from emr_notebook.cli.aws.live_endpoint import LiveEndpoint
from emr_notebook.cli.aws.notebooks import (
    FAILED,
    IN_SERVICE,
    PASSING,
    READ_LOG,
    READ_SCRIPT,
    SeenNotebook,
)
from emr_notebook.cli.next_commands import Commands


class Verdict(StrEnum):
    """What a notebook's findings come to, the gravest last."""

    OK = "ok"
    STOPPED = "not running"
    WARNING = "warning"
    UNKNOWN = "unknown"
    FAILED = "failed"


GRAVITY = list(Verdict)


@dataclass(frozen=True)
class Finding:
    """What is so, and the commands or, where none is enough, the words that lead out of it."""

    verdict: Verdict
    what: str
    commands: tuple[str, ...] = ()
    advice: str = ""

    def __str__(self) -> str:
        return f"{self.what}. Next: {self.advice}" if self.advice else self.what


def gravest(verdicts: Iterable[Verdict]) -> Verdict:
    """The one that counts; OK when there is none."""
    return max(verdicts, key=GRAVITY.index, default=Verdict.OK)


def attention(seen: SeenNotebook, commands: Commands) -> list[Finding]:
    """What somebody has to do about a notebook, as far as SageMaker and its log know."""
    found = _not_started(seen, commands) + _last_start(seen, commands)
    if seen.state == IN_SERVICE:
        found += _outdated(seen, commands)
    return found


def verified(seen: SeenNotebook, live: LiveEndpoint | None, commands: Commands) -> list[Finding]:
    """What keeps a notebook that should work from it; `live` is where its cluster's Livy is now.

    Only a notebook that runs needs `live`.
    """
    if not seen.state:
        what = f"SageMaker in {commands.region} has no such notebook: it is not deployed"
        return [Finding(Verdict.FAILED, what, (commands.deploy(),))]
    if seen.state in PASSING:
        what = f"it is still {seen.state}"
        return [Finding(Verdict.UNKNOWN, what, advice="verify again, or wait longer (--wait)")]
    if seen.state not in (IN_SERVICE, FAILED):
        return [Finding(Verdict.STOPPED, seen.state)]
    found = attention(seen, commands)
    if seen.state == FAILED or live is None:
        return found
    if live.refusal and not live.denied:
        # Nothing that could be run now helps before there is a cluster to use.
        found = [replace(each, commands=()) for each in found]
    return found + _unknown(seen) + _against(live, seen, commands)


def told(seen: SeenNotebook) -> str:
    """The address that the deploy gave the notebook at its last start, or "".

    A user's own sparkmagic.json can replace it; the start script then says so.
    """
    for problem in seen.report.problems:
        replaced = re.search(r"sparkmagic\.json replaces the deployed (\S+)", problem)
        if replaced:
            return replaced[1]
    return seen.report.values.get("livy_url", "")


def _not_started(seen: SeenNotebook, commands: Commands) -> list[Finding]:
    if seen.state != FAILED:
        return []
    what = f"SageMaker could not start it: {seen.failure or 'it gives no reason'}"
    return [
        Finding(
            Verdict.FAILED, what.rstrip("."), (commands.log(seen.name), commands.start(seen.name))
        )
    ]


def _last_start(seen: SeenNotebook, commands: Commands) -> list[Finding]:
    state = seen.report.values.get("state", "ok")
    if state == "ok":
        return []
    verdict = Verdict.WARNING if state == "warning" else Verdict.FAILED
    what = f"its last start ended with {state}: {_joined(seen.report.problems)}"
    # Only a new start tells whether it is better now.
    again = (commands.restart(seen.name),) if seen.state == IN_SERVICE else ()
    advice = _joined(seen.report.next_steps)
    return [Finding(verdict, what, again if verdict is Verdict.FAILED else (), advice)]


def _outdated(seen: SeenNotebook, commands: Commands) -> list[Finding]:
    if not seen.report.values or seen.script is None:
        return []
    restart = (commands.restart(seen.name),)
    found = []
    ran = seen.report.values.get("script", "one without a version")
    if ran != seen.script.version:
        what = f"it runs start script {ran}; {seen.script.version or 'another one'} is deployed"
        found.append(Finding(Verdict.FAILED, what, restart))
    if told(seen) != seen.script.livy_url:
        what = f"it uses {told(seen)}; the deployed address is {seen.script.livy_url}"
        found.append(Finding(Verdict.FAILED, what, restart))
    return found


def _unknown(seen: SeenNotebook) -> list[Finding]:
    found = [
        Finding(Verdict.UNKNOWN, f"these credentials may not {action}") for action in seen.denied
    ]
    if not seen.report.values and READ_LOG not in seen.denied:
        what = "CloudWatch Logs has no report of its start"
        advice = (
            "read ~/SageMaker/.emr-notebook/status.txt in the notebook; to have reports here, let "
            "its subnet reach CloudWatch Logs and its role write there"
        )
        found.append(Finding(Verdict.UNKNOWN, what, advice=advice))
    if seen.script is None and READ_SCRIPT not in seen.denied:
        what = "no lifecycle configuration is attached to it"
        found.append(Finding(Verdict.FAILED, what, advice="attach the stack's, or deploy it anew"))
    return found


def _against(live: LiveEndpoint, seen: SeenNotebook, commands: Commands) -> list[Finding]:
    cluster = seen.settings.cluster
    if live.denied:
        what = f"where Livy of {cluster} is now is not known: these credentials may not"
        return [Finding(Verdict.UNKNOWN, f"{what} {live.denied}")]
    if live.refusal:
        return [Finding(Verdict.FAILED, live.refusal)]
    now, restart = live.values["LivyUrl"], commands.restart(seen.name)
    what = f"Livy of {cluster} is at {now} now"
    if seen.script is not None and seen.script.livy_url != now:
        what = f"{what}; the deployed address is {seen.script.livy_url or 'none'}"
        return [Finding(Verdict.FAILED, what, (commands.refresh(), restart))]
    if seen.script is None and told(seen) not in ("", now):
        return [Finding(Verdict.FAILED, f"{what}; it uses {told(seen)}", (restart,))]
    return []


def _joined(parts: Sequence[str]) -> str:
    return "; ".join(parts) or "it does not say why"
