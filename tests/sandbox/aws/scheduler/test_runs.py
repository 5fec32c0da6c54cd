"""What a clock that moves on runs, and what is tried again."""

from datetime import UTC, datetime
from typing import Any

import pytest

from sandbox.aws.scheduler.runs import Clock, Runner
from sandbox.aws.scheduler.targets import RunFailed

CREATED = datetime(2026, 7, 2, 12, tzinfo=UTC)


def schedule(name: str, expression: str, **more: Any) -> dict[str, Any]:
    """One as ministack keeps it."""
    return {
        "Arn": f"arn:aws:scheduler:eu-west-1:111122223333:schedule/nights/{name}",
        "Name": name,
        "GroupName": "nights",
        "ScheduleExpression": expression,
        "ScheduleExpressionTimezone": "UTC",
        "CreationDate": CREATED.timestamp(),
        "State": "ENABLED",
        "Target": {},
        **more,
    }


def at(time: str, day: int = 2) -> datetime:
    return datetime.fromisoformat(f"2026-07-{day:02}T{time}:00Z")


class Target:
    """Answers calls, or refuses them."""

    def __init__(self) -> None:
        self.refuses = False

    def __call__(self, _schedule: object, _due: object) -> None:
        if self.refuses:
            raise RunFailed("Status (Stopped) not in ([InService])")


def told(made: list[dict[str, Any]]) -> list[tuple[str, str, int]]:
    return [(each["schedule"], each["due"][8:16], each["attempt"]) for each in made]


STOP = schedule("stop", "cron(30 19 * * ? *)")
START = schedule("start", "cron(0 8 * * ? *)")


def test_what_the_clock_moves_over_runs_in_the_order_of_time_each_once() -> None:
    runner = Runner(lambda: [START, STOP], Target())

    assert told(runner.run_until(at("19:29"))) == []
    assert told(runner.run_until(at("09:00", 5))) == [
        ("stop", "04T19:30", 0),
        ("start", "05T08:00", 0),
    ]
    assert told(runner.run_until(at("09:01", 5))) == []


def test_a_schedule_that_is_disabled_does_not_run_nor_later_for_then() -> None:
    held = [schedule("stop", "cron(30 19 * * ? *)", State="DISABLED")]
    runner = Runner(lambda: held, Target())

    assert runner.run_until(at("20:00")) == []
    held[0] = STOP
    assert runner.run_until(at("20:30")) == []


def test_a_failure_is_tried_again_for_as_long_as_the_policy_says() -> None:
    policy = {"RetryPolicy": {"MaximumRetryAttempts": 185, "MaximumEventAgeInSeconds": 300}}
    runner = Runner(lambda: [STOP | {"Target": policy}], target := Target())
    target.refuses = True

    made = runner.run_until(at("23:00"))

    assert told(made) == [("stop", "02T19:30", 0), ("stop", "02T19:30", 1), ("stop", "02T19:30", 2)]
    assert made[0]["error"] == "Status (Stopped) not in ([InService])"


def test_without_a_policy_a_failure_is_tried_again_for_a_day() -> None:
    runner = Runner(lambda: [STOP], target := Target())
    target.refuses = True

    assert len(runner.run_until(at("23:00"))) > 5
    target.refuses = False
    assert told(runner.run_until(at("12:00", 3)))[0][:2] == ("stop", "02T19:30")


def test_a_failure_of_a_schedule_that_was_deleted_is_not_tried_again() -> None:
    held = [STOP]
    runner = Runner(lambda: held, target := Target())
    target.refuses = True
    runner.run_until(at("19:30"))

    held.clear()

    assert runner.run_until(at("23:00")) == []


def test_the_clock_goes_forward_only_and_on_by_itself() -> None:
    machine = [100.0]
    clock = Clock(lambda: machine[0])

    clock.move(5000.0)
    machine[0] += 7
    assert clock.now() == 5007.0
    with pytest.raises(ValueError, match="goes forward only"):
        clock.move(5006.0)
