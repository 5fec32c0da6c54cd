"""When a notebook counts as idle: decisions over minutes that no clock of this machine counts."""

from collections.abc import Iterable
from datetime import UTC, datetime

import pytest

from emr_notebook_agent.idle import LONGEST_GAP, Activity, Idle, after, is_over, stops_at

MINUTE = 60.0
LIMIT = 120 * MINUTE
NOTHING = Activity()
KERNEL = {"kernel a": "2026-11-29T10:00:00Z"}
OPENED = Activity(marks=KERNEL)


def looked(looks: Iterable[Activity], start: float = 1000.0) -> Idle:
    """The state after a look a minute."""
    state = Idle(start)
    for number, found in enumerate(looks, start=1):
        state = after(state, found, start + number * MINUTE)
    return state


@pytest.mark.parametrize(
    "kept_by",
    [
        "the kernel of train.ipynb is busy",
        "process 314 (python train.py) runs",
        "process 271 (sleep infinity) runs",
        "Spark session 7 runs a statement",
        "the start hook runs",
    ],
)
def test_what_runs_keeps_the_notebook_however_long_it_runs(kept_by: str) -> None:
    state = looked([Activity(in_use=(kept_by,), marks=KERNEL)] * 10_000)

    assert (is_over(state, LIMIT), state.stays, state.seconds) == (False, kept_by, 0)


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(NOTHING, id="never opened"),
        pytest.param(OPENED, id="an idle kernel"),
        pytest.param(Activity(marks={"terminal 1": "x"}), id="a terminal whose shell waits"),
    ],
)
def test_what_only_waits_does_not_keep_it_longer_than_the_limit(found: Activity) -> None:
    # Its appearance is a use: the limit counts from the first look that shows no more.
    assert not is_over(looked([found] * 120), LIMIT)
    assert is_over(looked([found] * 122), LIMIT)


def test_a_use_between_two_looks_starts_the_time_anew() -> None:
    used = Activity(marks={"kernel a": "2026-11-29T11:59:31Z"})
    state = looked([OPENED] * 119 + [used] * 120)

    assert not is_over(state, LIMIT)
    assert is_over(after(state, used, state.at + 2 * MINUTE), LIMIT)


def test_a_kernel_that_is_closed_is_no_use() -> None:
    assert is_over(looked([OPENED] * 60 + [NOTHING] * 62), LIMIT)


def test_the_minute_in_which_a_cell_ended_does_not_count() -> None:
    state = looked([Activity(in_use=("a cell",))] * 5 + [NOTHING])

    assert (state.seconds, state.stays) == (0, "")


def test_nothing_counts_while_jupyter_does_not_say_what_it_runs() -> None:
    unseen = Activity(unseen=("Jupyter does not answer",))
    state = looked([OPENED] * 62 + [unseen] * 10_000)

    assert (is_over(state, LIMIT), state.stays) == (False, "Jupyter does not answer")
    assert state.seconds == 60 * MINUTE
    # What it says then is compared with what it said before.
    assert after(state, OPENED, state.at + MINUTE).seconds == 61 * MINUTE


def test_time_in_which_nobody_looked_counts_for_minutes_at_most() -> None:
    """A machine that slept, or a clock that jumped, stops nothing early."""
    state = looked([OPENED] * 12)

    assert after(state, OPENED, state.at + 100 * LIMIT).seconds == 10 * MINUTE + LONGEST_GAP
    assert after(state, OPENED, state.at - 100 * LIMIT).seconds == 10 * MINUTE


def test_the_time_that_is_shown_is_a_full_minute_and_not_before_the_stop() -> None:
    state = Idle(0, seconds=60 * MINUTE)

    assert stops_at(state, LIMIT, datetime(2026, 11, 29, 23, 5, 0, 1, UTC)) == datetime(
        2026, 11, 30, 0, 6, tzinfo=UTC
    )
    assert stops_at(state, LIMIT, datetime(2026, 11, 29, 12, 5, tzinfo=UTC)) == datetime(
        2026, 11, 29, 13, 5, tzinfo=UTC
    )
