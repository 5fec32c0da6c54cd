"""doctor: both sides of a cluster's Livy in the network, and the way there; without AWS."""

from collections.abc import Mapping
from dataclasses import dataclass

from emr_notebook.cli.doctor.ec2_commands import Ec2Commands
from emr_notebook.cli.doctor.ec2_reads import Group, Subnet
from emr_notebook.cli.doctor.ec2_rules import Rule, lists_for, through
from emr_notebook.cli.doctor.prerequisites import Line, Unknown, failed, not_checked, ok
from emr_notebook.cli.doctor.primaries import Primary, StackGroups
from emr_notebook.settings_cluster import Cluster


@dataclass(frozen=True)
class Notebooks:
    """The notebooks that use a cluster.

    `given` are their security groups, none when each stack makes one. `subnets` are theirs, as
    far as they exist; `stacks` what their stacks have made, by the stacks' names; `egress` the
    rules by which they reach others.
    """

    vpc_id: str
    given: tuple[str, ...]
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


def group_line(
    key: str, group_id: str, group: Group | None, primary: Primary | Unknown | None
) -> Line:
    """Whether the group that the settings name exists, and is one of the running primary's."""
    about, setting = f"security group of {key}", f"clusters.{key}.security_group_id"
    if isinstance(primary, Primary) and group_id not in primary.groups:
        cause = f"{group_id} is none of the primary's ({', '.join(primary.groups)})"
        return failed(about, cause, advice=f"set {setting}: {primary.groups[0]}")
    if group is None:
        advice = f"set {setting} to the primary's"
        return failed(about, f"{group_id} does not exist in the region", advice=advice)
    if isinstance(primary, Unknown):
        return not_checked(about, primary)
    return ok(about, group_id)


def way_line(livy: Livy, notebooks: Notebooks, to: Ec2Commands) -> Line:
    """Whether the notebooks' own rules let them reach the primary."""
    about = f"way to Livy of {livy.key}"
    if _lets_out(livy, notebooks.egress):
        return ok(about, _beyond(livy, notebooks))
    if isinstance(livy.subnet, Unknown):
        return not_checked(about, livy.subnet)
    if lists := lists_for(notebooks.egress, livy.port):
        return ok(about, f"if {' and '.join(lists)} has its address: that is not looked at")
    if notebooks.given:
        cause = f"no rule of {' and '.join(notebooks.given)} lets out to TCP port {livy.port} of it"
        return failed(about, cause, to.let_out(notebooks.given[0], livy.port, to=livy.group))
    cause = f"the group that the deploy makes does not let out to TCP port {livy.port} of it"
    advice = f"give clusters.{livy.key}.security_group_id: {livy.group}, with ingress"
    return failed(about, cause, advice=advice)


def _lets_out(livy: Livy, egress: tuple[Rule, ...]) -> bool:
    groups = [each.group_id for each in livy.groups]
    if isinstance(livy.subnet, Subnet):
        return through(egress, livy.port, groups=groups, cidr=livy.subnet.cidr)
    if through(egress, livy.port, groups=groups):
        return True
    # A subnet of another account is not shown: any rule for the port may be for it.
    return livy.subnet is None and any(rule.opens(livy.port) for rule in egress)


def _beyond(livy: Livy, notebooks: Notebooks) -> str:
    at = livy.subnet
    if not isinstance(at, Subnet) or at.vpc_id == notebooks.vpc_id:
        return ""
    return f"it is in {at.vpc_id}: routes between the VPCs are not looked at"
