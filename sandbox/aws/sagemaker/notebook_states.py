"""Decides what a notebook instance's status allows, and which status it leads to."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """NotebookInstanceStatus, as the API spells it."""

    PENDING = "Pending"
    IN_SERVICE = "InService"
    STOPPING = "Stopping"
    STOPPED = "Stopped"
    FAILED = "Failed"
    DELETING = "Deleting"
    UPDATING = "Updating"


class Action(StrEnum):
    """What a caller may ask of an existing notebook instance."""

    START = "start"
    STOP = "stop"
    UPDATE = "update"
    DELETE = "delete"


class Event(StrEnum):
    """What the machine reports of itself."""

    IN_SERVICE = "in-service"
    ENDED = "ended"


# Those that a notebook leaves by itself.
TRANSITIONAL = frozenset({Status.PENDING, Status.STOPPING, Status.DELETING, Status.UPDATING})


@dataclass(frozen=True)
class Rule:
    """From which statuses an action is allowed, and the status it leads to at once."""

    allowed: tuple[Status, ...]
    target: Status


RULES = {
    Action.START: Rule((Status.STOPPED, Status.FAILED), Status.PENDING),
    Action.STOP: Rule((Status.IN_SERVICE,), Status.STOPPING),
    Action.UPDATE: Rule((Status.STOPPED, Status.FAILED), Status.UPDATING),
    Action.DELETE: Rule((Status.STOPPED, Status.FAILED), Status.DELETING),
}

# A machine that reports a failure is still there until it has ended: only then is it Failed, so
# that a new start never meets the old machine on the same volume.
_AFTER_EVENT = {
    (Status.PENDING, Event.IN_SERVICE): Status.IN_SERVICE,
    (Status.PENDING, Event.ENDED): Status.FAILED,
    (Status.IN_SERVICE, Event.ENDED): Status.FAILED,
    (Status.STOPPING, Event.ENDED): Status.STOPPED,
}


def refusal(action: Action, status: Status, arn: str) -> str | None:
    """AWS's sentence when `status` does not allow `action`, else None."""
    rule = RULES[action]
    if status in rule.allowed:
        return None
    return (
        f"Status ({status}) not in ([{', '.join(rule.allowed)}]). "
        f"Unable to transition to ({rule.target}) for Notebook Instance ({arn})"
    )


def after(status: Status, event: Event) -> Status:
    """The status an event leads to; one that says nothing new leaves it as it is."""
    return _AFTER_EVENT.get((status, event), status)


@dataclass(frozen=True)
class Hook:
    """How one lifecycle script ended."""

    name: str
    status: int
    timed_out: bool

    @property
    def failed(self) -> bool:
        """AWS treats a script that takes too long and one that exits non-zero alike."""
        return self.timed_out or self.status != 0


def failure_reason(
    hooks: Sequence[Hook], reason: str, notebook_arn: str, lifecycle_arn: str
) -> str:
    """The FailureReason: AWS's fixed text for a failed script, whatever the script did."""
    if any(hook.failed for hook in hooks):
        return (
            f"Notebook Instance Lifecycle Config '{lifecycle_arn}' for Notebook Instance "
            f"'{notebook_arn}' took longer than 5 minutes. Please check your CloudWatch logs for "
            "more details if your Notebook Instance has Internet access."
        )
    return reason
