"""Reads from EC2 where a VPC's route tables and endpoints lead."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from emr_notebook.cli.aws.reader import Reader
from emr_notebook.cli.doctor.network.ec2 import Subnet, described, subnet

ANYWHERE = "0.0.0.0/0"
AVAILABLE = "available"
# Others will never be available.
USABLE = frozenset({AVAILABLE, "pending", "pendingacceptance"})
# The members of a route that name what it leads to; GatewayId is of several kinds.
_TARGETS = (
    "NatGatewayId",
    "TransitGatewayId",
    "VpcPeeringConnectionId",
    "NetworkInterfaceId",
    "InstanceId",
    "LocalGatewayId",
    "CarrierGatewayId",
    "CoreNetworkArn",
    "GatewayId",
)


@dataclass(frozen=True)
class RouteTable:
    """A route table; `default` is what its route to everywhere leads to, or ""."""

    table_id: str
    is_main: bool
    subnets: frozenset[str]
    default: str = ""
    is_blackhole: bool = False

    @property
    def is_open(self) -> bool:
        """Whether a network interface without a public address gets out by it.

        An internet gateway passes on nothing of one, and a notebook has no public address.
        """
        return bool(self.default) and not self.is_blackhole and not self.is_public

    @property
    def is_public(self) -> bool:
        """Whether it leads to an internet gateway."""
        return self.default.startswith("igw-")


@dataclass(frozen=True)
class Endpoint:
    """A VPC endpoint for a service, by its whole name."""

    endpoint_id: str
    service: str
    state: str
    is_gateway: bool
    has_private_dns: bool
    tables: frozenset[str]
    subnets: tuple[str, ...]
    groups: tuple[str, ...]


def route_tables(reader: Reader, vpc_id: str) -> list[RouteTable]:
    """The VPC's route tables: one call."""
    found = described(reader, "describe_route_tables", "RouteTables", "vpc-id", [vpc_id])
    return [_table(each) for each in found]


def endpoints(reader: Reader, vpc_id: str) -> list[Endpoint]:
    """The VPC's endpoints that can be used now or soon: one call."""
    found = described(reader, "describe_vpc_endpoints", "VpcEndpoints", "vpc-id", [vpc_id])
    return [_endpoint(each) for each in found if _state(each) in USABLE and each["VpcId"] == vpc_id]


def subnets_in(reader: Reader, vpc_id: str) -> dict[str, Subnet]:
    """The VPC's subnets: one call."""
    found = described(reader, "describe_subnets", "Subnets", "vpc-id", [vpc_id])
    return {each["SubnetId"]: subnet(each) for each in found}


def s3_lists(reader: Reader) -> dict[str, str]:
    """The names of S3's prefix list in the region, by its id: one call."""
    name = f"com.amazonaws.{reader.region}.s3"
    found = described(reader, "describe_prefix_lists", "PrefixLists", "prefix-list-name", [name])
    return {each["PrefixListId"]: each["PrefixListName"] for each in found}


def table_of(subnet_id: str, tables: Iterable[RouteTable]) -> RouteTable | None:
    """The subnet's own route table, or its VPC's main one."""
    listed = list(tables)
    own = [each for each in listed if subnet_id in each.subnets]
    main = [each for each in listed if each.is_main]
    return next(iter(own + main), None)


def _table(each: Mapping[str, Any]) -> RouteTable:
    associations = each.get("Associations", [])
    routes = [r for r in each.get("Routes", []) if r.get("DestinationCidrBlock") == ANYWHERE]
    route = routes[0] if routes else {}
    return RouteTable(
        each["RouteTableId"],
        any(one.get("Main") for one in associations),
        frozenset(one["SubnetId"] for one in associations if "SubnetId" in one),
        next((str(route[name]) for name in _TARGETS if route.get(name)), ""),
        route.get("State") == "blackhole",
    )


def _endpoint(each: Mapping[str, Any]) -> Endpoint:
    return Endpoint(
        each["VpcEndpointId"],
        each["ServiceName"],
        _state(each),
        each["VpcEndpointType"] == "Gateway",
        _has_private_dns(each),
        frozenset(each.get("RouteTableIds", [])),
        tuple(each.get("SubnetIds", [])),
        tuple(one["GroupId"] for one in each.get("Groups", [])),
    )


def _has_private_dns(endpoint: Mapping[str, Any]) -> bool:
    """Whether the VPC's own names lead to it; S3's may be for what comes from on-premises alone."""
    options = endpoint.get("DnsOptions", {})
    elsewhere = options.get("PrivateDnsOnlyForInboundResolverEndpoint")
    return bool(endpoint.get("PrivateDnsEnabled")) and not elsewhere


def _state(endpoint: Mapping[str, Any]) -> str:
    """EC2's documentation writes it with capitals, its answers without."""
    return str(endpoint["State"]).lower()
