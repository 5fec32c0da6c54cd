"""Every cluster that the resolver refuses, in the words that `cdk deploy` prints; IAM enforced."""

import re
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import pytest

from emr_notebook.constructs.resolver_request import grants
from emr_notebook.settings.cluster import Cluster
from sandbox.aws.emr.seed import put_security_configuration
from tests.end_to_end.resolver_refusals import (
    DENIED,
    IDENTITY_CENTER,
    IN_TRANSIT,
    REFUSED,
    ROLES,
    Case,
    by_id,
)
from tests.end_to_end.resolver_world import Asked, Deploy, ResolverWorld, resolver_world, running

pytestmark = [pytest.mark.sandbox, pytest.mark.minutes(1.8)]

STARTING = running("j-STARTING", state="STARTING")
DYING = running("j-DYING001", state="BOOTSTRAPPING")
DEAD = replace(
    DYING,
    state="TERMINATED_WITH_ERRORS",
    state_change_code="INTERNAL_ERROR",
    state_change_message="No capacity left",
)
WAITS = {"wait_minutes": 1}
CHANGING: Mapping[str, Case] = {
    "becomes-ready": by_id(STARTING, "", **WAITS),
    "dies": by_id(
        DYING,
        "[cluster-ended] Cluster j-DYING001 is TERMINATED_WITH_ERRORS: INTERNAL_ERROR: "
        "No capacity left. Next:",
        **WAITS,
    ),
}
CASES = {**REFUSED, **DENIED, **CHANGING}


@dataclass
class Watcher:
    """Changes the starting clusters as soon as the resolver has seen them starting."""

    world: ResolverWorld
    over: threading.Event = field(default_factory=threading.Event)

    def watch(self) -> None:
        waiting = [replace(STARTING, state="WAITING"), DEAD]
        while waiting and not self.over.is_set():
            for spec in list(waiting):
                if self.world.calls_about(spec.cluster_id):
                    self.world.put(spec)
                    waiting.remove(spec)
            time.sleep(0.5)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ResolverWorld]:
    with resolver_world(tmp_path_factory.mktemp("refusals")) as found:
        put_security_configuration(found.aws, "runtime-roles", ROLES)
        put_security_configuration(found.aws, "identity-center", IDENTITY_CENTER)
        put_security_configuration(found.aws, "in-transit", IN_TRANSIT)
        yield found


@pytest.fixture(scope="module")
def deploy(world: ResolverWorld) -> Iterator[Deploy]:
    """All cases as stages of their own, deployed at once."""
    for stage, case in CASES.items():
        world.put(*case.clusters)
        world.write_stage(stage, {"analytics": case.settings})
    watcher = Watcher(world)
    thread = threading.Thread(target=watcher.watch)
    thread.start()
    try:
        yield world.deploy_together({s: Asked(withheld=c.withheld) for s, c in CASES.items()})
    finally:
        watcher.over.set()
        thread.join()


@pytest.mark.parametrize("stage", [*REFUSED, *DENIED, "dies"])
def test_the_terminal_shows_why_a_cluster_is_refused(
    world: ResolverWorld, deploy: Deploy, stage: str
) -> None:
    failures = [
        line.partition("Error: ")[2]
        for line in deploy.printed.splitlines()
        if line.startswith(f"{stage} |") and "CREATE_FAILED" in line
    ]

    assert failures
    assert all(each.startswith(CASES[stage].said) for each in failures), failures[0]
    assert world.stack(stage).status == "ROLLBACK_COMPLETE"


def test_a_cluster_that_becomes_ready_during_the_deploy_is_used(
    world: ResolverWorld, deploy: Deploy
) -> None:
    stack = world.stack("becomes-ready")

    assert stack.status == "CREATE_COMPLETE", deploy.printed
    assert stack.output("analytics", "LivyUrl") == "http://10.0.1.10:8998"
    # Starting when first asked about, ready when asked again.
    actions = [action for action, _ in world.calls_by("becomes-ready")]
    assert actions.count("DescribeCluster") > 1
    assert actions[-2:] == ["ListInstances", "ListInstanceGroups"]


@pytest.mark.usefixtures("deploy")
def test_the_log_says_what_is_waited_for(world: ResolverWorld) -> None:
    waiting = r"analytics: waiting for j-STARTING, which is STARTING; \d+ of at most 60 s"

    assert re.search(waiting, world.log_of("becomes-ready"))


def test_every_action_that_any_stage_is_granted_is_withheld_in_a_test() -> None:
    asked = [Cluster.model_validate(dict(case.settings)) for case in CASES.values()]
    granted = {action for grant in grants(asked) for action in grant.actions}

    # Without DescribeStacks an update is refused: see test_an_update_keeps_what_worked.py.
    assert granted - {case.withheld for case in DENIED.values()} == {
        "cloudformation:DescribeStacks"
    }
