"""Reads from EventBridge Scheduler when notebooks are really started and stopped."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from emr_notebook.cli.aws.reader import Denied, Reader, Refused, iam_action
from emr_notebook.names import schedule_group_name, schedule_name
from emr_notebook.settings.notebook import ResolvedNotebook
from emr_notebook.settings.schedule import Action, WeeklyTime

READ_SCHEDULE = iam_action("scheduler", "get_schedule")
NO_SUCH_SCHEDULE = "ResourceNotFoundException"


@dataclass(frozen=True)
class DeployedSchedule:
    """What Scheduler has of one notebook's times.

    `times` are those that count; `disabled` are switched off; `others` are expressions that no
    settings make. `denied` is the IAM action without which nothing is known, or "".
    """

    times: dict[Action, WeeklyTime] = field(default_factory=dict)
    disabled: frozenset[Action] = frozenset()
    others: dict[Action, str] = field(default_factory=dict)
    denied: str = ""


def read_schedules(
    reader: Reader,
    notebooks: Sequence[ResolvedNotebook],
    done: Callable[[], object] = lambda: None,
) -> dict[str, DeployedSchedule]:
    """By key, of the notebooks whose settings have times: a call for each time.

    Raises as Reader.ask does, except Denied.
    """
    scheduled = [each for each in notebooks if each.scheduled]
    found = reader.map_concurrently(lambda each: _read_one(reader, each), scheduled, done)
    return {each.key: schedule for each, schedule in zip(scheduled, found, strict=True)}


def _read_one(reader: Reader, notebook: ResolvedNotebook) -> DeployedSchedule:
    times: dict[Action, WeeklyTime] = {}
    others: dict[Action, str] = {}
    disabled = set()
    for action in notebook.scheduled:
        try:
            found = reader.ask(
                "scheduler",
                "get_schedule",
                GroupName=schedule_group_name(notebook.stack),
                Name=schedule_name(notebook.key, action),
            )
        except Denied as denied:
            return DeployedSchedule(denied=denied.action)
        except Refused as refused:
            if refused.code != NO_SUCH_SCHEDULE:
                raise
            continue
        expression, zone = found["ScheduleExpression"], found["ScheduleExpressionTimezone"]
        time = WeeklyTime.parse(expression, zone)
        if found["State"] != "ENABLED":
            disabled.add(action)
        elif time is None:
            others[action] = f"{expression} {zone}"
        else:
            times[action] = time
    return DeployedSchedule(times, frozenset(disabled), others)
