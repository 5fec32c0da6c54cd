"""What `verify` finds out: waits for notebooks that start, then holds them against AWS as it is."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from emr_notebook.cli.aws.live_endpoint import LiveEndpoint, live_endpoint
from emr_notebook.cli.aws.notebooks import (
    FAILED,
    IN_SERVICE,
    PASSING,
    Listed,
    SeenNotebook,
    list_notebooks,
    see,
)
from emr_notebook.cli.aws.reader import Reader
from emr_notebook.cli.health.findings import Finding, Verdict, gravest, verified
from emr_notebook.cli.next_commands import Commands
from emr_notebook.settings.model import Settings

POLL_SECONDS = 5.0

Say = Callable[[str], object]


@dataclass(frozen=True)
class NotebookCheck:
    """A notebook and what was found."""

    key: str
    name: str
    findings: Sequence[Finding]

    @property
    def verdict(self) -> Verdict:
        """A warning does not keep Spark from working."""
        found = gravest(each.verdict for each in self.findings)
        return Verdict.OK if found is Verdict.WARNING else found


def settled(
    reader: Reader,
    settings: Settings,
    *,
    minutes: float,
    say: Say,
    now: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] = time.sleep,
) -> dict[str, Listed]:
    """The notebooks in SageMaker, once none of the stage's is starting or the time is over."""
    names = [settings.notebook(key).name for key in settings.notebooks]
    deadline = now() + 60 * minutes
    while True:
        found = list_notebooks(reader, names)
        waiting = [name for name in names if name in found and found[name].state in PASSING]
        left = deadline - now()
        if not waiting or left <= 0:
            return found
        more = f" and {len(waiting) - 1} more" if len(waiting) > 1 else ""
        say(f"Waiting for {waiting[0]}{more}: at most {left:.0f} s")
        sleep(min(POLL_SECONDS, left))


def check_notebooks(
    reader: Reader, settings: Settings, found: Mapping[str, Listed], commands: Commands, *, say: Say
) -> list[NotebookCheck]:
    """Each of the stage's notebooks, in the settings' order. Raises as Reader.ask does."""
    notebooks = [settings.notebook(key) for key in settings.notebooks]
    say("Reading the notebooks' logs and scripts")
    seen = see(reader, notebooks, found, closely=lambda state: state in (IN_SERVICE, FAILED))
    say("Looking for the clusters' Livy")
    live = _live(reader, settings, seen)
    return [
        NotebookCheck(
            each.settings.key, each.name, verified(each, live.get(each.settings.cluster), commands)
        )
        for each in seen
    ]


def _live(
    reader: Reader, settings: Settings, seen: Sequence[SeenNotebook]
) -> dict[str, LiveEndpoint]:
    """Where Livy is, by the key of each cluster that a running notebook uses."""
    used = sorted({each.settings.cluster for each in seen if each.state == IN_SERVICE})
    found = reader.map_concurrently(lambda key: live_endpoint(reader, settings, key), used)
    return dict(zip(used, found, strict=True))
