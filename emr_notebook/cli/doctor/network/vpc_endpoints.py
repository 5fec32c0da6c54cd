"""doctor: whether a subnet's notebooks get through a VPC endpoint; decisions, without AWS."""

from dataclasses import dataclass

from emr_notebook.cli.doctor.network.destinations import S3, Need
from emr_notebook.cli.doctor.network.ec2_commands import HTTPS, Ec2Commands
from emr_notebook.cli.doctor.network.ec2_routes import ANYWHERE, AVAILABLE, Endpoint
from emr_notebook.cli.doctor.network.egress_paths import (
    Fault,
    Ways,
    closed,
    lets_out_to_public,
    lists_out,
    to_ranges,
)
from emr_notebook.cli.doctor.network.security_rules import Rule, lists_for, through
from emr_notebook.cli.doctor.report import Unknown


@dataclass(frozen=True)
class Passage:
    """An endpoint through which notebooks get, under conditions that are not looked at."""

    endpoint_id: str
    conditions: tuple[str, ...] = ()

    @property
    def what(self) -> str:
        """In words."""
        through = f"through {self.endpoint_id}"
        if not self.conditions:
            return through
        return f"{through} if {' and '.join(self.conditions)}: that is not looked at"


Verdict = Passage | Unknown | Fault


def by_endpoint(endpoint: Endpoint, need: Need, subnet_id: str, ways: Ways) -> Verdict:
    """Whether notebooks in the subnet get through, or why not."""
    to = Ec2Commands(ways.region)
    if endpoint.state != AVAILABLE:
        advice = "wait until it is available, then run doctor again"
        return Fault(f"{endpoint.endpoint_id} is {endpoint.state}", advice=advice)
    if endpoint.is_gateway:
        return _by_gateway(endpoint, ways.tables[subnet_id].table_id, ways, to)
    if not endpoint.has_private_dns:
        cause = f"{endpoint.endpoint_id} does not take over the service's name"
        return Fault(cause, (to.private_dns(endpoint.endpoint_id, is_s3=need == S3),))
    admitted, let_out = _admitted(endpoint, subnet_id, ways, to), _let_out(endpoint, need, ways)
    if not isinstance(admitted, tuple):
        return admitted
    if isinstance(let_out, Fault):
        return let_out
    return Passage(endpoint.endpoint_id, (*admitted, *let_out))


def _by_gateway(endpoint: Endpoint, table: str, ways: Ways, to: Ec2Commands) -> Verdict:
    if table not in endpoint.tables:
        cause = f"{table}, the subnet's route table, does not lead to {endpoint.endpoint_id}"
        return Fault(cause, (to.attach(endpoint.endpoint_id, table),))
    if lets_out_to_public(S3, ways):
        return Passage(endpoint.endpoint_id)
    return closed(ways, ways.s3_list or ANYWHERE)


def _admitted(
    endpoint: Endpoint, subnet_id: str, ways: Ways, to: Ec2Commands
) -> tuple[str, ...] | Unknown | Fault:
    """The conditions under which the endpoint's groups admit the notebooks."""
    shown = [ways.groups[each] for each in endpoint.groups if each in ways.groups]
    rules = [rule for group in shown for rule in group.ingress]
    if not endpoint.groups or _admits(rules, subnet_id, ways):
        return ()
    if lists := lists_for(rules, HTTPS):
        return (f"{' and '.join(lists)} has the subnet's addresses",)
    if hidden := [each for each in endpoint.groups if each not in ways.groups]:
        return Unknown(f"EC2 does not show {' and '.join(hidden)}, of {endpoint.endpoint_id}")
    if isinstance(ways.made, Unknown):
        return ways.made
    names = " and ".join(endpoint.groups)
    cause = f"{names}, of {endpoint.endpoint_id}, admits no HTTPS from the subnet"
    cidr = ways.subnets[subnet_id].cidr
    return Fault(cause, (to.admit(endpoint.groups[0], HTTPS, source=cidr),))


def _admits(rules: list[Rule], subnet_id: str, ways: Ways) -> bool:
    if through(rules, HTTPS, groups=ways.given, cidr=ways.subnets[subnet_id].cidr):
        return True
    made = () if isinstance(ways.made, Unknown) else ways.made.get(subnet_id, ())
    # A notebook has one of them, and all notebooks are to get through.
    return bool(made) and all(through(rules, HTTPS, groups=[each]) for each in made)


def _let_out(endpoint: Endpoint, need: Need, ways: Ways) -> tuple[str, ...] | Fault:
    """The conditions under which the notebooks' groups let out to the endpoint."""
    ranges = [ways.subnets[each].cidr for each in endpoint.subnets if each in ways.subnets]
    fault = to_ranges(ways, ranges, endpoint.groups)
    if fault is None:
        return ()
    # S3's own list has the public addresses alone, none of an endpoint's.
    lists = [each for each in lists_out(need, ways) if each != ways.s3_list]
    return (f"{' and '.join(lists)} has its addresses",) if lists else fault
