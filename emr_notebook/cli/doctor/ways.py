"""doctor: whether a subnet's notebooks reach what they need; decisions, without AWS."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from emr_notebook.cli.doctor.ec2_commands import HTTPS, Ec2Commands
from emr_notebook.cli.doctor.ec2_reads import Group, Subnet
from emr_notebook.cli.doctor.ec2_routes import ANYWHERE, AVAILABLE, Endpoint, RouteTable
from emr_notebook.cli.doctor.ec2_rules import Rule, lists_for, through, to_public
from emr_notebook.cli.doctor.needs import S3, Need
from emr_notebook.cli.doctor.prerequisites import Line, failed, ok


@dataclass(frozen=True)
class Ways:
    """How the network leads out of a VPC.

    `subnets` are the VPC's, `tables` the route tables of those that matter, `groups` the
    endpoints' and the notebooks', all by id. `given` are the notebooks' own groups, none when
    each stack makes one; `egress` their rules, or those of the groups that are made. `s3_list`
    is S3's prefix list.
    """

    vpc_id: str
    region: str
    subnets: Mapping[str, Subnet]
    tables: Mapping[str, RouteTable]
    endpoints: Sequence[Endpoint]
    groups: Mapping[str, Group]
    given: tuple[str, ...]
    egress: tuple[Rule, ...]
    s3_list: str = ""


@dataclass(frozen=True)
class Fault:
    """What is in the way, and what mends it."""

    cause: str
    commands: tuple[str, ...] = ()
    advice: str = ""


def way_line(need: Need, subnet_id: str, ways: Ways, needy: Sequence[str]) -> Line:
    """Whether notebooks in the subnet reach what they need; `needy` are all subnets like it.

    An endpoint is made once for all of them, so their lines have the same command.
    """
    about = f"{need.name} from {subnet_id}"
    table = ways.tables[subnet_id]
    faults = []
    for endpoint in _endpoints(need, ways):
        fault = _fault_of(endpoint, subnet_id, ways)
        if fault is None:
            return ok(about, f"through {endpoint.endpoint_id}")
        faults.append(fault)
    if table.is_open and _lets_out_to_public(need, ways):
        return ok(about, f"through {table.default}")
    fault = next(iter([*faults, *_without_endpoint(need, table, ways, needy)]))
    return failed(about, f"{fault.cause} ({need.why})", *fault.commands, advice=fault.advice)


def _endpoints(need: Need, ways: Ways) -> list[Endpoint]:
    name = f".{ways.region}.{need.service}"
    found = [each for each in ways.endpoints if need.service and each.service.endswith(name)]
    return sorted(found, key=lambda each: not each.is_gateway)


def _fault_of(endpoint: Endpoint, subnet_id: str, ways: Ways) -> Fault | None:
    to = Ec2Commands(ways.region)
    if endpoint.state != AVAILABLE:
        advice = "wait until it is available, then run doctor again"
        return Fault(f"{endpoint.endpoint_id} is {endpoint.state}", advice=advice)
    if endpoint.is_gateway:
        table = ways.tables[subnet_id].table_id
        if table not in endpoint.tables:
            cause = f"{table}, the subnet's route table, does not lead to {endpoint.endpoint_id}"
            return Fault(cause, (to.attach(endpoint.endpoint_id, table),))
        return None if _lets_out_to_public(S3, ways) else _closed(ways, ways.s3_list or ANYWHERE)
    return _fault_of_interface(endpoint, ways.subnets[subnet_id].cidr, ways, to)


def _fault_of_interface(endpoint: Endpoint, cidr: str, ways: Ways, to: Ec2Commands) -> Fault | None:
    if not endpoint.has_private_dns:
        cause = f"{endpoint.endpoint_id} does not take over the service's name"
        return Fault(cause, (to.private_dns(endpoint.endpoint_id),))
    admitting = [rule for each in endpoint.groups for rule in _ingress(each, ways)]
    if endpoint.groups and not through(admitting, HTTPS, groups=ways.given, cidr=cidr):
        names = " and ".join(endpoint.groups)
        cause = f"{names}, of {endpoint.endpoint_id}, admits no HTTPS from the subnet"
        return Fault(cause, (to.admit(endpoint.groups[0], HTTPS, source=cidr),))
    ranges = [ways.subnets[each].cidr for each in endpoint.subnets if each in ways.subnets]
    return _to_ranges(ways, ranges, endpoint.groups)


def _to_ranges(ways: Ways, cidrs: Sequence[str], groups: Sequence[str] = ()) -> Fault | None:
    closed = [each for each in cidrs if not through(ways.egress, HTTPS, groups=groups, cidr=each)]
    return _closed(ways, closed[0]) if closed else None


def _closed(ways: Ways, to: str) -> Fault:
    """The notebooks' own groups are in the way."""
    if ways.given:
        cause = f"no rule of {' and '.join(ways.given)} lets HTTPS out to {to}"
        return Fault(cause, (Ec2Commands(ways.region).let_out(ways.given[0], HTTPS, to=to),))
    cause = f"the group that the deploy makes lets no HTTPS out to {to}"
    advice = f"give network.extra_egress to port {HTTPS} of {to}, then deploy"
    return Fault(cause, advice=advice)


def _without_endpoint(
    need: Need, table: RouteTable, ways: Ways, needy: Sequence[str]
) -> Iterator[Fault]:
    if table.is_open:
        yield _closed(ways, ANYWHERE)
    cause = _no_route(table)
    if not need.service:
        advice = f"lead the default route of {table.table_id} to a NAT gateway"
        yield Fault(cause, advice=advice)
        return
    to, name = Ec2Commands(ways.region), f"com.amazonaws.{ways.region}.{need.service}"
    if need == S3:
        tables = sorted({ways.tables[each].table_id for each in needy})
        yield Fault(f"{cause}, and no endpoint", (to.gateway(ways.vpc_id, name, tables),))
        return
    ranges = [ways.subnets[each].cidr for each in needy]
    made = to.interface(ways.vpc_id, name, needy[0], ranges)
    more = _to_ranges(ways, ranges[:1]) or Fault("")
    yield Fault(f"{cause}, and no endpoint", (made, *more.commands), more.advice)


def _no_route(table: RouteTable) -> str:
    if table.is_public:
        return (
            f"{table.table_id} leads to {table.default}, which passes on nothing of a notebook: it "
            "has no public address"
        )
    if table.is_blackhole:
        return f"{table.table_id} leads to {table.default}, which is gone"
    return f"{table.table_id} has no default route"


def _lets_out_to_public(need: Need, ways: Ways) -> bool:
    lists = [each for each in lists_for(ways.egress, HTTPS) if need == S3 or each != ways.s3_list]
    return to_public(ways.egress, HTTPS) or bool(lists)


def _ingress(group_id: str, ways: Ways) -> tuple[Rule, ...]:
    group = ways.groups.get(group_id)
    return group.ingress if group else ()
