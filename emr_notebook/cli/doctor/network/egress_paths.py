"""doctor: how the network leads out of a VPC, as values; without AWS."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from emr_notebook.cli.doctor.network.destinations import S3, Need
from emr_notebook.cli.doctor.network.ec2 import Group, Subnet
from emr_notebook.cli.doctor.network.ec2_commands import HTTPS, Ec2Commands
from emr_notebook.cli.doctor.network.ec2_routes import Endpoint, RouteTable
from emr_notebook.cli.doctor.network.security_rules import Rule, lists_for, through, to_public
from emr_notebook.cli.doctor.report import Unknown


@dataclass(frozen=True)
class Ways:
    """How the network leads out of a VPC.

    `account` is the stage's. `subnets` are the VPC's, `tables` the route tables of those that
    matter, `groups` the endpoints' and the notebooks', all by id. `given` are the notebooks' own
    groups, none when each stack makes one: `made` are these by subnet, "" for one that is yet to
    be made. `egress` are the rules of either. `s3_list` is S3's prefix list.
    """

    vpc_id: str
    region: str
    account: str
    subnets: Mapping[str, Subnet]
    tables: Mapping[str, RouteTable]
    endpoints: Sequence[Endpoint]
    groups: Mapping[str, Group]
    given: tuple[str, ...]
    egress: tuple[Rule, ...]
    s3_list: str = ""
    made: Mapping[str, tuple[str, ...]] | Unknown = field(default_factory=dict)


@dataclass(frozen=True)
class Fault:
    """What is in the way, and what mends it."""

    cause: str
    commands: tuple[str, ...] = ()
    advice: str = ""


def closed(ways: Ways, to: str) -> Fault:
    """The notebooks' own groups are in the way."""
    if ways.given:
        cause = f"no rule of {' and '.join(ways.given)} lets HTTPS out to {to}"
        return Fault(cause, (Ec2Commands(ways.region).let_out(ways.given[0], HTTPS, to=to),))
    cause = f"the group that the deploy makes lets no HTTPS out to {to}"
    advice = f"give network.extra_egress to port {HTTPS} of {to}, then deploy"
    return Fault(cause, advice=advice)


def to_ranges(ways: Ways, cidrs: Sequence[str], groups: Sequence[str] = ()) -> Fault | None:
    """The fault when the notebooks' groups let out neither to the groups nor to all ranges."""
    shut = [each for each in cidrs if not through(ways.egress, HTTPS, groups=groups, cidr=each)]
    return closed(ways, shut[0]) if shut else None


def lets_out_to_public(need: Need, ways: Ways) -> bool:
    """Whether the notebooks' groups let HTTPS out to public addresses, or to some prefix list."""
    return to_public(ways.egress, HTTPS) or bool(lists_out(need, ways))


def lists_out(need: Need, ways: Ways) -> list[str]:
    """The prefix lists that they let HTTPS out to; S3's is for S3 alone."""
    found = lists_for(ways.egress, HTTPS)
    return [each for each in found if need == S3 or each != ways.s3_list]
