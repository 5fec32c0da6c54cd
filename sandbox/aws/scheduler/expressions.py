"""Reads schedule expressions, and says when each is due next.

As the user guide of EventBridge Scheduler has it: a time that a clock leaves out in spring is
skipped, and one that it repeats in autumn counts once; a rate begins at once, and its days are 24
hours.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from sandbox.aws.emulator import ministack

_AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")
_RATE = re.compile(r"rate\(([1-9]\d*) (minute|hour|day)s?\)")
_UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}


def problem(expression: str, zone: str) -> str | None:
    """What Scheduler refuses an expression or its time zone for; None when it takes both."""
    if zone not in available_timezones():
        return f"Invalid ScheduleExpressionTimezone {zone}."
    if not (_at(expression) or _RATE.fullmatch(expression) or _cron(expression)):
        return f"Invalid Schedule Expression {expression}."
    return None


def next_run(expression: str, zone: str, *, created: datetime, after: datetime) -> datetime | None:
    """The first time later than `after` at which it is due, in UTC; None when there is none."""
    if moment := _at(expression):
        once = moment.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
        return once if once > after else None
    if rate := _RATE.fullmatch(expression):
        period = int(rate[1]) * _UNITS[rate[2]]
        return created if after < created else created + ((after - created) // period + 1) * period
    return _next_by_cron(_cron(expression), ZoneInfo(zone), after)


def _next_by_cron(fields: Any, zone: ZoneInfo, after: datetime) -> datetime | None:
    # What the clock on the wall shows, for the emulator's own search, which knows no zones.
    wall = after.astimezone(zone).replace(tzinfo=UTC)
    while wall := ministack("services.eventbridge")._cron_next_fire(fields, wall):
        shown = wall.replace(tzinfo=zone)
        moment: datetime = shown.astimezone(UTC)
        exists = moment.astimezone(zone).replace(tzinfo=UTC) == wall
        if exists and moment > after:
            return moment
    return None


def _at(expression: str) -> datetime | None:
    found = _AT.fullmatch(expression)
    try:
        return datetime.fromisoformat(found[1]) if found else None
    except ValueError:
        return None


def _cron(expression: str) -> Any:
    """The emulator's fields of a cron expression; None for one that AWS would not take."""
    parsed = ministack("services.eventbridge")._parse_cron_fields(expression)
    if parsed is None:
        return None
    minutes, hours, _, months, weekdays, _, day, weekday = parsed
    # One of the two days has to be left open; the emulator takes values beyond the fields' own.
    bounds = ((minutes, 0, 59), (hours, 0, 23), (months, 1, 12), (weekdays["days"], 1, 7))
    within = all(set(found) <= set(range(low, high + 1)) for found, low, high in bounds)
    holds = all((minutes, hours, months)) and (weekday == "?" or any(weekdays.values()))
    return parsed if within and holds and (day == "?") != (weekday == "?") else None
