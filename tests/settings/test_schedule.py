"""When a notebook is started and stopped by itself: what may be given, and what comes of it."""

from datetime import datetime
from typing import Any

import pytest

from emr_notebook.settings.file import parse
from emr_notebook.settings.notebook import ResolvedNotebook
from emr_notebook.settings.schedule import Action, WeeklyTime
from tests.conftest import stage
from tests.settings.changes import refusal

BERLIN = "Europe/Berlin"


def notebook(default: Any, own: Any = None) -> ResolvedNotebook:
    def change(data: dict[str, Any]) -> None:
        data["defaults"] = {"schedule": default}
        if own is not None:
            data["notebooks"]["alice"]["schedule"] = own

    return parse(stage(change)).notebook("alice")


def expressions(**given: str) -> dict[str, str]:
    """Of a schedule in Berlin, by what is done."""
    scheduled = notebook({"timezone": BERLIN, **given}).scheduled
    return {action.value: each.expression for action, each in scheduled.items()}


@pytest.mark.parametrize(
    ("given", "start", "stop"),
    [
        (
            {"start": "08:00", "stop": "19:30", "days": "mon-fri"},
            "cron(0 8 ? * MON,TUE,WED,THU,FRI *)",
            "cron(30 19 ? * MON,TUE,WED,THU,FRI *)",
        ),
        ({"stop": "19:30", "days": "wed, mon,fri"}, None, "cron(30 19 ? * MON,WED,FRI *)"),
        ({"start": "00:05"}, "cron(5 0 ? * MON,TUE,WED,THU,FRI,SAT,SUN *)", None),
        # Over the end of the week, and over midnight: it is stopped on the day after.
        (
            {"start": "22:00", "stop": "02:15", "days": "sat-mon"},
            "cron(0 22 ? * MON,SAT,SUN *)",
            "cron(15 2 ? * MON,TUE,SUN *)",
        ),
    ],
)
def test_it_becomes_expressions_of_eventbridge_scheduler(
    given: dict[str, str], start: str | None, stop: str | None
) -> None:
    wanted = {"start": start, "stop": stop}

    assert expressions(**given) == {name: each for name, each in wanted.items() if each}


def test_a_notebooks_own_replaces_the_default_whole_and_none_declines_it() -> None:
    default = {"start": "08:00", "stop": "19:30", "timezone": BERLIN}
    own = {"stop": "23:00", "timezone": "UTC"}

    assert [str(each) for each in notebook(default, own).scheduled.values()] == ["23:00 daily UTC"]
    assert notebook(default, "none").scheduled == {}
    assert notebook("none").scheduled == {}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"stop": "24:00"}, "stop: '24:00' was given; accepted: a time of the day"),
        ({"stop": "7:30"}, "stop: '7:30' was given; accepted: a time of the day"),
        ({"stop": 1930}, "stop: 1930 (a number) was given; accepted: a time of the day"),
        ({"stop": "19:30", "days": "weekdays"}, "days: 'weekdays' was given; accepted: daily, or"),
        ({"stop": "19:30", "timezone": "Berlin"}, "or UTC; did you mean Europe/Berlin?"),
        ({"stop": "19:30", "timezone": "Europe/Berln"}, "did you mean Europe/Berlin?"),
        ({"stop": "19:30", "timezone": "CEST"}, "'CEST' was given; accepted: a time zone by its"),
        ({}, "defaults.schedule: neither start nor stop is given: give one of them, or both"),
        ({"start": "19:30", "stop": "19:30"}, "start and stop are both 19:30: give two times"),
    ],
)
def test_a_time_day_or_zone_that_does_not_exist_is_refused(given: Any, said: str) -> None:
    schedule = {"timezone": BERLIN, **given}

    assert said in refusal(lambda data: data.update(defaults={"schedule": schedule}))


def test_a_zone_is_asked_for_and_not_guessed() -> None:
    said = refusal(lambda data: data.update(defaults={"schedule": {"stop": "19:30"}}))

    assert "defaults.schedule.timezone: is missing" in said


def test_what_is_no_schedule_is_told_how_to_decline() -> None:
    said = refusal(lambda data: data.update(defaults={"schedule": "never"}))

    assert "accepted: none, or a mapping with days, start, stop, timezone" in said


def acts_next(at: str, days: str, after: str) -> str:
    weekly = notebook({"stop": at, "days": days, "timezone": BERLIN}).scheduled[Action.STOP]
    return weekly.next_after(datetime.fromisoformat(after)).isoformat()


def test_it_acts_next_on_one_of_its_days_by_its_own_clock() -> None:
    friday = "2026-07-03T17:29:59+00:00"
    too_late = "2026-07-03T17:30:00+00:00"

    assert acts_next("19:30", "mon-fri", friday) == "2026-07-03T19:30:00+02:00"
    assert acts_next("19:30", "mon-fri", too_late) == "2026-07-06T19:30:00+02:00"


def test_a_time_that_the_clock_leaves_out_is_skipped_and_one_that_it_repeats_counts_once() -> None:
    assert acts_next("02:30", "daily", "2026-03-28T12:00:00+00:00") == "2026-03-30T02:30:00+02:00"
    # The first of the two; before the second, the next day's.
    assert acts_next("02:30", "daily", "2026-10-24T12:00:00+00:00") == "2026-10-25T02:30:00+02:00"
    assert acts_next("02:30", "daily", "2026-10-25T01:15:00+00:00") == "2026-10-26T02:30:00+01:00"


def test_what_was_made_of_it_is_read_back_and_nothing_else() -> None:
    scheduled = notebook({"stop": "19:30", "days": "mon,wed", "timezone": BERLIN}).scheduled
    weekly = scheduled[Action.STOP]

    assert WeeklyTime.parse(weekly.expression, BERLIN) == weekly
    assert str(weekly) == "19:30 mon,wed Europe/Berlin"
    for other in ("rate(5 minutes)", "cron(30 19 * * ? *)", "cron(99 19 ? * MON *)"):
        assert WeeklyTime.parse(other, BERLIN) is None
    assert WeeklyTime.parse(weekly.expression, "Europe/Bonn") is None
