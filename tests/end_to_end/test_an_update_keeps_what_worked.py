"""What an update does to a stack that is deployed already, while its clusters come and go."""

import base64
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.end_to_end.resolver_world import Asked, Deploy, ResolverWorld, resolver_world, running
from tests.end_to_end.stack_state import StackState

pytestmark = [pytest.mark.sandbox, pytest.mark.minutes(2.8)]

NAME = "nightly-spark"
URL, MOVED_URL = "http://10.0.1.10:8998", "http://10.0.1.77:8998"
ALICE = {"alice": {"cluster": "analytics"}}
BOB = {"bob": {"cluster": "analytics"}}
# Of the right form, and no type that SageMaker has: it refuses to create the notebook.
UNKNOWN_TYPE = {"bob": {"cluster": "analytics", "instance_type": "ml.t3.gigantic"}}
TAGS = {"team": "retagged"}
# IAM learns that late of what a deploy grants, and the tagging API of a cluster's tags.
POLICY_SECONDS, INDEX_SECONDS = 6, 30
# What version 0.1.0 had beside LivyUrl, State and Value.
FORMER_OUTPUTS = Asked(outputs=("ClusterId", "ReleaseLabel"))
# Each stage starts with a cluster of its own at URL and a notebook.
CLUSTERS = {
    "renamed": "j-RENAMED1",
    "moved": "j-MOVED001",
    "vanished": "j-VANISHED",
    "unread": "j-UNREAD01",
    "rolled-back": "j-ROLLED01",
    "misled": "j-MISLED01",
    "grown": "j-GROWN001",
    "retagged": "j-TAGGED01",
}


@dataclass(frozen=True)
class Update:
    """A stack before and after an update, and the events of the update."""

    before: StackState
    after: StackState
    events: list[Mapping[str, Any]]
    printed: str

    @property
    def endpoint(self) -> list[str]:
        """What became of the custom resource."""
        return [
            each["ResourceStatus"]
            for each in self.events
            if each["LogicalResourceId"].startswith("ClusteranalyticsEndpoint")
        ]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ResolverWorld]:
    directory = tmp_path_factory.mktemp("updates")
    with resolver_world(directory, policy_seconds=POLICY_SECONDS) as found:
        yield found


@pytest.fixture(scope="module")
def updates(world: ResolverWorld) -> Mapping[str, Update]:
    """All stages deployed, the clusters changed, all updated: each stack's update."""
    for stage, cluster_id in CLUSTERS.items():
        world.put(running(cluster_id, "10.0.1.10", name=f"{NAME}-{stage}", tags={"team": stage}))
        selector = {"tags": TAGS} if stage == "retagged" else {"id": cluster_id}
        world.write_stage(stage, {"analytics": selector}, ALICE)
    withheld = Asked(withheld="cloudformation:DescribeStacks")
    created = world.deploy_together(
        dict.fromkeys(CLUSTERS, Asked())
        | {"unread": withheld, "rolled-back": FORMER_OUTPUTS, "renamed": FORMER_OUTPUTS}
    )
    assert not created.failed, created.printed
    before = {stage: (world.stack(stage), len(world.events(stage))) for stage in CLUSTERS}
    updated = change(world)
    return {
        stage: Update(state, world.stack(stage), world.events(stage)[seen:], updated.printed)
        for stage, (state, seen) in before.items()
    }


def change(world: ResolverWorld) -> Deploy:
    """Change clusters and settings, and deploy all stages again."""
    world.put(
        running("j-LIVE0001", "10.0.1.20"),
        running(CLUSTERS["moved"], "10.0.1.77"),
        *(
            running(CLUSTERS[stage], "10.0.1.10", state="TERMINATED")
            for stage in ("vanished", "unread", "rolled-back")
        ),
        running(CLUSTERS["retagged"], tags=TAGS, state="TERMINATED"),
        running("j-TAGGED02", "10.0.1.77", tags=TAGS, indexed=time.time() + INDEX_SECONDS),
        running("j-DEAD0001", state="TERMINATED_WITH_ERRORS", state_change_message="No capacity"),
    )
    live, dead = {"id": "j-LIVE0001"}, {"id": "j-DEAD0001"}
    world.write_stage("renamed", {"analytics": {"name": f"{NAME}-renamed"}}, ALICE)
    world.write_stage("rolled-back", {"analytics": live}, ALICE | UNKNOWN_TYPE)
    world.write_stage("misled", {"analytics": dead}, ALICE)
    grown = {"analytics": {"id": CLUSTERS["grown"]}, "second": live}
    world.write_stage("grown", grown, ALICE | {"bob": {"cluster": "second"}})
    asked = {
        "vanished": Asked(refresh="1"),
        "retagged": Asked(refresh="1"),
        "unread": Asked(refresh="1", withheld="cloudformation:DescribeStacks"),
    }
    return world.deploy_together(dict.fromkeys(CLUSTERS, Asked()) | asked)


def url(stack: StackState) -> str:
    return stack.output("analytics", "LivyUrl")


def state(stack: StackState) -> str:
    return stack.output("analytics", "State")


def start_script(world: ResolverWorld, stack: StackState) -> str:
    [arn] = [each for each in stack.resources.values() if ":notebook-instance-lifecycle" in each]
    found = world.aws.client("sagemaker").describe_notebook_instance_lifecycle_config(
        NotebookInstanceLifecycleConfigName=arn.rpartition("/")[2]
    )
    return base64.b64decode(found["OnStart"][0]["Content"]).decode()


def test_another_selector_of_the_same_cluster_keeps_notebook_and_endpoint(
    updates: Mapping[str, Update],
) -> None:
    renamed = updates["renamed"]

    assert renamed.after.status == "UPDATE_COMPLETE"
    assert renamed.endpoint == ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"]
    assert renamed.after.resources == renamed.before.resources
    # The former version's outputs go, and nothing else.
    gone = renamed.before.outputs.keys() - renamed.after.outputs.keys()
    assert sorted(name[:-8] for name in gone) == [
        "ClusteranalyticsClusterId",
        "ClusteranalyticsReleaseLabel",
    ]
    assert not [each for each in renamed.events if "DELETE" in each["ResourceStatus"]]
    assert "creation of a new physical resource" not in str(renamed.events)


def test_an_unchanged_stage_is_looked_up_again_for_a_refresh_alone(
    world: ResolverWorld, updates: Mapping[str, Update]
) -> None:
    assert url(updates["moved"].after) == URL

    refreshed = world.deploy("moved", "--context=refresh=1")

    assert not refreshed.failed, refreshed.printed
    after = world.stack("moved")
    assert (url(after), state(after)) == (MOVED_URL, "live")
    assert f"LIVY_URL='{MOVED_URL}'" in start_script(world, after)


def test_a_refresh_of_a_vanished_cluster_keeps_the_last_value_and_says_gone(
    updates: Mapping[str, Update],
) -> None:
    vanished = updates["vanished"]

    assert vanished.after.status == "UPDATE_COMPLETE"
    assert (url(vanished.after), state(vanished.after)) == (URL, "gone")


def test_a_cluster_that_is_added_is_read_when_iam_knows_the_grant_of_the_same_deploy(
    world: ResolverWorld, updates: Mapping[str, Update]
) -> None:
    grown = updates["grown"]

    assert grown.after.status == "UPDATE_COMPLETE", grown.printed
    assert grown.after.output("second", "LivyUrl") == "http://10.0.1.20:8998"
    assert world.started_with("grown", "bob") == "http://10.0.1.20:8998"
    # Denied at first.
    asked = [action for action, about in world.calls_by("grown") if "j-LIVE0001" in str(about)]
    assert asked.count("DescribeCluster") > 1


def test_a_cluster_whose_tags_are_not_indexed_yet_has_not_vanished(
    world: ResolverWorld, updates: Mapping[str, Update]
) -> None:
    retagged = updates["retagged"]

    assert retagged.after.status == "UPDATE_COMPLETE", retagged.printed
    assert (url(retagged.after), state(retagged.after)) == (MOVED_URL, "live")
    actions = [action for action, _ in world.calls_by("retagged")]
    # Once for the first deploy; the index did not know the new cluster when first asked after it.
    assert actions.count("GetResources") > 2


def test_without_describestacks_the_last_value_is_not_known_and_the_refresh_is_refused(
    updates: Mapping[str, Update],
) -> None:
    unread = updates["unread"]

    assert unread.endpoint[:2] == ["UPDATE_IN_PROGRESS", "UPDATE_FAILED"]
    assert f"[cluster-ended] Cluster {CLUSTERS['unread']} is TERMINATED" in unread.printed


def test_an_update_to_an_ended_cluster_is_refused_and_leaves_the_stack_as_it_was(
    updates: Mapping[str, Update],
) -> None:
    misled = updates["misled"]

    assert "Cluster j-DEAD0001 is TERMINATED_WITH_ERRORS: No capacity." in misled.printed
    assert misled.after.status == "UPDATE_ROLLBACK_COMPLETE"
    assert misled.after.outputs == misled.before.outputs


def test_an_update_that_fails_elsewhere_rolls_back_cleanly_to_its_dead_clusters_value(
    world: ResolverWorld, updates: Mapping[str, Update]
) -> None:
    back = updates["rolled-back"]

    assert "ml.t3.gigantic" in back.printed
    # To the live cluster, and back.
    assert back.endpoint == ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"] * 2
    assert back.after.status == "UPDATE_ROLLBACK_COMPLETE"
    assert back.after.outputs == back.before.outputs
    assert back.after.output("analytics", "ClusterId") == CLUSTERS["rolled-back"]
    assert f"LIVY_URL='{URL}'" in start_script(world, back.after)


def test_the_deploy_after_a_rollback_uses_what_the_rollback_was_answered(
    world: ResolverWorld, updates: Mapping[str, Update]
) -> None:
    """It asks for no look-up, so this is the last value, although the cluster is dead."""
    stage = "rolled-back"
    world.write_stage(stage, {"analytics": {"id": CLUSTERS[stage]}}, ALICE | BOB)
    deployed = world.deploy(stage)

    assert not deployed.failed, deployed.printed
    after = world.stack(stage)
    assert (url(after), state(after)) == (URL, "kept")
    assert world.started_with(stage, "bob") == URL


@pytest.mark.usefixtures("updates")
def test_a_stack_is_destroyed_after_its_cluster_is_gone(world: ResolverWorld) -> None:
    destroyed = world.destroy("vanished")

    assert not destroyed.failed, destroyed.printed
    with pytest.raises(ClientError, match="does not exist"):
        world.stack("vanished")
