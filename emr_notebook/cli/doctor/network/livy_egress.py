"""Decides whether the notebooks' groups let out to a cluster's Livy; without AWS."""

from emr_notebook.cli.doctor.network.ec2 import Group, Subnet
from emr_notebook.cli.doctor.network.ec2_commands import Ec2Commands
from emr_notebook.cli.doctor.network.livy import Livy, Notebooks, in_different_vpcs
from emr_notebook.cli.doctor.network.primary_node import Primary
from emr_notebook.cli.doctor.network.security_rules import Rule, lets_through, prefix_lists_for
from emr_notebook.cli.doctor.network.stack_groups import StackGroups
from emr_notebook.cli.doctor.report import Line, Unknown, failed, not_checked, ok, unseen


def group_line(key: str, group_id: str, group: Group | None, primary: Primary | Unknown) -> Line:
    """Whether the group that the settings name exists, and is one of the running primary's."""
    subject = f"security group of {key}"
    if isinstance(primary, Primary) and group_id not in primary.groups:
        cause = f"{group_id} is none of the primary's ({', '.join(primary.groups)})"
        return failed(subject, cause, advice=f"set {_setting(key)}: {primary.groups[0]}")
    if group is None:
        return missing_line(key, group_id)
    if isinstance(primary, Unknown):
        return not_checked(subject, primary)
    return ok(subject, group_id)


def missing_line(key: str, group_id: str) -> Line:
    """The group that the settings name does not exist."""
    cause, advice = (
        f"{group_id} does not exist in the region",
        f"set {_setting(key)} to the primary's",
    )
    return failed(f"security group of {key}", cause, advice=advice)


def _setting(key: str) -> str:
    return f"clusters.{key}.security_group_id"


def egress_line(livy: Livy, notebooks: Notebooks, commands: Ec2Commands) -> Line:
    """Whether the notebooks' own rules let them reach the primary."""
    subject = f"way to Livy of {livy.key}"
    far = in_different_vpcs(livy, notebooks)
    if far and _to_be_made(livy, notebooks):
        return not_checked(subject, far)
    if _lets_out(livy, notebooks.egress):
        beyond = _beyond(livy, notebooks)
        return unseen(subject, beyond) if beyond else ok(subject)
    if isinstance(livy.subnet, Unknown):
        return not_checked(subject, livy.subnet)
    if lists := prefix_lists_for(notebooks.egress, livy.port):
        return unseen(subject, f"whether {' and '.join(lists)}, a prefix list, has its address")
    return _not_let_out(livy, notebooks, commands)


def _not_let_out(livy: Livy, notebooks: Notebooks, commands: Ec2Commands) -> Line:
    """Ranges of addresses are let out to in other VPCs, too."""
    subject, port, peer = f"way to Livy of {livy.key}", livy.port, livy.group
    if far := in_different_vpcs(livy, notebooks):
        peer = livy.subnet.cidr if isinstance(livy.subnet, Subnet) else "the primary's addresses"
    if notebooks.own_groups:
        cause = f"no rule of {' and '.join(notebooks.own_groups)} lets out to TCP port {port} of it"
        if far and not isinstance(livy.subnet, Subnet):
            return failed(subject, cause, advice=f"let out to {peer}")
        return failed(subject, cause, commands.let_out(notebooks.own_groups[0], port, peer=peer))
    cause = f"the group that the deploy makes does not let out to TCP port {port} of it"
    if far:
        advice = f"give network.extra_egress to port {port} of {peer}, then deploy"
        return failed(subject, cause, advice=advice)
    advice = f"give clusters.{livy.key}.security_group_id: {peer}, with ingress"
    return failed(subject, cause, advice=advice)


def _to_be_made(livy: Livy, notebooks: Notebooks) -> bool:
    """Whether a deploy has yet to make a group of notebooks that names the primary's."""
    made = [isinstance(each, StackGroups) and each.group for each in notebooks.stacks.values()]
    named = livy.cluster.security_group_id is not None
    return named and not notebooks.own_groups and not all(made)


def _lets_out(livy: Livy, egress: tuple[Rule, ...]) -> bool:
    groups = [each.group_id for each in livy.groups]
    if isinstance(livy.subnet, Subnet):
        return lets_through(egress, livy.port, groups=groups, cidr=livy.subnet.cidr)
    if lets_through(egress, livy.port, groups=groups):
        return True
    # A subnet of another account is not shown: any rule for the port may be for it.
    return livy.subnet is None and any(rule.opens(livy.port) for rule in egress)


def _beyond(livy: Livy, notebooks: Notebooks) -> str:
    at = livy.subnet
    if not isinstance(at, Subnet) or at.vpc_id == notebooks.vpc_id:
        return ""
    return f"it is in {at.vpc_id}: routes between the VPCs are not looked at"
