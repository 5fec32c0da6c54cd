"""Replaces ministack's own runs of schedules, and refuses the schedules that AWS refuses."""

import asyncio
import json
import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sandbox.aws.answers import Refused, require_valid
from sandbox.aws.emulator import ministack
from sandbox.aws.options import SCHEDULER_PATH, Options
from sandbox.aws.request_log import Message, Receive, Send
from sandbox.aws.scheduler.expressions import problem
from sandbox.aws.scheduler.runs import Clock, Runner
from sandbox.aws.scheduler.targets import Targets, may_assume, target_problem

Answer = tuple[int, dict[str, str], bytes]
Change = Callable[[str, dict[str, Any]], Answer]

TICK_SECONDS = 1.0
NOT_ASSUMED = (
    "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
)

logger = logging.getLogger("sandbox")


class SchedulerService:
    """The clock, and what runs by it."""

    def __init__(self, options: Options) -> None:
        self._clock = Clock()
        self._runner = Runner(_schedules, Targets(options).call)

    def install(self) -> None:
        """Check schedules as they are made, and run them from now on."""
        scheduler = ministack("services.scheduler")
        scheduler._now = self._clock.now
        scheduler.start_scheduler = lambda: None
        scheduler._create_schedule = _checked("CreateSchedule", scheduler._create_schedule)
        scheduler._update_schedule = _checked("UpdateSchedule", scheduler._update_schedule)
        threading.Thread(target=self._tick, daemon=True).start()

    async def control(self, receive: Receive, send: Send) -> None:
        """Move the clock to the request's time, and answer every call that was made on the way."""
        body = b""
        while (message := await receive())["type"] == "http.request":
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        try:
            made = await asyncio.to_thread(self._move, float(json.loads(body)))
            await _answer(send, 200, made)
        except ValueError as error:
            await _answer(send, 400, str(error))

    def _move(self, to: float) -> list[dict[str, Any]]:
        self._clock.move(to)
        return self._run()

    def _run(self) -> list[dict[str, Any]]:
        return self._runner.run_until(datetime.fromtimestamp(self._clock.now(), UTC))

    def _tick(self) -> None:
        pause = threading.Event()
        while not pause.wait(TICK_SECONDS):
            try:
                self._run()
            except Exception:
                logger.exception("The Scheduler's tick failed")


def is_control(scope: Message) -> bool:
    """Whether a request is for the scheduler's clock, and none of AWS's."""
    return bool(scope["type"] == "http" and scope["path"] == SCHEDULER_PATH)


def _schedules() -> list[dict[str, Any]]:
    """Those of every account and region."""
    return list(ministack("services.scheduler")._schedules._data.values())


def _checked(operation: str, original: Change) -> Change:
    def change(name: str, body: dict[str, Any]) -> Answer:
        try:
            require_valid("scheduler", operation, {"Name": name, **body})
        except Refused as refused:
            return _refusal(refused.message)
        scheduler, group = ministack("services.scheduler"), body.get("GroupName", "default")
        made = {**body, "GroupName": group, "Arn": scheduler._schedule_arn(group, name)}
        zone = body.get("ScheduleExpressionTimezone", "UTC")
        found = problem(body["ScheduleExpression"], zone) or target_problem(body["Target"])
        # A group that does not exist is ministack's to refuse.
        exists = group == "default" or group in scheduler._schedule_groups
        if found is None and exists and not may_assume(made):
            found = NOT_ASSUMED
        return original(name, body) if found is None else _refusal(found)

    return change


def _refusal(message: str) -> Answer:
    refused: Answer = ministack("services.scheduler")._error(400, "ValidationException", message)
    return refused


async def _answer(send: Send, status: int, body: Any) -> None:
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(body).encode()})
