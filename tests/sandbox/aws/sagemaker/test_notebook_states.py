"""A notebook's status allows what AWS allows, and changes as AWS's does."""

import pytest

from sandbox.aws.sagemaker.notebook_states import (
    Action,
    Event,
    Hook,
    Status,
    after,
    failure_reason,
    refusal,
)

ARN = "arn:aws:sagemaker:eu-west-1:111122223333:notebook-instance/alice"
CONFIG = "arn:aws:sagemaker:eu-west-1:111122223333:notebook-instance-lifecycle-config/script"
ALLOWED = {
    Action.START: {"Stopped", "Failed"},
    Action.STOP: {"InService"},
    Action.UPDATE: {"Stopped", "Failed"},
    Action.DELETE: {"Stopped", "Failed"},
}


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("action", list(Action))
def test_an_action_is_refused_in_every_status_but_those_awss_sentence_lists(
    action: Action, status: Status
) -> None:
    sentence = refusal(action, status, ARN)

    assert (sentence is None) == (status.value in ALLOWED[action])


def test_a_refusal_is_awss_own_sentence() -> None:
    # Recorded in public bug reports of users whose notebook was stuck.
    assert refusal(Action.START, Status.STOPPING, ARN) == (
        "Status (Stopping) not in ([Stopped, Failed]). "
        f"Unable to transition to (Pending) for Notebook Instance ({ARN})"
    )


@pytest.mark.parametrize(
    ("status", "event", "expected"),
    [
        (Status.PENDING, Event.IN_SERVICE, Status.IN_SERVICE),
        (Status.PENDING, Event.ENDED, Status.FAILED),
        (Status.IN_SERVICE, Event.ENDED, Status.FAILED),
        (Status.STOPPING, Event.ENDED, Status.STOPPED),
        # A machine that came up just as it was told to stop.
        (Status.STOPPING, Event.IN_SERVICE, Status.STOPPING),
        # A machine that ended after its notebook was already deleted.
        (Status.DELETING, Event.ENDED, Status.DELETING),
    ],
)
def test_what_the_machine_reports_moves_the_status(
    status: Status, event: Event, expected: Status
) -> None:
    assert after(status, event) is expected


@pytest.mark.parametrize("hook", [Hook("OnStart", 1, False), Hook("OnStart", 0, True)])
def test_a_failed_or_slow_script_is_told_alike(hook: Hook) -> None:
    assert failure_reason([hook], "anything", ARN, CONFIG) == (
        f"Notebook Instance Lifecycle Config '{CONFIG}' for Notebook Instance '{ARN}' took longer "
        "than 5 minutes. Please check your CloudWatch logs for more details if your Notebook "
        "Instance has Internet access."
    )


def test_a_failure_after_good_scripts_is_told_as_it_was() -> None:
    assert failure_reason([Hook("OnStart", 0, False)], "no JupyterLab", ARN, CONFIG) == (
        "no JupyterLab"
    )
