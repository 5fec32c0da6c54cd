"""Connects the Spark kernels to Livy at a start, and says what came of it."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from emr_notebook_agent import connection, environment, files, kept_copy, livy, status, trust
from emr_notebook_agent.connection import Problem
from emr_notebook_agent.wording import utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")

CONFIG = ".sparkmagic/config.json"
# Longer than a Livy that is up takes to answer, which may list thousands of sessions.
LOOK_SECONDS = 10.0
PAUSE_SECONDS = 2.0

_DEPLOY = "deploy again, then stop and start this notebook"
_ROOM = "make room and let this user write there, then stop and start this notebook"
_IN_THE_WAY = "delete what stands there in its place, then stop and start this notebook"
_AFTER = "then restart the kernel; if the cluster was replaced, deploy again"

_KEYS = {
    "CLUSTER": "cluster",
    "CLUSTER_ID": "cluster_id",
    "LIVY_URL": "livy_url",
    "RELEASE_LABEL": "release",
    "SPARK_VERSION": "spark",
    "LIVY_VERSION": "livy",
    "SCRIPT_VERSION": "script",
}
VALUE = re.compile("[A-Za-z0-9._+-]{1,64}")


class Report:
    """What a start found: lines for status.txt and the log."""

    def __init__(self, now: str) -> None:
        self.values = {"state": "ok", "time": now}
        self._problems: list[str] = []

    def add(self, problem: Problem) -> None:
        """Tell of a problem and what mends it."""
        if self.values["state"] != "failed":
            self.values["state"] = problem.state
        what = re.sub("[^!-~]+", " ", problem.what)[:600]
        self._problems += [f"problem: {what}", f"next: {problem.then}"]

    def attempt(self, state: str, what: str, step: Callable[[], T]) -> T | None:
        """What the step returns; what it raises becomes a problem, and None."""
        try:
            return step()
        except Exception as error:
            then = _ROOM if isinstance(error, OSError) else _DEPLOY
            if isinstance(error, (FileExistsError, IsADirectoryError, NotADirectoryError)):
                then = _IN_THE_WAY
            self.add(Problem(state, f"{what}: {error}", then))
            return None

    def text(self) -> str:
        """The report, a line for each key; it begins with `state`."""
        lines = [f"{key}: {value}" for key, value in self.values.items()]
        return "\n".join([*lines, *self._problems, ""])


def start(home: Path, given: Mapping[str, str]) -> str:
    """Write what the kernels need, look at Livy, and return the report, which is in status.txt."""
    report = Report(utc_now())
    url = _describe(report, given)
    report.values["check"] = "not checked"
    authorities, program = given.get("LIVY_CA", ""), given.get("AGENT", "")
    report.attempt(
        "failed",
        "What kernels start with was not written",
        lambda: trust.set_up(home, authorities, program),
    )
    report.attempt(
        "failed",
        "The variables of environment: were not written",
        lambda: environment.set_up(home, given),
    )
    if url:
        config = _configure(report, home, given, url)
        if config:
            bundle = str(home / trust.BUNDLE) if authorities else ""
            seconds = _seconds(given.get("LIVY_CHECK_SECONDS", ""))
            report.attempt(
                "failed",
                "Livy was not checked",
                lambda: _check(report, connection.livy(config, bundle), seconds),
            )
    if program:
        report.attempt(
            "warning",
            "The agent was not kept for the next start",
            lambda: kept_copy.keep(home, Path(program)),
        )
    report.attempt(
        "warning", "status.txt was not written", lambda: status.replace(home, report.text())
    )
    return report.text()


def _describe(report: Report, given: Mapping[str, str]) -> str:
    """Put the deploy's values into the report. Returns Livy's URL, or "" where it is none."""
    for name, key in _KEYS.items():
        needed = name == "LIVY_URL"
        value = given.get(name, "")
        fits = (connection.ADDRESS if needed else VALUE).fullmatch(value)
        report.values[key] = value if fits else "unknown"
        if not fits:
            what = f"The start script's {name} is missing or malformed"
            report.add(Problem("failed" if needed else "warning", what, _DEPLOY))
    url = report.values["livy_url"]
    return "" if url == "unknown" else url


def _configure(
    report: Report, home: Path, given: Mapping[str, str], url: str
) -> dict[str, Any] | None:
    """Write SparkMagic's configuration. Returns it, or None where there is none."""
    serving = _serving(report, url, given.get("LIVY_FALLBACK", ""))
    settings = given.get("SPARKMAGIC_CONFIG", "")
    config = report.attempt(
        "failed", "No SparkMagic config", lambda: connection.deployed(serving, settings)
    )
    if config is None:
        return None
    config = _with_own(report, home, config)
    text = json.dumps(config, indent=2)
    report.attempt(
        "failed",
        "The SparkMagic config was not written",
        lambda: files.write(home / CONFIG, text),
    )
    return config


def _serving(report: Report, url: str, fallback: str) -> str:
    """The followed name's URL, or the deployed address's where the name does not resolve."""
    if not connection.ADDRESS.fullmatch(fallback) or livy.resolves(url):
        return url
    what = f"{url} does not resolve: {fallback} serves for now"
    then = "turn on DNS support and DNS host names in the VPC, then stop and start this notebook"
    report.add(Problem("warning", what, then))
    return fallback


def _with_own(report: Report, home: Path, config: dict[str, Any]) -> dict[str, Any]:
    """The configuration with the user's own on top, where that is usable."""
    own = files.folder(home) / connection.OWN
    again = ", then stop and start this notebook"
    try:
        text = files.read(own)
        if text is None:
            return connection.finished(config)
        merged = connection.with_own(config, text)
    except (OSError, ValueError) as error:
        what = f"{own} was ignored: {error}"
        report.add(Problem("warning", what, f"correct or delete it{again}"))
        return connection.finished(config)
    deployed = connection.url_of(config)
    if any(connection.url_of(merged, name) != deployed for name in connection.KERNELS):
        what = f"{own} replaces the deployed {deployed}"
        report.add(Problem("warning", what, f"delete it unless you mean that{again}"))
    return merged


def _check(report: Report, target: livy.Livy, seconds: float) -> None:
    """Look at Livy until it answers or waiting does not help, for `seconds` at most."""
    report.values["livy_url"] = target.url
    deadline = time.monotonic() + seconds
    while True:
        left = deadline - time.monotonic()
        found = livy.look(target, seconds=max(1.0, min(LOOK_SECONDS, left)))
        if not found.may_pass or deadline - time.monotonic() < PAUSE_SECONDS:
            break
        time.sleep(PAUSE_SECONDS)
    report.values["check"] = found.check
    if found.check != livy.OK:
        report.add(Problem("failed", found.problem, f"{found.next_step}, {_AFTER}"))


def _seconds(text: str) -> float:
    return float(text) if re.fullmatch("[0-9]{1,2}", text) else 20.0
