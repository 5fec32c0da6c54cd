"""doctor: the quota of notebook instances."""

import pytest

from emr_notebook.cli.doctor import quotas
from emr_notebook.cli.doctor.report import Line, State
from emr_notebook.settings.model import Settings
from tests.assets.cluster_endpoint.emr_records import REGION
from tests.cli.doctor.account import AccountWorld
from tests.cli.doctor.network.world import STACK, lines, settings

SUBJECT = "quota of notebook instances"


def stage(count: int) -> Settings:
    notebooks = {f"user{number}": {"cluster": "analytics"} for number in range(count)}
    return settings(lambda data: data.update(notebooks=notebooks))


def line(world: AccountWorld, asked: Settings) -> Line:
    return lines(quotas.check, world, asked)[SUBJECT]


def test_notebooks_that_fit_in_are_ok() -> None:
    world = AccountWorld(notebooks=["another"], quota=4)

    assert line(world, stage(3)) == Line(SUBJECT, State.OK, "1 exist and 3 are to be made, of 4")


def test_notebooks_that_exist_already_are_counted_once() -> None:
    world = AccountWorld(notebooks=["another", f"{STACK}-user0"], quota=4)

    assert line(world, stage(3)).state is State.OK


def test_one_too_many_fails_and_is_asked_for() -> None:
    found = line(AccountWorld(notebooks=["another"], quota=3), stage(3))

    assert (found.state, found.what) == (
        State.FAILED,
        "1 exist and 3 are to be made; the quota is 3",
    )
    command = (
        "aws service-quotas request-service-quota-increase --service-code sagemaker "
        f"--quota-code L-04CE2E67 --desired-value 4 --region {REGION}"
    )
    assert found.commands == (command,)
    assert "minutes or days" in found.advice


@pytest.mark.parametrize("count", [0, 2])
def test_no_quota_is_asked_for_when_nothing_is_to_be_made(count: int) -> None:
    world = AccountWorld(notebooks=[f"{STACK}-user{number}" for number in range(count)])

    assert line(world, stage(count)).state is State.OK
    assert world.count("get_service_quota") == 0


@pytest.mark.parametrize(
    "action", ["servicequotas:GetServiceQuota", "sagemaker:ListNotebookInstances"]
)
def test_a_missing_permission_is_named(action: str) -> None:
    found = line(AccountWorld(denied={action}), stage(1))

    assert found == Line(SUBJECT, State.NOT_CHECKED, f"these credentials may not {action}")
