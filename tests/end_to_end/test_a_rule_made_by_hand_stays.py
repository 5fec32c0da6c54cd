"""A rule on the primary's security group that somebody made by hand."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.end_to_end.resolver_world import (
    NETWORK,
    PRIMARY_GROUP,
    ResolverWorld,
    resolver_world,
    running,
)

pytestmark = [pytest.mark.sandbox, pytest.mark.minutes(0.5)]

NOTEBOOKS = {"alice": {"cluster": "analytics"}}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ResolverWorld]:
    with resolver_world(tmp_path_factory.mktemp("rules")) as found:
        found.put(running("j-RULES0001"))
        yield found


def own_group(world: ResolverWorld, name: str) -> str:
    """A security group of the user's own, which the primary's group admits to Livy already."""
    ec2 = world.aws.client("ec2")
    group = ec2.create_security_group(
        GroupName=name, Description="Notebooks", VpcId=NETWORK["vpc_id"]
    )["GroupId"]
    livy = {"IpProtocol": "tcp", "FromPort": 8998, "ToPort": 8998}
    ec2.authorize_security_group_ingress(
        GroupId=PRIMARY_GROUP, IpPermissions=[{**livy, "UserIdGroupPairs": [{"GroupId": group}]}]
    )
    return str(group)


def write(world: ResolverWorld, stage: str, group: str, ingress: str) -> None:
    cluster = {"id": "j-RULES0001", "security_group_id": PRIMARY_GROUP, "ingress": ingress}
    network: dict[str, Any] = {**NETWORK, "security_group_ids": [group]}
    world.write_stage(stage, {"analytics": cluster}, NOTEBOOKS, network=network)


def test_to_make_it_again_fails_in_words_that_troubleshooting_explains(
    world: ResolverWorld,
) -> None:
    group = own_group(world, "made-by-hand")
    write(world, "again", group, "create")

    deploy = world.deploy("again")

    printed = " ".join(deploy.printed.split())
    said = f'the specified rule "peer: {group}, TCP, from port: 8998, to port: 8998, ALLOW"'
    assert deploy.failed
    assert f"{said} already exists" in printed
    page = (ROOT / "docs/troubleshooting.md").read_text()
    assert 'TCP, from port: 8998, to port: 8998, ALLOW" already exists' in page
    assert "`ingress: external`" in page


def test_external_leaves_it_to_whoever_made_it_after_a_destroy_too(world: ResolverWorld) -> None:
    group = own_group(world, "left-alone")
    write(world, "external", group, "external")

    deploy = world.deploy("external")
    assert not deploy.failed, deploy.printed
    destroyed = world.destroy("external")
    assert not destroyed.failed, destroyed.printed

    assert group in admitted(world)


def admitted(world: ResolverWorld) -> list[str]:
    """The groups that the primary's group admits."""
    found = world.aws.client("ec2").describe_security_groups(GroupIds=[PRIMARY_GROUP])
    rules = found["SecurityGroups"][0]["IpPermissions"]
    return [pair["GroupId"] for rule in rules for pair in rule["UserIdGroupPairs"]]
