"""Defines when a notebook is started and stopped by itself, and reads such times off AWS."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Self
from zoneinfo import ZoneInfo

from pydantic import Field, ModelWrapValidatorHandler, model_validator

from emr_notebook.settings import types
from emr_notebook.settings.types import NONE, StrictOrNone

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CRON = re.compile(r"cron\(([0-9]{1,2}) ([0-9]{1,2}) \? \* ([A-Z,]+) \*\)")


class Action(StrEnum):
    """What a schedule does to its notebook."""

    START = "start"
    STOP = "stop"


@dataclass(frozen=True)
class WeeklyTime:
    """A time of the day on some days of the week, in a time zone. Days count from Monday, 0."""

    at: time
    days: tuple[int, ...]
    timezone: str

    @property
    def expression(self) -> str:
        """As EventBridge Scheduler takes it, beside the time zone."""
        days = ",".join(DAYS[each].upper() for each in self.days)
        return f"cron({self.at.minute} {self.at.hour} ? * {days} *)"

    @classmethod
    def parse(cls, expression: str, timezone: str) -> "WeeklyTime | None":
        """What `expression` was; None for one that no schedule of these settings has."""
        found = _CRON.fullmatch(expression)
        try:
            zone = ZoneInfo(timezone) if found else None
            days = found[3].lower().split(",") if found else []
            return found and cls(
                time(int(found[2]), int(found[1])), tuple(map(DAYS.index, days)), str(zone)
            )
        except (ValueError, KeyError, OSError):
            return None

    def next_after(self, moment: datetime) -> datetime:
        """The first one later than a moment, in its time zone.

        As Scheduler does: a time that the clock leaves out in spring is skipped, and one that it
        repeats in autumn counts once.
        """
        return next(each for each in self._from(moment) if each > moment)

    def _from(self, moment: datetime) -> Iterator[datetime]:
        zone = ZoneInfo(self.timezone)
        day = moment.astimezone(zone).date()
        while True:
            shown = datetime.combine(day, self.at, zone)
            exists = shown.astimezone(UTC).astimezone(zone).time() == self.at
            if day.weekday() in self.days and exists:
                yield shown
            day += timedelta(days=1)

    def __str__(self) -> str:
        return f"{self.at:%H:%M} {_days_in_words(self.days)} {self.timezone}"


def acts_next(times: Mapping[Action, WeeklyTime], now: datetime) -> str:
    """What is done next, and when: `stop 2026-11-30 19:30 Europe/Berlin`; "" without times."""
    coming = [(each.next_after(now), action, each.timezone) for action, each in times.items()]
    if not coming:
        return ""
    moment, action, zone = min(coming)
    return f"{action} {moment:%Y-%m-%d %H:%M} {zone}"


def times_in_words(times: Mapping[Action, WeeklyTime]) -> str:
    """`start 08:00 mon-fri Europe/Berlin, stop 19:30 mon-fri Europe/Berlin`; "" without times."""
    return ", ".join(f"{action} {times[action]}" for action in sorted(times))


class Schedule(StrictOrNone):
    """When a notebook is started and stopped by itself. Without both times, never."""

    start: types.TimeOfDay | None = Field(default=None, description="when it is started")
    stop: types.TimeOfDay | None = Field(
        default=None, description="when it is stopped; earlier than start, on the day after"
    )
    days: types.Days = Field(default="daily", description="the days of start; of stop, without it")
    timezone: types.TimeZoneName

    @model_validator(mode="wrap")
    @classmethod
    def _none_or_two_times(cls, given: Any, read: ModelWrapValidatorHandler[Self]) -> Any:
        if given in (NONE, NO_SCHEDULE):
            return NO_SCHEDULE
        made = read(given)
        if made.start is None and made.stop is None:
            raise ValueError("neither start nor stop is given: give one of them, or both")
        if made.start == made.stop:
            raise ValueError(f"start and stop are both {made.start}: give two times, or one")
        return made

    @property
    def times(self) -> dict[Action, WeeklyTime]:
        """When it does what. A stop that is earlier than the start is on the day after."""
        days = sorted(_days(self.days))
        found = {}
        if self.start is not None:
            found[Action.START] = self._weekly(self.start, days)
        if self.stop is not None:
            if self.start is not None and self.stop < self.start:
                days = sorted((day + 1) % len(DAYS) for day in days)
            found[Action.STOP] = self._weekly(self.stop, days)
        return found

    def _weekly(self, at: str, days: list[int]) -> WeeklyTime:
        return WeeklyTime(time.fromisoformat(at), tuple(days), self.timezone)


# What `none` is: nothing that is given says so.
NO_SCHEDULE = Schedule.model_construct(timezone="UTC")


def _days(given: str) -> set[int]:
    """The days of `mon-fri`, `mon,wed,fri`, `sat-mon` and so on."""
    if given == "daily":
        return set(range(len(DAYS)))
    found = set()
    for part in given.replace(" ", "").split(","):
        first, _, last = part.partition("-")
        start, end = DAYS.index(first), DAYS.index(last or first)
        found |= {(start + step) % len(DAYS) for step in range((end - start) % len(DAYS) + 1)}
    return found


def _days_in_words(days: tuple[int, ...]) -> str:
    if len(days) == len(DAYS):
        return "daily"
    if len(days) > 2 and days[-1] - days[0] == len(days) - 1:
        return f"{DAYS[days[0]]}-{DAYS[days[-1]]}"
    return ",".join(DAYS[each] for each in days)
