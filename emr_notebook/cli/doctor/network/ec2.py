"""Reads VPCs, subnets and security groups from EC2, 200 a call."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from emr_notebook.cli.aws.reader import Reader
from emr_notebook.cli.doctor.network.security_rules import Rule, rules_of

# EC2 API, Filter.Values.
MOST_VALUES = 200


@dataclass(frozen=True)
class Vpc:
    """A VPC, and its ranges of addresses."""

    vpc_id: str
    state: str
    cidrs: tuple[str, ...]


@dataclass(frozen=True)
class Subnet:
    """A subnet; `free` is how many addresses are left in it, `owner` whose account's it is."""

    subnet_id: str
    vpc_id: str
    cidr: str
    state: str
    free: int
    owner: str = ""


@dataclass(frozen=True)
class Group:
    """A security group with its rules; `owner` is whose account's it is."""

    group_id: str
    vpc_id: str
    ingress: tuple[Rule, ...]
    egress: tuple[Rule, ...]
    owner: str = ""


def described(
    reader: Reader, method: str, items: str, name: str, values: Collection[str]
) -> Iterator[Mapping[str, Any]]:
    """What EC2 has of these values of a filter: a call for 200 of them, none for none.

    By a filter, and not by ids: one id that does not exist would hide the others. Raises as
    Reader.ask does.
    """
    distinct = sorted(set(values))
    for start in range(0, len(distinct), MOST_VALUES):
        filters = [{"Name": name, "Values": distinct[start : start + MOST_VALUES]}]
        yield from reader.pages("ec2", method, items=items, Filters=filters)


def vpcs(reader: Reader, ids: Collection[str]) -> dict[str, Vpc]:
    """Those of these VPCs that exist, by id."""
    found = described(reader, "describe_vpcs", "Vpcs", "vpc-id", ids)
    return {each["VpcId"]: _vpc(each) for each in found}


def subnets(reader: Reader, ids: Collection[str]) -> dict[str, Subnet]:
    """Those of these subnets that exist, by id."""
    found = described(reader, "describe_subnets", "Subnets", "subnet-id", ids)
    return {each["SubnetId"]: subnet(each) for each in found}


def groups(reader: Reader, ids: Collection[str]) -> dict[str, Group]:
    """Those of these security groups that exist, by id."""
    found = described(reader, "describe_security_groups", "SecurityGroups", "group-id", ids)
    return {
        each["GroupId"]: Group(
            each["GroupId"],
            each.get("VpcId", ""),
            rules_of(each.get("IpPermissions", [])),
            rules_of(each.get("IpPermissionsEgress", [])),
            each.get("OwnerId", ""),
        )
        for each in found
    }


def subnet(each: Mapping[str, Any]) -> Subnet:
    """A subnet of EC2's answer."""
    return Subnet(
        each["SubnetId"],
        each["VpcId"],
        each.get("CidrBlock", ""),
        each["State"],
        int(each.get("AvailableIpAddressCount", 0)),
        each.get("OwnerId", ""),
    )


def _vpc(each: Mapping[str, Any]) -> Vpc:
    associated = [
        block["CidrBlock"]
        for block in each.get("CidrBlockAssociationSet", [])
        if block.get("CidrBlockState", {}).get("State") == "associated"
    ]
    cidrs = dict.fromkeys([each["CidrBlock"], *associated])
    return Vpc(each["VpcId"], each["State"], tuple(cidrs))
