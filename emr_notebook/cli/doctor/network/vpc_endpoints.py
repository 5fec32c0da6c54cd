"""Decides whether a subnet's notebooks get through a VPC endpoint; without AWS."""

from dataclasses import dataclass

from emr_notebook.cli.doctor.network.destinations import S3, Destination
from emr_notebook.cli.doctor.network.ec2_commands import Ec2Commands
from emr_notebook.cli.doctor.network.ec2_routes import ANYWHERE, AVAILABLE, Endpoint
from emr_notebook.cli.doctor.network.egress_paths import (
    EgressPaths,
    Fault,
    egress_fault,
    egress_prefix_lists,
    lets_out_to_public,
    no_egress_rule,
)
from emr_notebook.cli.doctor.network.security_rules import Rule, lets_through, prefix_lists_for
from emr_notebook.cli.doctor.report import Unknown
from emr_notebook.settings.egress import HTTPS_PORT


@dataclass(frozen=True)
class Reachable:
    """An endpoint through which notebooks get, under conditions that are not looked at."""

    endpoint_id: str
    conditions: tuple[str, ...] = ()

    @property
    def what(self) -> str:
        """In words."""
        way = f"through {self.endpoint_id}"
        if not self.conditions:
            return way
        return f"{way}; whether {' and '.join(self.conditions)}"


Reachability = Reachable | Unknown | Fault


def through_endpoint(
    endpoint: Endpoint, destination: Destination, subnet_id: str, paths: EgressPaths
) -> Reachability:
    """Whether notebooks in the subnet get through, or why not."""
    commands = Ec2Commands(paths.region)
    if endpoint.state != AVAILABLE:
        advice = "wait until it is available, then run doctor again"
        return Fault(f"{endpoint.endpoint_id} is {endpoint.state}", advice=advice)
    if endpoint.is_gateway:
        return _through_gateway(endpoint, paths.tables[subnet_id].table_id, paths, commands)
    if not endpoint.has_private_dns:
        cause = f"{endpoint.endpoint_id} does not take over the service's name"
        return Fault(cause, (commands.private_dns(endpoint.endpoint_id, is_s3=destination.is_s3),))
    admitted = _admitted(endpoint, subnet_id, paths, commands)
    if not isinstance(admitted, tuple):
        return admitted
    let_out = _let_out(endpoint, destination, paths)
    if isinstance(let_out, Fault):
        return let_out
    return Reachable(endpoint.endpoint_id, (*admitted, *let_out))


def _through_gateway(
    endpoint: Endpoint, table: str, paths: EgressPaths, commands: Ec2Commands
) -> Reachability:
    if table not in endpoint.tables:
        cause = f"{table}, the subnet's route table, does not lead to {endpoint.endpoint_id}"
        return Fault(cause, (commands.attach(endpoint.endpoint_id, table),))
    if lets_out_to_public(S3, paths):
        return Reachable(endpoint.endpoint_id)
    return no_egress_rule(paths, paths.s3_list or ANYWHERE)


def _admitted(
    endpoint: Endpoint, subnet_id: str, paths: EgressPaths, commands: Ec2Commands
) -> tuple[str, ...] | Unknown | Fault:
    """The conditions under which the endpoint's groups admit the notebooks."""
    shown = [paths.groups[each] for each in endpoint.groups if each in paths.groups]
    rules = [rule for group in shown for rule in group.ingress]
    if not endpoint.groups or _admits(rules, subnet_id, paths):
        return ()
    if lists := prefix_lists_for(rules, HTTPS_PORT):
        return (f"{' and '.join(lists)}, a prefix list, has the subnet's addresses",)
    if hidden := [each for each in endpoint.groups if each not in paths.groups]:
        return Unknown(f"EC2 does not show {' and '.join(hidden)}, of {endpoint.endpoint_id}")
    if isinstance(paths.stack_groups, Unknown):
        return paths.stack_groups
    names = " and ".join(endpoint.groups)
    cause = f"{names}, of {endpoint.endpoint_id}, admits no HTTPS from the subnet"
    cidr = paths.subnets[subnet_id].cidr
    return Fault(cause, (commands.admit(endpoint.groups[0], HTTPS_PORT, source=cidr),))


def _admits(rules: list[Rule], subnet_id: str, paths: EgressPaths) -> bool:
    if lets_through(rules, HTTPS_PORT, groups=paths.own_groups, cidr=paths.subnets[subnet_id].cidr):
        return True
    made = () if isinstance(paths.stack_groups, Unknown) else paths.stack_groups.get(subnet_id, ())
    # A notebook has one of them, and all notebooks are to get through.
    return bool(made) and all(lets_through(rules, HTTPS_PORT, groups=[each]) for each in made)


def _let_out(
    endpoint: Endpoint, destination: Destination, paths: EgressPaths
) -> tuple[str, ...] | Fault:
    """The conditions under which the notebooks' groups let out to the endpoint."""
    ranges = [paths.subnets[each].cidr for each in endpoint.subnets if each in paths.subnets]
    fault = egress_fault(paths, ranges, endpoint.groups)
    if fault is None:
        return ()
    # S3's own list has the public addresses alone, none of an endpoint's.
    lists = [each for each in egress_prefix_lists(destination, paths) if each != paths.s3_list]
    return (f"{' and '.join(lists)}, a prefix list, has its addresses",) if lists else fault
