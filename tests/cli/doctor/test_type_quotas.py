"""doctor: the quotas of instance types."""

from typing import Any

import pytest

from emr_notebook.cli.doctor import quotas
from emr_notebook.cli.doctor.quotas import ExistingNotebook, starts_by_type
from emr_notebook.cli.doctor.report import Line, State
from emr_notebook.settings.model import Settings
from tests.assets.cluster_endpoint.emr_records import REGION
from tests.cli.doctor.account import AccountWorld
from tests.cli.doctor.network.world import STACK, lines, settings

SMALL, LARGE = "ml.t3.medium", "ml.m5.xlarge"
ALICE = f"{STACK}-alice"


def stage(**types: str) -> Settings:
    notebooks: dict[str, Any] = {
        key: {"cluster": "analytics", "instance_type": each} for key, each in types.items()
    }
    return settings(lambda data: data.update(notebooks=notebooks))


def of(world: AccountWorld, asked: Settings, name: str = SMALL) -> Line:
    return lines(quotas.check, world, asked)[f"quota of {name}"]


def test_types_that_fit_in_are_ok() -> None:
    found = of(AccountWorld(type_quotas={SMALL: 2}), stage(alice=SMALL, bob=SMALL))

    assert found == Line(f"quota of {SMALL}", State.OK, "0 run and 2 are to be started, of 2")


def test_one_too_many_fails_and_is_asked_for() -> None:
    found = of(AccountWorld(type_quotas={SMALL: 1}), stage(alice=SMALL, bob=SMALL))
    command = (
        "aws service-quotas request-service-quota-increase --service-code sagemaker "
        f"--quota-code L-{SMALL} --desired-value 2 --region {REGION}"
    )

    assert (found.state, found.commands) == (State.FAILED, (command,))
    assert found.what == "0 run and 2 are to be started; the quota is 1"


def test_each_type_has_a_line() -> None:
    world = AccountWorld(type_quotas={SMALL: 1, LARGE: 0})
    asked = stage(alice=SMALL, bob=LARGE)

    assert of(world, asked).state is State.OK
    assert of(world, asked, LARGE).state is State.FAILED


def test_a_type_that_the_region_does_not_list_is_not_known() -> None:
    found = of(AccountWorld(type_quotas={}), stage(alice=SMALL))

    assert found.state is State.NOT_CHECKED
    assert f"{REGION} has no quota “{SMALL} for notebook instance usage”" in found.what


def test_nothing_is_asked_when_the_deploy_starts_none() -> None:
    world = AccountWorld(notebooks=[ALICE])
    world.answers["sagemaker", "list_notebook_instances"] = lambda _: {
        "NotebookInstances": [
            {
                "NotebookInstanceName": ALICE,
                "NotebookInstanceArn": "arn",
                "NotebookInstanceStatus": "InService",
                "InstanceType": SMALL,
            }
        ]
    }

    assert of(world, stage(alice=SMALL)).what == "the deploy starts none"
    assert world.count("list_service_quotas") == 0


def test_the_list_is_read_until_all_are_found() -> None:
    kinds = {f"ml.x{number}.large": 9.0 for number in range(7)}
    world = AccountWorld(type_quotas={**kinds, SMALL: 9, "ml.z.large": 9}, quotas_per_page=2)

    assert of(world, stage(alice=SMALL)).state is State.OK
    assert world.count("list_service_quotas") == 4


@pytest.mark.parametrize(
    "action", ["servicequotas:ListServiceQuotas", "sagemaker:ListNotebookInstances"]
)
def test_a_missing_permission_is_named(action: str) -> None:
    found = of(AccountWorld(denied={action}), stage(alice=SMALL))

    assert found.state is State.NOT_CHECKED
    assert found.what == f"these credentials may not {action}"


@pytest.mark.parametrize(
    ("state", "instance_type", "started"),
    [
        ("InService", SMALL, 0),
        ("InService", LARGE, 1),
        ("Pending", LARGE, 1),
        ("Stopped", LARGE, 0),
        ("Failed", LARGE, 0),
    ],
)
def test_a_deploy_starts_what_runs_and_changes_its_type(
    state: str, instance_type: str, started: int
) -> None:
    asked = [stage(alice=SMALL).notebook("alice")]

    assert starts_by_type(asked, {ALICE: ExistingNotebook(instance_type, state)})[SMALL] == started


def test_a_deploy_starts_what_it_makes() -> None:
    assert starts_by_type([stage(alice=SMALL).notebook("alice")], {})[SMALL] == 1
