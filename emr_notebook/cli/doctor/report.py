"""Reports what a deploy needs: a line for each thing, and how it is mended."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from emr_notebook.cli.aws.reader import Denied, Refused, Unreachable

Answer = TypeVar("Answer")


class State(StrEnum):
    """What is known of a prerequisite."""

    OK = "ok"
    WARNING = "warning"
    NOT_CHECKED = "not checked"
    FAILED = "failed"


@dataclass(frozen=True)
class Line:
    """One prerequisite: what is so, and what mends it.

    `subject` names it, the same in every run. `what` is what was found, the cause of a failure, or
    what is missing to know. `commands` are run in their order; `advice` is for what no command
    does. One that does not count is shown, and decides nothing.
    """

    subject: str
    state: State
    what: str = ""
    commands: tuple[str, ...] = ()
    advice: str = ""
    counts: bool = True


@dataclass(frozen=True)
class Unknown:
    """What could not be read, and why: a missing permission, or AWS's own words."""

    why: str


def ok(subject: str, what: str = "") -> Line:
    """It is as it should be."""
    return Line(subject, State.OK, what)


def failed(subject: str, cause: str, *commands: str, advice: str = "") -> Line:
    """A deploy, or a notebook after it, fails for this cause."""
    return Line(subject, State.FAILED, cause, commands, advice)


def warned(subject: str, cause: str, *commands: str, advice: str = "") -> Line:
    """A deploy and its notebooks work, and lack something; it decides nothing."""
    return Line(subject, State.WARNING, cause, commands, advice, counts=False)


def not_checked(subject: str, unknown: Unknown) -> Line:
    """It could not be found out."""
    return Line(subject, State.NOT_CHECKED, unknown.why)


def unseen(subject: str, what: str, *, advice: str = "") -> Line:
    """No permission would tell it: what AWS's records do not hold, or nobody looks at here."""
    return Line(subject, State.NOT_CHECKED, what, advice=advice, counts=False)


def attempt(read: Callable[[], Answer]) -> Answer | Unknown:
    """What `read` answers, or why AWS does not; credentials that are no good still raise."""
    try:
        return read()
    except (Denied, Refused) as error:
        return Unknown(str(error))
    except Unreachable as silent:
        return Unknown(f"{silent.service} does not answer")


def worst_state(lines: Iterable[Line]) -> State:
    """The state that counts; OK when there is no line that does."""
    order = list(State)
    counted = (line.state for line in lines if line.counts)
    return max(counted, key=order.index, default=State.OK)


def none_if_missing(code: str, read: Callable[[], Answer]) -> Answer | Unknown | None:
    """What `read` answers; None when AWS refuses with `code`; otherwise as attempt says."""

    def tolerant() -> Answer | None:
        try:
            return read()
        except Refused as refused:
            if refused.code == code:
                return None
            raise

    return attempt(tolerant)
