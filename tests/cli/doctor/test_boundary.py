"""doctor: the permissions boundary."""

from emr_notebook.cli.doctor import roles
from emr_notebook.cli.doctor.report import Line, State
from tests.cli.doctor.account import BOUNDARY, AccountWorld
from tests.cli.doctor.network.world import COMMANDS, settings

SUBJECT = "permissions boundary"


def line(world: AccountWorld) -> Line:
    asked = settings(lambda data: data.update(permissions_boundary_arn=BOUNDARY))
    [found] = roles.check_boundary(world.reader(), asked, COMMANDS)
    return found


def test_one_that_exists_is_ok() -> None:
    assert line(AccountWorld()) == Line(SUBJECT, State.OK, f"{BOUNDARY} exists")


def test_one_that_does_not_exist_fails() -> None:
    found = line(AccountWorld(policies=set()))

    assert (found.state, found.what) == (State.FAILED, f"{BOUNDARY} does not exist")


def test_a_missing_permission_is_named() -> None:
    found = line(AccountWorld(denied={"iam:GetPolicy"}))

    assert found == Line(SUBJECT, State.NOT_CHECKED, "these credentials may not iam:GetPolicy")


def test_a_stage_without_one_costs_no_call() -> None:
    world = AccountWorld()

    assert roles.check_boundary(world.reader(), settings(), COMMANDS) == []
    assert world.calls == []
