"""Runs schedules when they are due, by a clock that tests move."""

import heapq
import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.aws.scheduler.expressions import next_run
from sandbox.aws.scheduler.targets import RunFailed

# Scheduler API, RetryPolicy: what a schedule has that says nothing.
MOST_RETRIES, LONGEST_AGE_SECONDS = 185, 86_400
# AWS documents exponential backoff without numbers.
FIRST_WAIT = timedelta(seconds=60)
LONGEST_WAIT = timedelta(hours=1)

Schedule = Mapping[str, Any]
Call = Callable[[Schedule, datetime], None]
Schedules = Callable[[], Iterable[Schedule]]

logger = logging.getLogger("sandbox")


class Clock:
    """The time by which schedules run: the machine's, until it is moved."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._ahead = 0.0

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._now() + self._ahead

    def move(self, to: float) -> None:
        """Go on from there; ValueError for a time that has been already."""
        if to < self.now():
            raise ValueError("the clock of the sandbox's Scheduler goes forward only")
        self._ahead += to - self.now()


@dataclass(order=True)
class _Attempt:
    moment: datetime
    number: int
    due: datetime
    schedule: Schedule = field(compare=False)


class Runner:
    """Calls what is due, and again what failed, as the schedule's retry policy says.

    Scheduler's documents do not say which failures it does not try again: here it tries all. Of
    the times of one schedule that the clock is moved over, only the last counts.
    """

    def __init__(self, schedules: Schedules, call: Call) -> None:
        self._schedules, self._call = schedules, call
        self._lock = threading.Lock()
        self._until: dict[tuple[str, float], datetime] = {}
        self._attempts: list[_Attempt] = []

    def run_until(self, moment: datetime) -> list[dict[str, Any]]:
        """Run what is due by then, in the order of time; say of each call how it went."""
        with self._lock:
            known = {each["Arn"]: each for each in self._schedules()}
            for schedule in known.values():
                if due := self._last_due(schedule, moment):
                    heapq.heappush(self._attempts, _Attempt(due, 0, due, schedule))
            made = []
            while self._attempts and self._attempts[0].moment <= moment:
                attempt = heapq.heappop(self._attempts)
                # Nothing runs for a schedule that was deleted meanwhile.
                if attempt.schedule["Arn"] in known:
                    made.append(self._attempt(attempt))
            return made

    def _last_due(self, schedule: Schedule, moment: datetime) -> datetime | None:
        created = datetime.fromtimestamp(schedule["CreationDate"], UTC)
        identity = (schedule["Arn"], schedule["CreationDate"])
        after = self._until.get(identity, created - timedelta(microseconds=1))
        self._until[identity] = moment
        expression, zone = schedule["ScheduleExpression"], schedule["ScheduleExpressionTimezone"]
        last = None
        while due := next_run(expression, zone, created=created, after=after):
            if due > moment or schedule["State"] != "ENABLED":
                break
            last = after = due
        return last

    def _attempt(self, attempt: _Attempt) -> dict[str, Any]:
        error = None
        try:
            self._call(attempt.schedule, attempt.due)
        except RunFailed as failed:
            error = str(failed)
            self._retry(attempt)
        told = {
            "schedule": attempt.schedule["Name"],
            "group": attempt.schedule["GroupName"],
            "due": attempt.due.isoformat(),
            "attempt": attempt.number,
            "error": error,
        }
        logger.info("Scheduler: %s", told)
        return told

    def _retry(self, attempt: _Attempt) -> None:
        policy = attempt.schedule["Target"].get("RetryPolicy", {})
        wait = min(FIRST_WAIT * 2**attempt.number, LONGEST_WAIT)
        again = attempt.moment + wait
        age = timedelta(seconds=policy.get("MaximumEventAgeInSeconds", LONGEST_AGE_SECONDS))
        left = policy.get("MaximumRetryAttempts", MOST_RETRIES) > attempt.number
        if left and again <= attempt.due + age:
            heapq.heappush(
                self._attempts,
                _Attempt(again, attempt.number + 1, attempt.due, attempt.schedule),
            )
