"""Decides what a deploy does to the times at which notebooks are started and stopped."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from emr_notebook.cli.plan.template_diff import ResourceChange, TemplateDiff
from emr_notebook.settings.schedule import Action, WeeklyTime, times_in_words

SCHEDULE = "AWS::Scheduler::Schedule"
_TARGETS = {
    f":aws-sdk:sagemaker:{action}NotebookInstance": action for action in (Action.START, Action.STOP)
}


@dataclass(frozen=True)
class SchedulePlan:
    """A notebook's times as they are deployed, and after the deploy; `key` is the notebook's."""

    key: str
    before: Mapping[Action, WeeklyTime] = field(default_factory=dict)
    after: Mapping[Action, WeeklyTime] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """What the deploy does to them."""
        if self.before == self.after:
            return "unchanged"
        if not self.before:
            return "new"
        was = times_in_words(self.before)
        return f"was {was}" if self.after else f"removed; was {was}"


def plan_schedules(diff: TemplateDiff) -> list[SchedulePlan]:
    """The times of each notebook that has some before or after, in the templates' order."""
    before: dict[str, dict[Action, WeeklyTime]] = {}
    after: dict[str, dict[Action, WeeklyTime]] = {}
    for change in diff.of_type(SCHEDULE):
        if not is_of_notebook(change):
            continue
        for properties, times in ((change.before, before), (change.after, after)):
            _add(properties, times)
    keys = dict.fromkeys([*after, *before])
    return [SchedulePlan(each, before.get(each, {}), after.get(each, {})) for each in keys]


def is_of_notebook(change: ResourceChange) -> bool:
    """Whether it is a schedule that starts or stops a notebook."""
    return change.kind == SCHEDULE and _action(change.after or change.before) is not None


def _add(properties: Mapping[str, Any], times: dict[str, dict[Action, WeeklyTime]]) -> None:
    action = _action(properties)
    if action is None:
        return
    expression, zone = properties["ScheduleExpression"], properties["ScheduleExpressionTimezone"]
    time = WeeklyTime.parse(expression, zone)
    if time is not None:
        # See names.schedule_name.
        key = str(properties["Name"]).removesuffix(f"-{action}")
        times.setdefault(key, {})[action] = time


def _action(properties: Mapping[str, Any]) -> Action | None:
    arn = str(properties.get("Target", {}).get("Arn", ""))
    return next((each for end, each in _TARGETS.items() if arn.endswith(end)), None)
