"""Chooses the notebooks' subnet: the cluster's when it is private, or another of its VPC's."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from emr_notebook.cli.doctor.network.destinations import LOGS
from emr_notebook.cli.doctor.network.ec2 import Subnet
from emr_notebook.cli.doctor.network.ec2_routes import (
    AVAILABLE,
    RouteTable,
    table_of,
)
from emr_notebook.cli.doctor.report import Unknown
from emr_notebook.cli.init.read import Facts, Network

NOT_KNOWN = "the cluster's own; not known whether it is private"


@dataclass(frozen=True)
class Choice:
    """A subnet, or "" when a person has to choose, and why; `table` is its route table."""

    subnet_id: str
    why: str
    table: RouteTable | None = None


def choose_subnet(facts: Facts) -> Choice:
    """The subnet that new notebooks get; it is fixed at their birth, so none is guessed."""
    own = next(iter(facts.cluster_subnets), "")
    if len(facts.cluster_subnets) > 1:
        return Choice("", f"EMR has not chosen one of {', '.join(facts.cluster_subnets)} yet")
    network = facts.network
    if isinstance(network, Unknown):
        return Choice(own, f"the cluster's own; not looked at: {network.why}")
    if isinstance(network.subnets, Unknown):
        return Choice(own, f"{NOT_KNOWN}: {network.subnets.why}")
    if isinstance(network.tables, Unknown):
        return Choice(own, f"{NOT_KNOWN}: {network.tables.why}")
    if not network.tables:
        # As it may be where another account shares the subnets.
        return Choice(own, f"{NOT_KNOWN}: EC2 shows no route table of its VPC")
    return _choose(own, facts.account, network, network.subnets.values(), network.tables)


def has_logs_endpoint(network: Network) -> bool:
    """Whether CloudWatch Logs has an endpoint in the VPC."""
    found = [] if isinstance(network.endpoints, Unknown) else network.endpoints
    return any(each.service.endswith(f".{LOGS.service}") for each in found)


def _choose(
    own: str,
    account: str,
    network: Network,
    subnets: Iterable[Subnet],
    tables: Sequence[RouteTable],
) -> Choice:
    """Before others, the cluster's own; before those that nothing leads out of, the others."""
    has_endpoint = has_logs_endpoint(network)

    def rank(subnet: Subnet, table: RouteTable) -> tuple[bool, bool, int, str]:
        leads_out = table.is_open or has_endpoint
        return (not leads_out, subnet.subnet_id != own, -subnet.free, subnet.subnet_id)

    private = list(_private(subnets, tables))
    if not private:
        return Choice(
            "",
            f"there is none with free addresses in {network.vpc_id}, where the "
            f"cluster is in {own or 'none that EMR names'}: an internet gateway passes on "
            "nothing of a notebook, which has no public address",
        )
    subnet, table = min(private, key=lambda pair: rank(*pair))
    whose = "the cluster's own" if subnet.subnet_id == own else f"{_why_not(own, tables)}; this one"
    shared = "" if subnet.owner in ("", account) else f", shared by account {subnet.owner}"
    why = f"{whose}: {_ways_out(table, has_endpoint=has_endpoint)}{shared}"
    return Choice(subnet.subnet_id, why, table)


def _private(
    subnets: Iterable[Subnet], tables: Sequence[RouteTable]
) -> Iterator[tuple[Subnet, RouteTable]]:
    """Those with free addresses that no internet gateway serves, and their route tables."""
    for each in subnets:
        table = table_of(each.subnet_id, tables)
        if each.state == AVAILABLE and each.free and table is not None and not table.is_public:
            yield each, table


def _why_not(own: str, tables: Sequence[RouteTable]) -> str:
    table = table_of(own, tables) if own else None
    if table is not None and table.is_public:
        return f"the cluster's own, {own}, is public: {table.table_id} leads to {table.default}"
    return f"the cluster's own, {own or 'which EMR does not name'}, is full or leads nowhere"


def _ways_out(table: RouteTable, *, has_endpoint: bool) -> str:
    if table.is_open:
        return f"private, and {table.table_id} leads out to {table.default}"
    if has_endpoint:
        return "private, in a VPC with endpoints"
    return "private, and nothing leads out of it yet: emr-notebook doctor says what is missing"
