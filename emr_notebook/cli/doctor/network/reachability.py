"""Decides whether a subnet's notebooks reach what they need; without AWS."""

from collections.abc import Iterator, Sequence

from emr_notebook.cli.doctor.network.destinations import Destination
from emr_notebook.cli.doctor.network.ec2_commands import Ec2Commands
from emr_notebook.cli.doctor.network.ec2_routes import ANYWHERE, Endpoint, RouteTable
from emr_notebook.cli.doctor.network.egress_paths import (
    EgressPaths,
    Fault,
    egress_fault,
    lets_out_to_public,
    no_egress_rule,
)
from emr_notebook.cli.doctor.network.vpc_endpoints import Reachability, Reachable, through_endpoint
from emr_notebook.cli.doctor.report import (
    Line,
    Unknown,
    failed,
    not_checked,
    ok,
    unseen,
    warned,
)


def reachability_line(
    destination: Destination, subnet_id: str, paths: EgressPaths, subnet_ids: Sequence[str]
) -> Line:
    """Whether notebooks in the subnet reach it; `subnet_ids` are all that have to reach it.

    An endpoint is made once for all of them, so their lines have the same command.
    """
    subject, table = f"{destination.name} from {subnet_id}", paths.tables[subnet_id]
    endpoints = _endpoints(destination, paths)
    results = [through_endpoint(each, destination, subnet_id, paths) for each in endpoints]
    # What is certain comes first.
    reachable = sorted(
        (each for each in results if isinstance(each, Reachable)), key=lambda each: each.conditions
    )
    if reachable and not reachable[0].conditions:
        return ok(subject, reachable[0].what)
    if table.is_open and lets_out_to_public(destination, paths):
        return ok(subject, f"through {table.default}")
    if reachable:
        return unseen(subject, reachable[0].what)
    if unknown := _unknown(destination, subnet_id, paths, results):
        return not_checked(subject, unknown)
    faults = [each for each in results if isinstance(each, Fault)]
    fault = next(iter([*faults, *_without_endpoint(destination, table, paths, subnet_ids)]))
    cause = f"{fault.cause} ({destination.why})"
    say = failed if destination.is_required else warned
    return say(subject, cause, *fault.commands, advice=fault.advice)


def _endpoints(destination: Destination, paths: EgressPaths) -> list[Endpoint]:
    service, name = destination.service, f".{paths.region}.{destination.service}"
    found = [each for each in paths.endpoints if service and each.service.endswith(name)]
    return sorted(found, key=lambda each: not each.is_gateway)


def _unknown(
    destination: Destination, subnet_id: str, paths: EgressPaths, results: Sequence[Reachability]
) -> Unknown | None:
    owner = paths.subnets[subnet_id].owner
    if destination.service and owner not in ("", paths.account):
        return Unknown(
            f"account {owner} shares {subnet_id}, and alone sees and makes endpoints in its VPC"
        )
    return next((each for each in results if isinstance(each, Unknown)), None)


def _without_endpoint(
    destination: Destination, table: RouteTable, paths: EgressPaths, subnet_ids: Sequence[str]
) -> Iterator[Fault]:
    if table.is_open:
        yield no_egress_rule(paths, (destination.is_s3 and paths.s3_list) or ANYWHERE)
    cause = _no_route(table)
    if not destination.service:
        advice = f"lead the default route of {table.table_id} to a NAT gateway"
        yield Fault(cause, advice=advice)
        return
    commands = Ec2Commands(paths.region)
    name = destination.endpoint_service(paths.region)
    if destination.is_s3:
        tables = sorted({paths.tables[each].table_id for each in subnet_ids})
        yield Fault(f"{cause}, and no endpoint", (commands.gateway(paths.vpc_id, name, tables),))
        return
    ranges = [paths.subnets[each].cidr for each in subnet_ids]
    made = commands.interface(paths.vpc_id, name, subnet_ids[0], ranges)
    more = egress_fault(paths, ranges[:1]) or Fault("")
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
