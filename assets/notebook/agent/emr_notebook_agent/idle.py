"""Decides whether a notebook is used, and since when it is not; without clock, network or files."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# A gap between two looks counts up to this many seconds: through what was not looked at, as when
# the machine slept, a notebook was not known to be idle.
LONGEST_GAP = 180.0


@dataclass(frozen=True)
class Activity:
    """What one look at a notebook found.

    `in_use` are things that run, in words. `marks` are values that change with each use: of a
    kernel, of a terminal, of a notebook's file. `unseen` says what could not be looked at.
    """

    in_use: tuple[str, ...] = ()
    marks: Mapping[str, str] = field(default_factory=dict)
    unseen: tuple[str, ...] = ()


@dataclass(frozen=True)
class Idle:
    """How long a notebook has been idle, as far as the look at `at` shows.

    `at` is in seconds of a clock that never jumps. `stays` is why it is not to be stopped, however
    long it has been idle; "" when nothing keeps it.
    """

    at: float
    seconds: float = 0.0
    stays: str = ""
    used: bool = True
    marks: Mapping[str, str] = field(default_factory=dict)


def after(before: Idle, found: Activity, at: float) -> Idle:
    """The state after one more look.

    No wall clock counts: a use is a mark that changed since the last look. The time between two
    looks counts as idle when neither saw a use; while something could not be looked at, none does.
    """
    stays = next(iter(found.in_use), "") or next(iter(found.unseen), "")
    changed = any(before.marks.get(name) != mark for name, mark in found.marks.items())
    used = bool(found.in_use) or changed
    seconds = before.seconds
    if used:
        seconds = 0.0
    elif not found.unseen and not before.used:
        seconds += min(max(at - before.at, 0.0), LONGEST_GAP)
    marks = {**before.marks, **found.marks} if found.unseen else found.marks
    return Idle(at, seconds, stays, used, marks)


def is_over(idle: Idle, limit_seconds: float) -> bool:
    """Whether the notebook was idle for the limit, and all of it was looked at."""
    return not idle.stays and idle.seconds >= limit_seconds


def stops_at(idle: Idle, limit_seconds: float, now: datetime) -> datetime:
    """When it will be stopped unless it is used, up to the next full minute."""
    left = now + timedelta(seconds=max(0.0, limit_seconds - idle.seconds))
    seconds = left.second + left.microsecond / 1e6
    return left + timedelta(seconds=math.ceil(seconds / 60) * 60 - seconds)
