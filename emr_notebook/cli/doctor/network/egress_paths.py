"""Says what of a VPC's network and of its groups' rules leads out; without AWS."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from emr_notebook.cli.doctor.network.destinations import Destination
from emr_notebook.cli.doctor.network.ec2 import Group, Subnet
from emr_notebook.cli.doctor.network.ec2_commands import Ec2Commands
from emr_notebook.cli.doctor.network.ec2_routes import Endpoint, RouteTable
from emr_notebook.cli.doctor.network.security_rules import (
    Rule,
    lets_through,
    opens_to_public,
    prefix_lists_for,
)
from emr_notebook.cli.doctor.report import Unknown
from emr_notebook.settings.egress import HTTPS_PORT


@dataclass(frozen=True)
class EgressPaths:
    """How the network leads out of a VPC.

    `account` is the stage's. `subnets` are the VPC's, `tables` the route tables of those that
    matter, `groups` the endpoints' and the notebooks', all by id. `own_groups` are those that the
    settings give to notebooks, none when each stack makes one: `stack_groups` are these by subnet,
    "" for one that is yet to be made. `egress` are the rules of either. `s3_list` is S3's prefix
    list.
    """

    vpc_id: str
    region: str
    account: str
    subnets: Mapping[str, Subnet]
    tables: Mapping[str, RouteTable]
    endpoints: Sequence[Endpoint]
    groups: Mapping[str, Group]
    own_groups: tuple[str, ...]
    egress: tuple[Rule, ...]
    s3_list: str = ""
    stack_groups: Mapping[str, tuple[str, ...]] | Unknown = field(default_factory=dict)


@dataclass(frozen=True)
class Fault:
    """What is in the way, and what mends it."""

    cause: str
    commands: tuple[str, ...] = ()
    advice: str = ""


def no_egress_rule(paths: EgressPaths, peer: str) -> Fault:
    """The notebooks' own groups are in the way."""
    if paths.own_groups:
        cause = f"no rule of {' and '.join(paths.own_groups)} lets HTTPS out to {peer}"
        return Fault(
            cause, (Ec2Commands(paths.region).let_out(paths.own_groups[0], HTTPS_PORT, peer=peer),)
        )
    cause = f"the group that the deploy makes lets no HTTPS out to {peer}"
    if peer == paths.s3_list:
        return Fault(cause, advice=f"set network.s3_prefix_list_id: {peer}, then deploy")
    advice = f"give network.extra_egress to port {HTTPS_PORT} of {peer}, then deploy"
    return Fault(cause, advice=advice)


def egress_fault(
    paths: EgressPaths, cidrs: Sequence[str], groups: Sequence[str] = ()
) -> Fault | None:
    """The fault when the notebooks' groups let out neither to the groups nor to all ranges."""
    for each in cidrs:
        if not lets_through(paths.egress, HTTPS_PORT, groups=groups, cidr=each):
            return no_egress_rule(paths, each)
    return None


def lets_out_to_public(destination: Destination, paths: EgressPaths) -> bool:
    """Whether the notebooks' groups let HTTPS out to public addresses, or to some prefix list."""
    return opens_to_public(paths.egress, HTTPS_PORT) or bool(
        egress_prefix_lists(destination, paths)
    )


def egress_prefix_lists(destination: Destination, paths: EgressPaths) -> list[str]:
    """The prefix lists that they let HTTPS out to; S3's is for S3 alone."""
    found = prefix_lists_for(paths.egress, HTTPS_PORT)
    return [each for each in found if destination.is_s3 or each != paths.s3_list]
