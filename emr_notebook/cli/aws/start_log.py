"""Reads what a notebook's last start reported to CloudWatch Logs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from emr_notebook.cli.aws.reader import Reader, Refused
from emr_notebook.names import LOG_GROUP

STREAM = "LifecycleConfigOnStart"
# A report has some fifteen lines; SageMaker may log each as an event of its own.
LINES = 60


@dataclass(frozen=True)
class StartReport:
    """The report of the last start: `values` is empty when there is none.

    Its keys are those of the status file: state, time, cluster, livy_url, check, script…
    """

    values: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    next_steps: tuple[str, ...] = ()


def last_start(reader: Reader, notebook: str) -> StartReport:
    """The notebook's last report. Raises Denied and CommandError as Reader.ask does."""
    try:
        events = reader.ask(
            "logs",
            "get_log_events",
            logGroupName=LOG_GROUP,
            logStreamName=f"{notebook}/{STREAM}",
            limit=LINES,
            startFromHead=False,
        )["events"]
    except Refused as refused:
        if refused.code == "ResourceNotFoundException":
            return StartReport()
        raise
    return parse_report(line for event in events for line in event["message"].splitlines())


def parse_report(lines: Iterable[str]) -> StartReport:
    """The last report among log lines; a report begins with `state:`."""
    found: list[tuple[str, str]] = []
    for line in lines:
        key, colon, value = line.partition(": ")
        if key == "state":
            found = []
        if colon and (found or key == "state"):
            found.append((key, value.strip()))
    repeated = ("problem", "next")
    return StartReport(
        {key: value for key, value in found if key not in repeated},
        tuple(value for key, value in found if key == "problem"),
        tuple(value for key, value in found if key == "next"),
    )
