"""Lets a changed policy of a role count only some seconds after its first use, as IAM may."""

import time
from collections.abc import Callable
from typing import Any

from sandbox.aws.emulator import ministack

# The statements of each policy.
Policies = list[Any]
Gather = Callable[[str, str], Policies]


class Propagation:
    """What each role is known to be allowed, which lags behind its policies."""

    def __init__(self, seconds: float, now: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._now = now
        # By role: the policies that count, and those that are to come, with when they will.
        self._known: dict[str, Policies] = {}
        self._coming: dict[str, tuple[Policies, float]] = {}

    def known(self, role: str, policies: Policies) -> Policies:
        """What counts of a role's policies now. A new role's count at once."""
        known = self._known.setdefault(role, policies)
        if policies == known:
            return known
        coming, moment = self._coming.get(role, ([], 0.0))
        if coming != policies:
            moment = self._now() + self._seconds
            self._coming[role] = (policies, moment)
        if self._now() >= moment:
            self._known[role] = policies
        return self._known[role]


def install(seconds: float) -> None:
    """Put it between ministack's roles and its decisions; without seconds, nothing lags."""
    if not seconds:
        return
    evaluator, propagation = ministack("core.iam_evaluator"), Propagation(seconds)
    gather: Gather = evaluator._gather_role_policies

    def lagging(role_name: str, account_id: str) -> Policies:
        return propagation.known(role_name, gather(role_name, account_id))

    evaluator._gather_role_policies = lagging
