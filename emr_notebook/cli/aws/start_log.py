"""Reads what a notebook's last start reported to CloudWatch Logs.

Its user can write there, too: what is read is the notebook's word, and made fit for a terminal.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from emr_notebook.cli.aws.printable import printable
from emr_notebook.cli.aws.reader import Reader, Refused
from emr_notebook.names import LOG_GROUP

STREAM = "LifecycleConfigOnStart"
# A report has some fifteen lines; SageMaker may log each as an event of its own.
LINES = 60
# CloudWatch Logs may answer with a page that is empty or not full, though there is more.
MOST_PAGES = 10
REPORT_BEGINS = "state"


@dataclass(frozen=True)
class StartReport:
    """The report of the last start: `values` is empty when there is none.

    Its keys are those of the status file: state, time, cluster, livy_url, check, script…
    """

    values: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    next_steps: tuple[str, ...] = ()


def last_start(reader: Reader, notebook: str) -> StartReport:
    """The notebook's last report, as far back as MOST_PAGES pages of its log.

    Raises Denied and CommandError as Reader.ask does.
    """
    lines: list[str] = []
    try:
        for page in _pages_backwards(reader, f"{notebook}/{STREAM}"):
            lines = [*_lines(page), *lines]
            if any(line.startswith(f"{REPORT_BEGINS}: ") for line in lines):
                break
    except Refused as refused:
        if refused.code == "ResourceNotFoundException":
            return StartReport()
        raise
    return parse_report(lines)


def parse_report(lines: Iterable[str]) -> StartReport:
    """The last report among log lines; a report begins with `state:`."""
    found: list[tuple[str, str]] = []
    for line in lines:
        key, colon, value = line.partition(": ")
        if key == REPORT_BEGINS:
            found = []
        if colon and (found or key == REPORT_BEGINS):
            found.append((key, printable(value)))
    repeated = ("problem", "next")
    return StartReport(
        {key: value for key, value in found if key not in repeated},
        tuple(value for key, value in found if key == "problem"),
        tuple(value for key, value in found if key == "next"),
    )


def _pages_backwards(reader: Reader, stream: str) -> Iterator[Mapping[str, Any]]:
    """The log's pages, the newest first; the one after the last has the token that was given."""
    token: dict[str, str] = {}
    for _ in range(MOST_PAGES):
        page = reader.ask(
            "logs",
            "get_log_events",
            logGroupName=LOG_GROUP,
            logStreamName=stream,
            limit=LINES,
            startFromHead=False,
            **token,
        )
        yield page
        before = page.get("nextBackwardToken", "")
        if before in ("", token.get("nextToken")):
            return
        token = {"nextToken": before}


def _lines(page: Mapping[str, Any]) -> Iterator[str]:
    for event in page["events"]:
        yield from event["message"].splitlines()
