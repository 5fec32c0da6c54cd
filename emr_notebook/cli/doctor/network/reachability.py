"""doctor: whether a subnet's notebooks reach what they need; decisions, without AWS."""

from collections.abc import Iterator, Sequence

from emr_notebook.cli.doctor.network.destinations import S3, Need
from emr_notebook.cli.doctor.network.ec2_commands import Ec2Commands
from emr_notebook.cli.doctor.network.ec2_routes import ANYWHERE, Endpoint, RouteTable
from emr_notebook.cli.doctor.network.egress_paths import (
    Fault,
    Ways,
    closed,
    lets_out_to_public,
    to_ranges,
)
from emr_notebook.cli.doctor.network.vpc_endpoints import Passage, Verdict, by_endpoint
from emr_notebook.cli.doctor.report import Line, Unknown, failed, not_checked, ok


def way_line(need: Need, subnet_id: str, ways: Ways, needy: Sequence[str]) -> Line:
    """Whether notebooks in the subnet reach what they need; `needy` are all subnets like it.

    An endpoint is made once for all of them, so their lines have the same command.
    """
    about, table = f"{need.name} from {subnet_id}", ways.tables[subnet_id]
    verdicts = [by_endpoint(each, need, subnet_id, ways) for each in _endpoints(need, ways)]
    # What is certain comes first.
    passages = sorted(
        (each for each in verdicts if isinstance(each, Passage)), key=lambda each: each.conditions
    )
    if passages and not passages[0].conditions:
        return ok(about, passages[0].what)
    if table.is_open and lets_out_to_public(need, ways):
        return ok(about, f"through {table.default}")
    if passages:
        return ok(about, passages[0].what)
    if unknown := _unknown(need, subnet_id, ways, verdicts):
        return not_checked(about, unknown)
    faults = [each for each in verdicts if isinstance(each, Fault)]
    fault = next(iter([*faults, *_without_endpoint(need, table, ways, needy)]))
    return failed(about, f"{fault.cause} ({need.why})", *fault.commands, advice=fault.advice)


def _endpoints(need: Need, ways: Ways) -> list[Endpoint]:
    name = f".{ways.region}.{need.service}"
    found = [each for each in ways.endpoints if need.service and each.service.endswith(name)]
    return sorted(found, key=lambda each: not each.is_gateway)


def _unknown(need: Need, subnet_id: str, ways: Ways, verdicts: Sequence[Verdict]) -> Unknown | None:
    owner = ways.subnets[subnet_id].owner
    if need.service and owner not in ("", ways.account):
        return Unknown(
            f"account {owner} shares {subnet_id}, and alone sees and makes endpoints in its VPC"
        )
    return next((each for each in verdicts if isinstance(each, Unknown)), None)


def _without_endpoint(
    need: Need, table: RouteTable, ways: Ways, needy: Sequence[str]
) -> Iterator[Fault]:
    if table.is_open:
        yield closed(ways, ANYWHERE)
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
    more = to_ranges(ways, ranges[:1]) or Fault("")
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
