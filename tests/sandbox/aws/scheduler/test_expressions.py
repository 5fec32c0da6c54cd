"""When a schedule expression is due, by the rules of EventBridge Scheduler's user guide."""

from datetime import UTC, datetime, timedelta

import pytest

from sandbox.aws.scheduler.expressions import next_run, problem

BERLIN = "Europe/Berlin"
CREATED = datetime(2026, 1, 1, 12, tzinfo=UTC)


def runs(expression: str, zone: str, after: str, number: int) -> list[str]:
    """The next ones after that time, in UTC."""
    found, moment = [], datetime.fromisoformat(after)
    for _ in range(number):
        due = next_run(expression, zone, created=CREATED, after=moment)
        assert due is not None
        found.append(due.strftime("%a %m-%d %H:%M"))
        moment = due
    return found


def test_a_cron_expression_is_read_in_its_time_zone() -> None:
    weekdays = "cron(30 19 ? * MON-FRI *)"

    assert runs(weekdays, BERLIN, "2026-07-02T17:30:00Z", 3) == [
        "Fri 07-03 17:30",
        "Mon 07-06 17:30",
        "Tue 07-07 17:30",
    ]
    assert runs(weekdays, "UTC", "2026-07-02T17:30:00Z", 1) == ["Thu 07-02 19:30"]


def test_a_time_that_the_clock_leaves_out_in_spring_is_skipped() -> None:
    # In Berlin, 2026-03-29 has no 02:30.
    assert runs("cron(30 2 * * ? *)", BERLIN, "2026-03-28T00:00:00Z", 2) == [
        "Sat 03-28 01:30",
        "Mon 03-30 00:30",
    ]


def test_a_time_that_the_clock_repeats_in_autumn_counts_once() -> None:
    # In Berlin, 2026-10-25 has 02:30 twice.
    assert runs("cron(30 2 * * ? *)", BERLIN, "2026-10-24T12:00:00Z", 2) == [
        "Sun 10-25 00:30",
        "Mon 10-26 01:30",
    ]
    # 02:15 for the second time.
    assert runs("cron(30 2 * * ? *)", BERLIN, "2026-10-25T01:15:00Z", 1) == ["Mon 10-26 01:30"]


def test_a_rate_begins_at_once() -> None:
    before = CREATED - timedelta(microseconds=1)

    assert runs("rate(5 minutes)", "UTC", before.isoformat(), 3) == [
        "Thu 01-01 12:00",
        "Thu 01-01 12:05",
        "Thu 01-01 12:10",
    ]


def test_a_rates_days_are_24_hours() -> None:
    assert runs("rate(1 day)", BERLIN, "2026-03-28T11:00:00Z", 2) == [
        "Sat 03-28 12:00",
        "Sun 03-29 12:00",
    ]


def test_a_single_time_is_due_once() -> None:
    expression = "at(2026-07-02T19:30:00)"

    assert runs(expression, BERLIN, "2026-07-02T17:29:00Z", 1) == ["Thu 07-02 17:30"]
    late = datetime(2026, 7, 2, 17, 30, tzinfo=UTC)
    assert next_run(expression, BERLIN, created=CREATED, after=late) is None


@pytest.mark.parametrize(
    "expression",
    [
        "cron(30 25 ? * MON *)",
        "cron(60 19 ? * MON *)",
        "cron(30 19 ? * FRI-MON *)",
        "cron(30 19 ? * MOND *)",
        "cron(30 19 * * * *)",
        "cron(30 19 ? * ? *)",
        "cron(30 19 * * ?)",
        "rate(0 minutes)",
        "rate(5 seconds)",
        "at(19:30)",
        "at(2026-13-01T00:00:00)",
        "nightly",
    ],
)
def test_what_aws_does_not_take_is_refused(expression: str) -> None:
    assert problem(expression, "UTC") == f"Invalid Schedule Expression {expression}."


def test_a_time_zone_that_does_not_exist_is_refused() -> None:
    expression = "cron(30 19 ? * MON,WED *)"

    assert problem(expression, "Europe/Berlin") is None
    assert problem(expression, "Europe/Bonn") == "Invalid ScheduleExpressionTimezone Europe/Bonn."
