"""Whether clusters can be used."""

import pytest

from emr_notebook.cli.aws.live_endpoint import ASKED_BY, NOT_ASKED
from emr_notebook.cli.doctor import clusters
from emr_notebook.cli.doctor.report import Line, State, unseen, worst_state
from tests.assets.cluster_endpoint.emr_records import CLUSTER_ID, refused, status
from tests.cli.doctor.account_in_memory import AccountWorld
from tests.cli.doctor.network.network_in_memory import COMMANDS, running, settings


def line(world: AccountWorld, *, wait_minutes: int = 10) -> Line:
    asked = settings(lambda data: data["clusters"]["analytics"].update(wait_minutes=wait_minutes))
    return clusters.check(world.reader(), asked, COMMANDS)[0]


def in_state(state: str) -> AccountWorld:
    world = AccountWorld()
    world.emr.clusters = [running() | {"Status": status(state, Message="user request")}]
    return world


def test_a_usable_one_is_ok_and_says_what_runs_where() -> None:
    assert line(AccountWorld()) == Line(
        "cluster analytics",
        State.OK,
        f"{CLUSTER_ID} (emr-7.9.0) has Spark 3.5.5 and Livy 0.8.0 at http://10.0.0.5:8998",
    )


def test_whether_its_livy_answers_is_not_checked_and_decides_nothing() -> None:
    found = clusters.check(AccountWorld().reader(), settings(), COMMANDS)[1:]

    assert found == [unseen("Livy of analytics", NOT_ASKED, advice=ASKED_BY)]
    assert worst_state(found) is State.OK


def test_nothing_is_said_of_the_livy_of_one_that_cannot_be_used() -> None:
    [found] = clusters.check(in_state("TERMINATED").reader(), settings(), COMMANDS)

    assert found.state is State.FAILED


def test_one_that_cannot_be_used_fails_in_the_resolvers_words() -> None:
    found = line(in_state("TERMINATED"))

    assert found.state is State.FAILED
    assert found.what == f"[cluster-ended] Cluster {CLUSTER_ID} is TERMINATED: user request"
    assert found.advice == "start a cluster and put its id into the settings"


def test_one_whose_livy_is_too_old_for_what_a_notebook_asks_of_a_session_fails() -> None:
    asked = settings(lambda data: data["notebooks"]["alice"].update(spark={"idleTimeout": "1h"}))
    [found] = clusters.check(AccountWorld().reader(), asked, COMMANDS)

    assert found.state is State.FAILED
    assert "[session-fields-unknown] Livy 0.8.0" in found.what


@pytest.mark.parametrize("state", ["STARTING", "BOOTSTRAPPING"])
def test_one_that_starts_is_waited_for_by_the_deploy(state: str) -> None:
    found = line(in_state(state))

    assert (found.state, found.counts) == (State.NOT_CHECKED, False)
    assert "still starting: a deploy waits for it, at most 10 minutes" in found.what


def test_one_that_starts_fails_a_deploy_that_does_not_wait() -> None:
    found = line(in_state("STARTING"), wait_minutes=0)

    assert found.state is State.FAILED
    assert found.what.startswith("[cluster-not-ready]")


@pytest.mark.parametrize("method", ["DescribeCluster", "ListInstances"])
def test_a_missing_permission_is_named(method: str) -> None:
    found = line(AccountWorld(denied={f"elasticmapreduce:{method}"}))

    assert found == Line(
        "cluster analytics",
        State.NOT_CHECKED,
        f"these credentials may not elasticmapreduce:{method}",
    )


def test_what_aws_refuses_for_another_reason_says_nothing_of_the_cluster() -> None:
    world = AccountWorld()

    def refuse(_: object) -> dict[str, object]:
        raise refused("InvalidRequestException", "of a new kind")

    world.answers["emr", "list_instances"] = refuse
    assert line(world).state is State.NOT_CHECKED
    assert "of a new kind" in line(world).what


def test_one_that_is_not_there_yet_is_ok_where_notebooks_may_wait_for_it() -> None:
    by_name = {"name": "nightly-spark", "when_absent": "deploy"}
    asked = settings(lambda data: data["clusters"].update(analytics=by_name))
    world = AccountWorld()
    world.emr.clusters = []

    [found] = clusters.check(world.reader(), asked, COMMANDS)

    assert (found.state, found.what.partition(":")[0]) == (State.OK, "there is none yet")
