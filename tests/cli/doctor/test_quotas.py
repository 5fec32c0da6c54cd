"""The quotas of notebook instances, of all and of each type."""

from typing import Any

import pytest

from emr_notebook.cli.aws.notebooks import NotebookSummary
from emr_notebook.cli.doctor import quotas
from emr_notebook.cli.doctor.quotas import starts_by_type
from emr_notebook.cli.doctor.report import Line, State
from emr_notebook.settings.model import Settings
from tests.assets.cluster_endpoint.emr_records import REGION
from tests.cli.doctor.account_in_memory import AccountWorld
from tests.cli.doctor.network.network_in_memory import STACK, lines, settings

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


SMALL, LARGE = "ml.t3.medium", "ml.m5.xlarge"
ALICE = f"{STACK}-alice"


def stage_of_types(**types: str) -> Settings:
    notebooks: dict[str, Any] = {
        key: {"cluster": "analytics", "instance_type": each} for key, each in types.items()
    }
    return settings(lambda data: data.update(notebooks=notebooks))


def type_line(world: AccountWorld, asked: Settings, name: str = SMALL) -> Line:
    return lines(quotas.check, world, asked)[f"quota of {name}"]


class TestQuotasOfTypes:
    def test_types_that_fit_in_are_ok(self) -> None:
        found = type_line(
            AccountWorld(type_quotas={SMALL: 2}), stage_of_types(alice=SMALL, bob=SMALL)
        )

        assert found == Line(f"quota of {SMALL}", State.OK, "0 run and 2 are to be started, of 2")

    def test_one_too_many_fails_and_is_asked_for(self) -> None:
        found = type_line(
            AccountWorld(type_quotas={SMALL: 1}), stage_of_types(alice=SMALL, bob=SMALL)
        )
        command = (
            "aws service-quotas request-service-quota-increase --service-code sagemaker "
            f"--quota-code L-{SMALL} --desired-value 2 --region {REGION}"
        )

        assert (found.state, found.commands) == (State.FAILED, (command,))
        assert found.what == "0 run and 2 are to be started; the quota is 1"

    def test_each_type_has_a_line(self) -> None:
        world = AccountWorld(type_quotas={SMALL: 1, LARGE: 0})
        asked = stage_of_types(alice=SMALL, bob=LARGE)

        assert type_line(world, asked).state is State.OK
        assert type_line(world, asked, LARGE).state is State.FAILED

    def test_a_type_that_the_region_does_not_list_is_not_known(self) -> None:
        found = type_line(AccountWorld(type_quotas={}), stage_of_types(alice=SMALL))

        assert found.state is State.NOT_CHECKED
        assert f"{REGION} has no quota “{SMALL} for notebook instance usage”" in found.what

    def test_nothing_is_asked_when_the_deploy_starts_none(self) -> None:
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

        assert type_line(world, stage_of_types(alice=SMALL)).what == "the deploy starts none"
        assert world.count("list_service_quotas") == 0

    def test_the_list_is_read_until_all_are_found(self) -> None:
        kinds = {f"ml.x{number}.large": 9.0 for number in range(7)}
        world = AccountWorld(type_quotas={**kinds, SMALL: 9, "ml.z.large": 9}, quotas_per_page=2)

        assert type_line(world, stage_of_types(alice=SMALL)).state is State.OK
        assert world.count("list_service_quotas") == 4

    @pytest.mark.parametrize(
        "action", ["servicequotas:ListServiceQuotas", "sagemaker:ListNotebookInstances"]
    )
    def test_a_missing_permission_is_named(self, action: str) -> None:
        found = type_line(AccountWorld(denied={action}), stage_of_types(alice=SMALL))

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
        self, state: str, instance_type: str, started: int
    ) -> None:
        asked = [stage_of_types(alice=SMALL).notebook("alice")]
        at = NotebookSummary(ALICE, state, instance_type=instance_type)

        assert starts_by_type(asked, {ALICE: at})[SMALL] == started

    def test_a_deploy_starts_what_it_makes(self) -> None:
        assert starts_by_type([stage_of_types(alice=SMALL).notebook("alice")], {})[SMALL] == 1
