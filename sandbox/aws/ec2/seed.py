"""Puts a network into EC2 whose ids the settings name: EC2's own API chooses ids itself.

It is a file under `<state>/ec2/`; the emulator reads it before it answers the next call.
"""

import json
from pathlib import Path
from typing import Any

from sandbox.aws.emulator import ministack
from sandbox.environment import ACCOUNT, REGION
from sandbox.files import write_whole

FILE = Path("ec2", "network.json")


def put_network(
    state: Path, *, vpc_id: str, vpc_cidr: str, subnet_id: str, group_ids: list[str]
) -> None:
    """Make the VPC with its main route table, its one subnet, and the security groups.

    The subnet has the first 256 addresses.
    """
    network = {
        "vpc_id": vpc_id,
        "vpc_cidr": vpc_cidr,
        "subnet_id": subnet_id,
        "group_ids": group_ids,
    }
    write_whole(state / FILE, json.dumps(network))


class Ec2Seed:
    """The emulator's side: takes the file over, once."""

    def __init__(self, state: Path) -> None:
        self._path = state / FILE
        self._taken = False

    def refresh(self) -> None:
        """Put the network among EC2's records when its file has come."""
        if self._taken or not self._path.exists():
            return
        self._taken = True
        network = json.loads(self._path.read_text())
        ec2 = ministack("services.ec2")
        for table, key, record in _records(network):
            getattr(ec2, table).set_scoped(ACCOUNT, REGION, record[key], record)


def _records(network: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    shared = {"VpcId": network["vpc_id"], "OwnerId": ACCOUNT}
    table_id = network["vpc_id"].replace("vpc-", "rtb-")
    vpc = {
        **shared,
        "MainRouteTableId": table_id,
        "CidrBlock": network["vpc_cidr"],
        "State": "available",
        "IsDefault": False,
        "DhcpOptionsId": "dopt-00000001",
        "InstanceTenancy": "default",
    }
    subnet = {
        **shared,
        "SubnetId": network["subnet_id"],
        "CidrBlock": network["vpc_cidr"].split("/")[0] + "/24",
        "AvailabilityZone": f"{REGION}a",
        "AvailabilityZoneId": "euw1-az1",
        "AvailableIpAddressCount": 251,
        "State": "available",
        "DefaultForAz": False,
        "MapPublicIpOnLaunch": False,
    }
    local = {"GatewayId": "local", "State": "active", "Origin": "CreateRouteTable"}
    main = {"RouteTableAssociationId": table_id.replace("rtb-", "rtbassoc-"), "Main": True}
    table = {
        **shared,
        "RouteTableId": table_id,
        "Routes": [{"DestinationCidrBlock": network["vpc_cidr"], **local}],
        "Associations": [{**main, "RouteTableId": table_id}],
    }
    groups = [
        {
            **shared,
            "GroupId": group_id,
            "GroupName": f"ElasticMapReduce-Primary-{number}",
            "Description": "A primary node of the sandbox's clusters",
            "IpPermissions": [],
            "IpPermissionsEgress": [],
        }
        for number, group_id in enumerate(network["group_ids"])
    ]
    return [
        ("_vpcs", "VpcId", vpc),
        ("_subnets", "SubnetId", subnet),
        ("_route_tables", "RouteTableId", table),
        *(("_security_groups", "GroupId", group) for group in groups),
    ]
