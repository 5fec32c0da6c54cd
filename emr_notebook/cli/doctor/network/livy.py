"""Holds what is known of a cluster's Livy and of its notebooks in the network; without AWS."""

from collections.abc import Mapping
from dataclasses import dataclass

from emr_notebook.cli.doctor.network.ec2 import Group, Subnet
from emr_notebook.cli.doctor.network.security_rules import Rule
from emr_notebook.cli.doctor.network.stack_groups import StackGroups
from emr_notebook.cli.doctor.report import Unknown
from emr_notebook.settings.cluster import Cluster


@dataclass(frozen=True)
class Notebooks:
    """The notebooks that use a cluster.

    `own_groups` are the security groups that the settings give them, none when each stack makes
    one. `subnets` are theirs, as far as they exist; `stacks` what their stacks have made, by the
    stacks' names; `egress` the rules by which they reach others.
    """

    vpc_id: str
    own_groups: tuple[str, ...]
    subnets: tuple[Subnet, ...] | Unknown
    stacks: Mapping[str, StackGroups | Unknown]
    egress: tuple[Rule, ...]


@dataclass(frozen=True)
class Livy:
    """A cluster's Livy: what the settings say of it, and what is so.

    `groups` are its primary's, the one that the settings name first, as far as they exist;
    `subnet` is its primary's, if it can be seen.
    """

    key: str
    cluster: Cluster
    port: int
    groups: tuple[Group, ...]
    subnet: Subnet | Unknown | None = None

    @property
    def ingress(self) -> tuple[Rule, ...]:
        """Whom the primary admits: the rules of all of its groups count."""
        return tuple(rule for group in self.groups for rule in group.ingress)

    @property
    def group(self) -> str:
        """The group that rules are made in."""
        return self.groups[0].group_id


def in_different_vpcs(livy: Livy, notebooks: Notebooks) -> Unknown | None:
    """Why it is unknown whether rules can name the groups of both sides: they are in two VPCs."""
    at = livy.groups[0].vpc_id
    if at in ("", notebooks.vpc_id):
        return None
    return Unknown(
        f"{livy.group} is in {at}: EC2 lets rules name groups of another VPC only where a peering "
        "or a transit gateway connects both, which is not looked at"
    )
