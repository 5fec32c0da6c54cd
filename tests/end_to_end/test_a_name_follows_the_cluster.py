"""A followed cluster is replaced, and nobody deploys: what its name leads to, and who was asked."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.resolver_world import NETWORK, ResolverWorld, resolver_world, running
from tests.sandbox.aws.running_aws import wait_until

pytestmark = [pytest.mark.sandbox, pytest.mark.minutes(1.5)]

STAGE, CLUSTER = "follow", {"analytics": {"name": "nightly", "follow": True}}
NOTEBOOKS = {
    "alice": {"cluster": "analytics"},
    "bob": {"cluster": "analytics", "stack": "science"},
}
NAME = f"analytics.{STAGE}.internal"
CAROL = {"carol": {"cluster": "analytics"}}
GIVEN_ZONE = "data.example.com"
IN_GIVEN_ZONE = f"analytics.zoned.{GIVEN_ZONE}"
FIRST, SECOND, THIRD = "10.0.1.10", "10.0.1.20", "10.0.1.30"
FOURTH, MOVED = "10.0.1.40", "10.0.1.50"
OTHER_PORT = [{"Classification": "livy-conf", "Properties": {"livy.server.port": "9998"}}]
NEWER = 1.8e9


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ResolverWorld]:
    """Two stacks of a stage, deployed on the cluster j-FIRST001."""
    with resolver_world(tmp_path_factory.mktemp("follow")) as found:
        ec2 = found.aws.client("ec2")
        ec2.modify_vpc_attribute(VpcId=NETWORK["vpc_id"], EnableDnsHostnames={"Value": True})
        found.put(cluster("j-FIRST001", FIRST))
        found.write_stage(STAGE, CLUSTER, NOTEBOOKS)
        deploy = found.deploy(STAGE, "--all")
        assert not deploy.failed, deploy.printed
        yield found


def cluster(cluster_id: str, address: str, **changes: Any) -> Any:
    return running(cluster_id, address, name=changes.pop("name", "nightly"), **changes)


def told(world: ResolverWorld, *clusters: Any) -> None:
    """EMR's clusters are these now, and its events are sent."""
    world.put(*clusters)
    world.aws.client("emr").list_clusters()


def zones(world: ResolverWorld) -> list[str]:
    return [each["Id"] for each in world.aws.client("route53").list_hosted_zones()["HostedZones"]]


def address(world: ResolverWorld) -> str:
    return held(world)["A"]


def held(world: ResolverWorld) -> dict[str, str]:
    """The values in the stage's own zone, by the type of their record."""
    sets = world.aws.client("route53").list_resource_record_sets(HostedZoneId=zones(world)[0])
    return {
        each["Type"]: each["ResourceRecords"][0]["Value"] for each in sets["ResourceRecordSets"]
    }


def writes(world: ResolverWorld) -> int:
    return [each["action"] for each in world.aws.requests()].count("ChangeResourceRecordSets")


def looks(world: ResolverWorld) -> int:
    """How often the resolver has looked at the name."""
    return sum(
        each["action"] == "ListResourceRecordSets"
        and f"/{STAGE}-ResolverRole" in str(each["principal"])
        for each in world.aws.requests()
    )


def emr_calls(world: ResolverWorld) -> list[str]:
    return [action for action, _ in world.calls_by(STAGE)]


def updated(world: ResolverWorld) -> list[Any]:
    """When a deploy last touched the stage's stacks."""
    stacks = world.aws.client("cloudformation").describe_stacks()["Stacks"]
    return [each.get("LastUpdatedTime") for each in stacks if each["StackName"].startswith(STAGE)]


def run_schedules(world: ResolverWorld, *, minutes: int) -> None:
    world.aws.run_schedules(datetime.now(UTC) + timedelta(minutes=minutes))


def messages(world: ResolverWorld, queue: str) -> list[Any]:
    found: Mapping[str, Any] = world.aws.client("sqs").receive_message(QueueUrl=queue)
    return list(found.get("Messages", []))


def record_set(kind: str, value: str) -> dict[str, Any]:
    records = [{"Value": value}]
    return {"Name": f"{NAME}.", "Type": kind, "TTL": 10, "ResourceRecords": records}


def change(route53: Any, zone: str, action: str, record_set: Mapping[str, Any]) -> None:
    changes = [{"Action": action, "ResourceRecordSet": record_set}]
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})


def resolved(world: ResolverWorld, notebook: str, name: str = NAME) -> list[str]:
    """What a name resolves to in a notebook."""
    hosts = Path(world.aws.state, "lifecycle", notebook, "hosts").read_text()
    return [line.split()[0] for line in hosts.splitlines() if line.endswith(f" {name}")]


def test_the_notebooks_of_both_stacks_are_told_the_name(world: ResolverWorld) -> None:
    assert len(zones(world)) == 1
    assert address(world) == FIRST
    for notebook in NOTEBOOKS:
        assert world.started_with(STAGE, notebook) == f"http://{NAME}:8998"


def test_another_clusters_events_ask_nobody(world: ResolverWorld) -> None:
    before = looks(world)

    told(world, cluster("j-OTHER001", "10.0.9.9", name="another"))
    # One of the name, so that there is something to wait for.
    told(world, cluster("j-SECOND01", SECOND, created=NEWER))
    wait_until(lambda: looks(world) > before)

    assert looks(world) == before + 1


def test_a_second_cluster_of_the_name_moves_nothing(world: ResolverWorld) -> None:
    assert (address(world), writes(world)) == (FIRST, 1)


def test_its_successor_is_followed_without_a_deploy(world: ResolverWorld) -> None:
    before = updated(world)

    told(world, cluster("j-FIRST001", FIRST, state="TERMINATED"))
    wait_until(lambda: address(world) == SECOND)

    assert writes(world) == 2
    assert updated(world) == before
    # When the TTL of the first is over.
    wait_until(lambda: resolved(world, "follow-alice") == [SECOND], 60)


def test_the_schedule_follows_when_events_are_lost(world: ResolverWorld) -> None:
    events = world.aws.client("events")
    [rule] = [each["Name"] for each in events.list_rules()["Rules"]]
    events.disable_rule(Name=rule)
    told(
        world,
        cluster("j-SECOND01", SECOND, state="TERMINATED"),
        cluster("j-THIRD001", THIRD, created=NEWER + 1),
    )
    assert address(world) == SECOND

    run_schedules(world, minutes=5)
    wait_until(lambda: address(world) == THIRD)

    events.enable_rule(Name=rule)


def test_the_schedule_writes_nothing_when_nothing_changed(world: ResolverWorld) -> None:
    before, written = looks(world), writes(world)

    run_schedules(world, minutes=15)
    wait_until(lambda: looks(world) > before)
    wait_until(lambda: emr_calls(world)[-2:] == ["DescribeCluster", "ListInstances"])

    assert writes(world) == written


def test_without_a_usable_cluster_the_name_stays_and_says_so(world: ResolverWorld) -> None:
    told(world, cluster("j-THIRD001", THIRD, state="TERMINATED"))
    wait_until(lambda: '"state=no usable cluster"' in held(world)["TXT"])

    assert address(world) == THIRD
    assert re.search(r'"since=20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ"', held(world)["TXT"])

    told(world, cluster("j-FOURTH01", FOURTH, created=NEWER + 2))
    wait_until(lambda: address(world) == FOURTH)

    assert '"state=followed"' in held(world)["TXT"]


def test_a_successor_with_another_port_is_not_followed_until_a_deploy(
    world: ResolverWorld,
) -> None:
    told(
        world,
        cluster("j-FOURTH01", FOURTH, state="TERMINATED"),
        cluster("j-MOVED001", MOVED, created=NEWER + 3, configurations=OTHER_PORT),
    )
    wait_until(lambda: '"state=changed: deploy"' in held(world)["TXT"])

    assert address(world) == FOURTH
    assert "j-MOVED001 listens on port 9998" in held(world)["TXT"]


def test_a_vpc_without_dns_host_names_resolves_no_name(world: ResolverWorld) -> None:
    ec2, vpc = world.aws.client("ec2"), NETWORK["vpc_id"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": False})
    try:
        told(
            world,
            cluster("j-MOVED001", MOVED, state="TERMINATED"),
            cluster("j-FIFTH001", THIRD, created=NEWER + 4),
        )
        wait_until(lambda: address(world) == THIRD)
        wait_until(lambda: resolved(world, "follow-alice") == [], 60)
    finally:
        ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})


def test_what_fails_is_left_in_the_queue_of_the_alarm(world: ResolverWorld) -> None:
    queue = world.stack(STAGE).named("NamesFailures3")
    assert messages(world, queue) == []
    route53, zone = world.aws.client("route53"), zones(world)[0]
    text = record_set("TXT", '"somebody else\'s"')
    change(route53, zone, "UPSERT", text)
    try:
        run_schedules(world, minutes=25)
        wait_until(lambda: bool(messages(world, queue)), 30)
        assert address(world) == THIRD
    finally:
        for each in (text, record_set("A", THIRD)):
            change(route53, zone, "DELETE", each)


def given_zone(world: ResolverWorld) -> dict[str, Any]:
    """The network of a stage that uses GIVEN_ZONE."""
    listed = world.aws.client("route53").list_hosted_zones()["HostedZones"]
    [found] = [each["Id"] for each in listed if each["Name"] == f"{GIVEN_ZONE}."]
    return {**NETWORK, "zone_id": found.rpartition("/")[2], "zone_name": GIVEN_ZONE}


def test_a_zone_that_exists_is_used(world: ResolverWorld) -> None:
    world.aws.client("route53").create_hosted_zone(
        Name=GIVEN_ZONE,
        CallerReference="theirs",
        VPC={"VPCId": NETWORK["vpc_id"], "VPCRegion": "eu-west-1"},
    )
    world.write_stage("zoned", CLUSTER, CAROL, network=given_zone(world))

    assert not world.deploy("zoned").failed

    assert world.started_with("zoned", "carol") == f"http://{IN_GIVEN_ZONE}:8998"
    assert resolved(world, "zoned-carol", IN_GIVEN_ZONE) == [THIRD]


def test_after_a_rollback_the_name_leads_back(world: ResolverWorld) -> None:
    world.put(cluster("j-OTHER002", SECOND, name="other"))
    other = {"analytics": {"name": "other", "follow": True}}
    # A type that SageMaker does not have.
    dave = {"dave": {"cluster": "analytics", "instance_type": "ml.t3.gigantic"}}
    world.write_stage("zoned", other, CAROL | dave, network=given_zone(world))

    deploy = world.deploy("zoned")

    assert "ml.t3.gigantic" in deploy.printed
    assert world.stack("zoned").status == "UPDATE_ROLLBACK_COMPLETE"
    run_schedules(world, minutes=40)
    wait_until(lambda: resolved(world, "zoned-carol", IN_GIVEN_ZONE) == [THIRD], 60)


def test_a_cluster_that_is_followed_no_more_leaves_no_record(world: ResolverWorld) -> None:
    declined = {"analytics": {**CLUSTER["analytics"], "follow": False}}
    world.write_stage("zoned", declined, CAROL)

    deploy = world.deploy("zoned")

    assert not deploy.failed, deploy.printed
    for zone in zones(world):
        sets = world.aws.client("route53").list_resource_record_sets(HostedZoneId=zone)
        assert not [x["Name"] for x in sets["ResourceRecordSets"] if "zoned" in x["Name"]]


def test_destroy_leaves_no_record_and_no_zone_of_its_own(world: ResolverWorld) -> None:
    for stage in (STAGE, "zoned"):
        destroy = world.destroy(stage, "--all")
        assert not destroy.failed, destroy.printed

    [left] = zones(world)
    sets = world.aws.client("route53").list_resource_record_sets(HostedZoneId=left)
    assert {each["Type"] for each in sets["ResourceRecordSets"]} == {"NS", "SOA"}
