"""Accounts with a cluster, of every kind that `init` meets, in AWS's own words."""

import copy
from collections.abc import Callable
from typing import Any

from tests.assets.cluster_endpoint.emr_records import (
    ACCOUNT,
    CLUSTER_ID,
    instance,
    livy_conf,
    status,
)
from tests.cli.doctor.account_in_memory import AccountWorld
from tests.cli.doctor.network.network_in_memory import (
    IGW,
    NAT,
    PRIMARY,
    PRIMARY_SUBNET,
    SUBNET,
    TABLE,
    VPC,
    default_route,
    endpoint,
    running,
)

Change = Callable[[AccountWorld], object]
OTHER_ACCOUNT = "444455556666"
PUBLIC_TABLE = "rtb-0000000000000000f"
TLS = '{"EncryptionConfiguration": {"EnableInTransitEncryption": true}}'


def account(*changes: Change, denied: set[str] | None = None) -> AccountWorld:
    """An account with a usable cluster in a private subnet, changed in place."""
    world = AccountWorld(denied=denied or set())
    for each in world.records["SecurityGroups"]:
        each["OwnerId"] = ACCOUNT
    # The cluster's own is chosen all the same.
    world.of("Subnets", SUBNET)["AvailableIpAddressCount"] = 4000
    for change in changes:
        change(world)
    return world


def with_cluster(**changes: Any) -> Change:
    """The cluster with these fields changed."""

    def change(world: AccountWorld) -> None:
        world.emr.clusters[0] |= changes

    return change


def starting(world: AccountWorld) -> None:
    """EMR has not chosen its subnet yet."""
    attributes = {
        "EmrManagedMasterSecurityGroup": PRIMARY,
        "RequestedEc2SubnetIds": [SUBNET, PRIMARY_SUBNET],
    }
    with_cluster(Status=status("STARTING"), Ec2InstanceAttributes=attributes)(world)
    world.emr.instances = {}


def in_fleets(world: AccountWorld) -> None:
    """The cluster's nodes are in instance fleets."""
    with_cluster(InstanceCollectionType="INSTANCE_FLEET")(world)
    node = instance()
    del node["InstanceGroupId"]
    world.emr.instances = {CLUSTER_ID: [{**node, "InstanceFleetId": "MASTER"}]}


def three_primaries(world: AccountWorld) -> None:
    """A cluster that survives the loss of a primary."""
    world.emr.instances = {CLUSTER_ID: [instance(number) for number in (5, 6, 7)]}


def with_tls(world: AccountWorld) -> None:
    """Its security configuration encrypts in transit: Livy uses TLS from EMR 7.4 on."""
    with_cluster(SecurityConfiguration="in-transit")(world)
    world.emr.security = {"in-transit": TLS}


def nightly(world: AccountWorld) -> None:
    """Two clusters had the name before, and one has another."""
    ended = [{**running(), "Id": f"j-ENDED{n}", "Status": status("TERMINATED")} for n in (1, 2)]
    other = {**running(), "Id": "j-OTHER1", "Name": "other"}
    world.emr.clusters += [*ended, other]


def by_nat(world: AccountWorld) -> None:
    """A NAT gateway is the only way out."""
    world.of("RouteTables", TABLE)["Routes"].append(default_route(NatGatewayId=NAT))
    world.records["VpcEndpoints"] = []


def public(world: AccountWorld) -> None:
    """All subnets lead to an internet gateway."""
    world.of("RouteTables", TABLE)["Routes"].append(default_route(GatewayId=IGW))


def public_cluster(world: AccountWorld) -> None:
    """The cluster's subnet alone leads to an internet gateway."""
    table = copy.deepcopy(world.of("RouteTables", TABLE))
    table |= {
        "RouteTableId": PUBLIC_TABLE,
        "Associations": [{"Main": False, "SubnetId": PRIMARY_SUBNET}],
    }
    table["Routes"].append(default_route(GatewayId=IGW))
    world.records["RouteTables"].append(table)


def full(world: AccountWorld) -> None:
    """The cluster's subnet has no address left."""
    world.of("Subnets", PRIMARY_SUBNET)["AvailableIpAddressCount"] = 0


def shared(world: AccountWorld) -> None:
    """Another account's VPC: its owner alone sees its endpoints and route tables."""
    for each in (*world.records["Subnets"], *world.records["Vpcs"]):
        each["OwnerId"] = OTHER_ACCOUNT
    world.records |= {"VpcEndpoints": [], "RouteTables": []}


def others_group(world: AccountWorld) -> None:
    """The primary's group is another account's."""
    world.of("SecurityGroups", PRIMARY)["OwnerId"] = OTHER_ACCOUNT


def two_ranges(world: AccountWorld) -> None:
    """The VPC has a second range, in which the endpoints are."""
    world.of("Vpcs", VPC)["CidrBlockAssociationSet"].append(
        {"CidrBlock": "10.7.0.0/16", "CidrBlockState": {"State": "associated"}}
    )
    world.of("Subnets", SUBNET)["CidrBlock"] = "10.7.1.0/24"


def gateway_elsewhere(world: AccountWorld) -> None:
    """A gateway endpoint leads to S3 from another route table than the subnet's."""
    with_gateway(world)
    world.records["VpcEndpoints"][-1]["RouteTableIds"] = [PUBLIC_TABLE]


def with_gateway(world: AccountWorld) -> None:
    """A gateway endpoint leads to S3."""
    world.records["VpcEndpoints"].append(
        endpoint(
            "s3",
            VpcEndpointId="vpce-0000000000000000b",
            VpcEndpointType="Gateway",
            RouteTableIds=[TABLE],
            SubnetIds=[],
            Groups=[],
        )
    )


def hidden_vpc(world: AccountWorld) -> None:
    """EC2 shows this account nothing of the network."""
    world.records |= {"Vpcs": [], "Subnets": [], "SecurityGroups": []}


def calling_as(arn: str) -> Change:
    """Somebody else calls."""

    def change(world: AccountWorld) -> None:
        world.caller = arn

    return change


def nothing(_: AccountWorld) -> None:
    """All is well as it is."""


CLUSTERS: dict[str, Change] = {
    "usable": nothing,
    "in fleets": in_fleets,
    "with three primaries": three_primaries,
    "starting": starting,
    "ended": with_cluster(Status=status("TERMINATED", Message="user request")),
    "with Kerberos": with_cluster(
        KerberosAttributes={"Realm": "EC2.INTERNAL", "KdcAdminPassword": "********"}
    ),
    "without Livy": with_cluster(Applications=[{"Name": "Spark", "Version": "3.5.5"}]),
    "on another port": with_cluster(Configurations=livy_conf(livy_server_port="9000")),
    "with TLS": with_tls,
    "nightly": nightly,
    "named to break out of a comment": with_cluster(Name='x"\n\u2028evil: {"\x1b[2J ' * 20),
    "named as YAML's nothing": with_cluster(Name="Null"),
    "without a name": with_cluster(Name=""),
}
NETWORKS: dict[str, Change] = {
    "with endpoints": nothing,
    "with a NAT gateway": by_nat,
    "public": public,
    "public where the cluster is": public_cluster,
    "full where the cluster is": full,
    "shared": shared,
    "with another account's group": others_group,
    "with two ranges": two_ranges,
    "with a gateway to S3": with_gateway,
    "with a gateway elsewhere": gateway_elsewhere,
    "hidden": hidden_vpc,
}
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/data-science"
CALLERS: dict[str, Change] = {
    "a user": nothing,
    "a user named as a number": calling_as(f"arn:aws:iam::{ACCOUNT}:user/42"),
    "a user with a comma": calling_as(f"arn:aws:iam::{ACCOUNT}:user/a,b"),
    "a person's session": calling_as(f"{SESSION}/alice.o@example.com"),
    "a machine's session": calling_as(f"{SESSION}/botocore-session-1764000000"),
    "root": calling_as(f"arn:aws:iam::{ACCOUNT}:root"),
}
# All that init asks for beside whose the credentials are, which AWS lets everybody ask.
READS = (
    "ec2:DescribePrefixLists",
    "ec2:DescribeRouteTables",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcEndpoints",
    "ec2:DescribeVpcs",
    "elasticmapreduce:DescribeCluster",
    "elasticmapreduce:DescribeSecurityConfiguration",
    "elasticmapreduce:ListClusters",
    "elasticmapreduce:ListInstanceFleets",
    "elasticmapreduce:ListInstanceGroups",
    "elasticmapreduce:ListInstances",
)
