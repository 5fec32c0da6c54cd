"""Brings a notebook to InService, or says why it is not: decided by its state alone."""

import time
from collections.abc import Callable

from emr_notebook.cli.aws.notebook_actions import NotebookActions
from emr_notebook.cli.aws.notebooks import (
    FAILED,
    IN_SERVICE,
    TRANSITIONAL_STATES,
    describe,
    failure_reason,
)
from emr_notebook.cli.aws.printable import printable
from emr_notebook.cli.aws.reader import CommandError, Reader
from emr_notebook.cli.next_commands import Commands

STOPPED, STOPPING = "Stopped", "Stopping"
POLL_SECONDS = 5
# A start takes some minutes, a stop before it as many; SageMaker gives its start script five.
MOST_MINUTES = 15

Say = Callable[[str], object]


def require_in_service(reader: Reader, name: str, commands: Commands, again: str) -> None:
    """Return when the notebook is InService. Raises CommandError with what to do when it is not.

    `again` is the command that starts it and opens it. Raises as Reader.ask does, too.
    """
    state = _state(reader, name, commands)
    if state == IN_SERVICE:
        return
    if state in (STOPPED, FAILED):
        why = f" ({_failure(reader, name)})" if state == FAILED else ""
        log = f"; what its start said: {commands.log(name)}" if state == FAILED else ""
        raise CommandError(
            f"{name} is {state}{why}. Next: {again}, or {commands.start(name)}; a start takes some "
            f"minutes{log}"
        )
    raise CommandError(_on_its_way(name, state, again))


def start_and_wait(
    reader: Reader,
    actions: NotebookActions,
    name: str,
    commands: Commands,
    *,
    say: Say,
    now: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] = time.sleep,
) -> None:
    """Start the notebook, once it can be started, and return when it is InService.

    At most MOST_MINUTES. Raises CommandError when it fails to start, or does not in that time;
    and as Reader.ask does.
    """
    deadline, started = now() + 60 * MOST_MINUTES, False
    while (state := _state(reader, name, commands)) != IN_SERVICE:
        if state == FAILED and started:
            raise CommandError(
                f"{name} did not start: {_failure(reader, name)}. Next: {commands.log(name)}"
            )
        if state in (STOPPED, FAILED) and not started:
            actions.start(name)
            started = True
        elif state not in {STOPPED, STOPPING, *TRANSITIONAL_STATES}:
            raise CommandError(_on_its_way(name, state, ""))
        left = deadline - now()
        if left <= 0:
            raise CommandError(
                f"{name} is still {state} after {MOST_MINUTES} minutes. Next: wait, then "
                f"emr-notebook status --stage {commands.stage}"
            )
        say(f"Waiting for {name}, which is {state}: at most {left:.0f} s")
        sleep(min(POLL_SECONDS, left))


def _on_its_way(name: str, state: str, again: str) -> str:
    if again and state in {STOPPING, *TRANSITIONAL_STATES}:
        return f"{name} is {state}. Next: {again}, which waits for it"
    return f"{name} is {printable(state)}, and cannot be opened. Next: look at it in the console"


def _state(reader: Reader, name: str, commands: Commands) -> str:
    found = describe(reader, name)
    if found is None:
        raise CommandError(
            f"SageMaker has no notebook {name} in {reader.region}. Next: deploy it: "
            f"{commands.deploy()}"
        )
    return found.state


def _failure(reader: Reader, name: str) -> str:
    """The reason in printable form: an instance's own words may be in it."""
    return printable(failure_reason(reader, name).rstrip(".")) or "SageMaker gives no reason"
