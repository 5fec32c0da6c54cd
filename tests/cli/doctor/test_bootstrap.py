"""The account's bootstrap."""

import pytest

from emr_notebook.cli.doctor import bootstrap
from emr_notebook.cli.doctor.report import Line, State
from emr_notebook.cli.next_commands import Commands
from tests.assets.cluster_endpoint.emr_records import ACCOUNT, REGION
from tests.cli.doctor.account_in_memory import AccountWorld
from tests.cli.doctor.network.network_in_memory import COMMANDS, settings

MEND = f"cdk bootstrap aws://{ACCOUNT}/{REGION} -c stage=test"


def line(world: AccountWorld, commands: Commands = COMMANDS) -> Line:
    [found] = bootstrap.check(world.reader(), settings(), commands)
    return found


@pytest.mark.parametrize("version", ["8", "33"])
def test_a_new_enough_one_is_ok(version: str) -> None:
    assert line(AccountWorld(version=version)) == Line(
        f"bootstrap of {REGION}", State.OK, f"version {version}"
    )


@pytest.mark.parametrize("version", ["6", "7"])
def test_one_that_has_no_look_up_role_to_read_with_says_so(version: str) -> None:
    found = line(AccountWorld(version=version))

    assert found.state is State.OK
    assert "--lookup-role needs 8 or later" in found.what


@pytest.mark.parametrize("version", [None, "5", "of somebody else"])
def test_none_or_an_old_one_is_mended_by_bootstrapping(version: str | None) -> None:
    found = line(AccountWorld(version=version))

    assert (found.state, found.commands) == (State.FAILED, (MEND,))


def test_the_stages_name_is_quoted() -> None:
    found = line(AccountWorld(version=None), Commands("a b", REGION, has_several_stacks=False))

    assert found.commands[0].endswith("-c stage='a b'")


def test_a_missing_permission_is_named() -> None:
    found = line(AccountWorld(denied={"ssm:GetParameter"}))

    assert found == Line(
        f"bootstrap of {REGION}",
        State.NOT_CHECKED,
        "these credentials may not ssm:GetParameter",
    )
