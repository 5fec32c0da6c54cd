"""Reads a stage's notebooks from AWS: their states, deployed scripts and last starts."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any, TypeVar

from emr_notebook.cli.aws.reader import Denied, Reader, Refused, iam_action
from emr_notebook.cli.aws.schedules import DeployedSchedule, read_schedules
from emr_notebook.cli.aws.start_log import StartReport, last_start
from emr_notebook.cli.aws.start_script import DeployedScript, deployed_script
from emr_notebook.settings.notebook import ResolvedNotebook

# SageMaker API, ListNotebookInstances.MaxResults; it gives 10 to who does not ask.
PAGE_SIZE = 100
READ_SCRIPT = iam_action("sagemaker", "describe_notebook_instance_lifecycle_config")
READ_LOG = iam_action("logs", "get_log_events")
IN_SERVICE, FAILED = "InService", "Failed"
# States that pass by themselves and end in InService, Stopped or Failed.
TRANSITIONAL_STATES = frozenset({"Pending", "Updating", "PendingMaintenance", "InMaintenance"})

Result = TypeVar("Result")


@dataclass(frozen=True)
class NotebookSummary:
    """A notebook in SageMaker's list: its state and type, its lifecycle configuration's name."""

    name: str
    state: str
    lifecycle: str = ""
    instance_type: str = ""


@dataclass(frozen=True)
class NotebookStatus:
    """A notebook of the settings, and what AWS says of it.

    `state` is SageMaker's, "" when it has no such notebook; `failure` is its reason for Failed.
    `script` is None for a notebook without a lifecycle configuration, `schedule` for one whose
    settings have no times. `denied` are the IAM actions without which some of this is not known.
    """

    settings: ResolvedNotebook
    state: str = ""
    failure: str = ""
    script: DeployedScript | None = None
    report: StartReport = field(default_factory=StartReport)
    schedule: DeployedSchedule | None = None
    denied: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The instance's name."""
        return self.settings.name


def list_notebooks(reader: Reader, names: Sequence[str]) -> dict[str, NotebookSummary]:
    """Notebooks in SageMaker by name: these, and others that are named alike.

    One call for a hundred of them. Raises as Reader.ask does.
    """
    if not names:
        return {}
    start = _common_start(names)
    narrowed: dict[str, Any] = {"NameContains": start} if start else {}
    return {each.name: each for each in list_all_notebooks(reader, **narrowed)}


def list_all_notebooks(reader: Reader, **narrowed: Any) -> list[NotebookSummary]:
    """The region's notebooks that fit ListNotebookInstances' filters: a call for a hundred.

    Raises as Reader.ask does.
    """
    pages = reader.pages(
        "sagemaker",
        "list_notebook_instances",
        items="NotebookInstances",
        MaxResults=PAGE_SIZE,
        **narrowed,
    )
    return [to_summary(each) for each in pages]


def list_lifecycles(reader: Reader) -> list[tuple[str, str]]:
    """The region's lifecycle configurations, each by ARN and name: a call for a hundred.

    Raises as Reader.ask does.
    """
    member = "NotebookInstanceLifecycleConfig"
    pages = reader.pages(
        "sagemaker",
        "list_notebook_instance_lifecycle_configs",
        items=f"{member}s",
        MaxResults=PAGE_SIZE,
    )
    return [(str(each[f"{member}Arn"]), str(each[f"{member}Name"])) for each in pages]


def to_summary(described: Mapping[str, str]) -> NotebookSummary:
    """A notebook of SageMaker's answer."""
    return NotebookSummary(
        described["NotebookInstanceName"],
        described["NotebookInstanceStatus"],
        described.get("NotebookInstanceLifecycleConfigName", ""),
        described.get("InstanceType", ""),
    )


def read_statuses(
    reader: Reader,
    notebooks: Sequence[ResolvedNotebook],
    found: Mapping[str, NotebookSummary],
    *,
    needs_details: Callable[[str], bool] = bool,
    done: Callable[[], object] = lambda: None,
) -> list[NotebookStatus]:
    """The status of each notebook, of those that are in `found`.

    Of one whose state `needs_details`, the script, the last start and the reason of a failure are
    read, too: a call for each distinct lifecycle configuration, one for each notebook's log, and
    one for each that is Failed. Of each, a call for each time at which it is started or stopped.
    What the credentials may not read is missing, and said in `denied`; other failures raise as
    Reader.ask does.
    """
    existing = [found[each.name] for each in notebooks if each.name in found]
    in_detail = [each for each in existing if needs_details(each.state)]
    scripts = _by_name(reader, deployed_script, [each.lifecycle for each in in_detail], done)
    reports = _by_name(reader, last_start, [each.name for each in in_detail], done)
    failed = [each.name for each in in_detail if each.state == FAILED]
    reasons = _by_name(reader, failure_reason, failed, done)
    schedules = read_schedules(reader, [each for each in notebooks if each.name in found], done)

    def status_of(notebook: ResolvedNotebook) -> NotebookStatus:
        at = found.get(notebook.name, NotebookSummary(notebook.name, ""))
        script, no_script = scripts.get(at.lifecycle, (None, ""))
        report, no_report = reports.get(at.name, (None, ""))
        reason, no_reason = reasons.get(at.name, (None, ""))
        schedule = schedules.get(notebook.key)
        no_schedule = "" if schedule is None else schedule.denied
        denied = tuple(each for each in (no_script, no_report, no_reason, no_schedule) if each)
        return NotebookStatus(
            notebook, at.state, reason or "", script, report or StartReport(), schedule, denied
        )

    return [status_of(each) for each in notebooks]


def describe(reader: Reader, name: str) -> NotebookSummary | None:
    """One notebook by its name; None when SageMaker has none. Raises as Reader.ask does."""
    try:
        answer = reader.ask("sagemaker", "describe_notebook_instance", NotebookInstanceName=name)
    except Refused as refused:
        if "RecordNotFound" in refused.message:
            return None
        raise
    return to_summary(answer)


def _common_start(names: Sequence[str]) -> str:
    pairs = zip(min(names), max(names), strict=False)
    return "".join(one for one, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def failure_reason(reader: Reader, name: str) -> str:
    """SageMaker's reason for Failed, "" when it gives none. Raises as Reader.ask does."""
    answer = reader.ask("sagemaker", "describe_notebook_instance", NotebookInstanceName=name)
    return str(answer.get("FailureReason", ""))


def _by_name(
    reader: Reader,
    ask: Callable[[Reader, str], Result],
    names: Iterable[str],
    done: Callable[[], object],
) -> dict[str, tuple[Result | None, str]]:
    """By name the answer, or None and the IAM action that is missing."""

    def read_one(name: str) -> tuple[Result | None, str]:
        try:
            return ask(reader, name), ""
        except Denied as denied:
            return None, denied.action

    distinct = sorted(set(names) - {""})
    return dict(zip(distinct, reader.map_concurrently(read_one, distinct, done), strict=True))
