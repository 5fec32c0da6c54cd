"""Decides which services of AWS a notebook in a VPC reaches, from EC2's records."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

from sandbox.aws.emulator import ministack
from sandbox.environment import REGION

HTTPS = 443
ANYWHERE = "0.0.0.0/0"
# What a default route may lead to; through an internet gateway only a public address gets out,
# and a notebook's network interface has none.
WAYS_OUT = ("NatGatewayId", "TransitGatewayId", "InstanceId", "VpcPeeringConnectionId")

Record = dict[str, Any]


@dataclass(frozen=True)
class Interface:
    """A notebook's network interface."""

    subnet_id: str
    group_ids: Sequence[str]

    def reaches_internet(self) -> bool:
        """Whether the subnet has a way out of the VPC, and a group lets HTTPS out to it."""
        routes = self._route_table().get("Routes", [])
        leads_out = any(
            route.get("DestinationCidrBlock") == ANYWHERE and any(map(route.get, WAYS_OUT))
            for route in routes
        )
        return leads_out and _admits(self._egress(), ranges=[ANYWHERE])

    def reaches(self, service: str) -> bool:
        """Whether HTTPS gets to the service, by the end of its endpoints' names.

        An endpoint that takes over the service's name, or its addresses, is the one way there.
        """
        name = f"com.amazonaws.{REGION}.{service}"
        endpoints = [each for each in self._endpoints() if each["ServiceName"] == name]
        for each in endpoints:
            if each.get("PrivateDnsEnabled"):
                return self._reaches_endpoint(each)
        table = self._route_table().get("RouteTableId")
        if any(table in each["RouteTableIds"] for each in endpoints):
            lists = ministack("services.ec2")._get_aws_managed_prefix_lists()
            [addresses] = [each for each in lists if each["PrefixListName"] == name]
            return _admits(
                self._egress(), ranges=[addresses["Cidr"]], peers=[addresses["PrefixListId"]]
            )
        return self.reaches_internet()

    def _reaches_endpoint(self, endpoint: Record) -> bool:
        groups, subnets = endpoint.get("Groups", []), endpoint["SubnetIds"]
        lets_out = _admits(self._egress(), ranges=map(_range, subnets), peers=groups)
        ingress = _rules(groups, "IpPermissions")
        return lets_out and _admits(ingress, ranges=[_range(self.subnet_id)], peers=self.group_ids)

    def _endpoints(self) -> list[Record]:
        vpc = _subnet(self.subnet_id).get("VpcId")
        endpoints = ministack("services.ec2")._vpc_endpoints.values()
        return [each for each in endpoints if each["VpcId"] == vpc]

    def _route_table(self) -> Record:
        vpc = _subnet(self.subnet_id).get("VpcId")
        tables = ministack("services.ec2")._route_tables.values()
        own = [each for each in tables if each["VpcId"] == vpc]
        for kind, value in (("SubnetId", self.subnet_id), ("Main", True)):
            for table in own:
                if any(each.get(kind) == value for each in table["Associations"]):
                    return dict(table)
        return {}

    def _egress(self) -> list[Record]:
        return _rules(self.group_ids, "IpPermissionsEgress")


def _subnet(subnet_id: str) -> Record:
    return dict(ministack("services.ec2")._subnets.get(subnet_id) or {})


def _range(subnet_id: str) -> str:
    return str(_subnet(subnet_id).get("CidrBlock", ANYWHERE))


def _rules(groups: Iterable[str], direction: str) -> list[Record]:
    found = ministack("services.ec2")._security_groups
    return [rule for group in groups for rule in (found.get(group) or {}).get(direction, [])]


def _admits(rules: Iterable[Record], *, ranges: Iterable[str], peers: Iterable[str] = ()) -> bool:
    """Whether the rules admit HTTPS to one of the groups or lists, or to all of the ranges."""
    https = [rule for rule in rules if _is_for_https(rule)]
    named = {
        peer[key]
        for rule in https
        for kind, key in (("UserIdGroupPairs", "GroupId"), ("PrefixListIds", "PrefixListId"))
        for peer in rule.get(kind, [])
        if key in peer
    }
    if named.intersection(peers):
        return True
    admitted = [ip_network(each["CidrIp"]) for rule in https for each in rule.get("IpRanges", [])]
    return all(
        any(ip_network(each).subnet_of(known) for known in admitted)  # type: ignore[arg-type]
        for each in ranges
    )


def _is_for_https(rule: Record) -> bool:
    protocol = str(rule.get("IpProtocol"))
    if protocol == "-1":
        return True
    return protocol in ("tcp", "6") and int(rule["FromPort"]) <= HTTPS <= int(rule["ToPort"])
