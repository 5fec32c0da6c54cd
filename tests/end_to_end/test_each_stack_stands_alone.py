"""A stage whose notebooks stand in several stacks, each of which stands alone."""

from collections.abc import Iterator

import pytest

from tests.end_to_end.resolver_world import (
    PRIMARY_GROUP,
    Deploy,
    ResolverWorld,
    resolver_world,
    running,
)

pytestmark = [pytest.mark.sandbox, pytest.mark.minutes(0.5)]

STAGE, SCIENCE = "whole", "whole-science"
CLUSTER = {"id": "j-STACKS001", "security_group_id": PRIMARY_GROUP, "ingress": "create"}
NOTEBOOKS = {
    "alice": {"cluster": "analytics"},
    "bob": {"cluster": "analytics", "stack": "science"},
    "carol": {"cluster": "analytics", "stack": "science"},
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ResolverWorld]:
    with resolver_world(tmp_path_factory.mktemp("stacks")) as found:
        found.put(running("j-STACKS001"))
        found.write_stage(STAGE, {"analytics": CLUSTER}, NOTEBOOKS)
        yield found


@pytest.fixture(scope="module")
def deploy(world: ResolverWorld) -> Deploy:
    return world.deploy(STAGE, "--all")


def test_one_deploy_makes_all_stacks_with_the_notebooks_that_the_file_places_in_them(
    world: ResolverWorld, deploy: Deploy
) -> None:
    assert not deploy.failed, deploy.printed
    client = world.aws.client("sagemaker")
    names = [
        x["NotebookInstanceName"] for x in client.list_notebook_instances()["NotebookInstances"]
    ]
    assert sorted(names) == ["whole-alice", "whole-bob", "whole-carol"]
    assert world.stack(STAGE).named("NotebookaliceInstance")
    assert world.stack(SCIENCE).named("NotebookbobInstance")


def test_each_stack_looks_its_cluster_up_once_however_many_notebooks_it_has(
    world: ResolverWorld, deploy: Deploy
) -> None:
    for stack in (STAGE, SCIENCE):
        made = [call for call, _ in world.calls_by(stack)]
        assert made == ["DescribeCluster", "ListInstances", "ListInstanceGroups"]


def test_one_stack_goes_and_the_other_stays_as_it_was(world: ResolverWorld, deploy: Deploy) -> None:
    cloudformation = world.aws.client("cloudformation")
    before = world.stack(SCIENCE)

    cloudformation.delete_stack(StackName=STAGE)
    cloudformation.get_waiter("stack_delete_complete").wait(
        StackName=STAGE, WaiterConfig={"Delay": 1}
    )

    assert world.stack(SCIENCE) == before
    again = world.deploy(STAGE, SCIENCE)
    assert not again.failed, again.printed
