"""Checks that the notebooks' subnets reach what the settings have them reach."""

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

from emr_notebook.cli.aws.notebooks import PAGE_SIZE
from emr_notebook.cli.aws.reader import Reader
from emr_notebook.cli.doctor.network.destinations import (
    Destination,
    Repository,
    destinations_by_subnet,
    named_repositories,
)
from emr_notebook.cli.doctor.network.ec2 import Group, groups
from emr_notebook.cli.doctor.network.ec2_routes import (
    Endpoint,
    endpoints,
    route_tables,
    s3_lists,
    subnets_in,
    table_of,
)
from emr_notebook.cli.doctor.network.egress_paths import EgressPaths
from emr_notebook.cli.doctor.network.reachability import reachability_line
from emr_notebook.cli.doctor.network.stack_groups import (
    expected_egress_rules,
    stack_groups_by_subnet,
)
from emr_notebook.cli.doctor.report import Line, Unknown, attempt, failed, not_checked, ok
from emr_notebook.cli.next_commands import Commands
from emr_notebook.settings.egress import HTTPS_PORT
from emr_notebook.settings.model import Settings


def check(reader: Reader, settings: Settings, _commands: Commands) -> list[Line]:
    """A line for everything that notebooks in a subnet have to reach outside their VPC.

    Five calls for the VPC's route tables, endpoints, subnets and security groups, and S3's prefix
    list; one for 100 of the account's code repositories when
    notebooks name some, and one for each stack when groups of endpoints admit groups.
    """
    named = named_repositories(settings)
    known = attempt(lambda: code_repositories(reader)) if named else {}
    found = {} if isinstance(known, Unknown) else known
    lines = [repository_line(each, known) for each in named]
    given = settings.network.s3_prefix_list_id
    if given is not None:
        lines.append(list_line(given, attempt(lambda: s3_lists(reader))))
    destinations = destinations_by_subnet(settings, found)
    if not destinations:
        return lines
    return lines + destination_lines(
        destinations, attempt(lambda: _egress_paths(reader, settings, destinations))
    )


def repository_line(name: str, found: Mapping[str, Repository] | Unknown) -> Line:
    """Whether SageMaker has the code repository that notebooks name."""
    subject = f"code repository {name}"
    if isinstance(found, Unknown):
        return not_checked(subject, found)
    if name.lower() not in {each.lower() for each in found}:
        advice = "make it in SageMaker, or give the repository's url"
        return failed(subject, "SageMaker has none of this name in the region", advice=advice)
    return ok(subject)


def list_line(given: str, found: Mapping[str, str] | Unknown) -> Line:
    """Whether the prefix list of the settings is S3's."""
    subject = "network.s3_prefix_list_id"
    if isinstance(found, Unknown):
        return not_checked(subject, found)
    if given in found:
        return ok(subject, found[given])
    advice = f"set {subject}: {' or '.join(found)}" if found else ""
    return failed(subject, f"{given} is not S3's prefix list in the region", advice=advice)


def destination_lines(
    destinations: Mapping[str, list[Destination]], paths: EgressPaths | Unknown
) -> list[Line]:
    """The lines of all subnets; none of a subnet that is not in the VPC: that is a line already."""
    if isinstance(paths, Unknown):
        return _unknown(destinations, destinations, paths)
    there = [each for each in destinations if each in paths.subnets and each in paths.tables]
    lines = [
        reachability_line(
            destination,
            subnet,
            paths,
            [each for each in there if destination in destinations[each]],
        )
        for subnet in there
        for destination in destinations[subnet]
    ]
    hidden = [each for each in destinations if each in paths.subnets and each not in paths.tables]
    return lines + _unknown(destinations, hidden, Unknown("EC2 shows no route table of the subnet"))


def _unknown(
    destinations: Mapping[str, list[Destination]], subnets: Iterable[str], why: Unknown
) -> list[Line]:
    pairs = [(destination, subnet) for subnet in subnets for destination in destinations[subnet]]
    return [not_checked(f"{destination.name} from {subnet}", why) for destination, subnet in pairs]


def _egress_paths(
    reader: Reader, settings: Settings, destinations: Mapping[str, list[Destination]]
) -> EgressPaths:
    network = settings.network
    services = {each.service for each in chain.from_iterable(destinations.values()) if each.service}
    endings = tuple(f".{settings.region}.{each}" for each in services)
    in_vpc = subnets_in(reader, network.vpc_id)
    tables = route_tables(reader, network.vpc_id)
    of_subnets = {each: table_of(each, tables) for each in destinations if each in in_vpc}
    ends = [each for each in endpoints(reader, network.vpc_id) if each.service.endswith(endings)]
    named = network.security_group_ids or ()
    found = groups(reader, {*named, *chain.from_iterable(each.groups for each in ends)})
    own = [found[e] for e in named if e in found and found[e].vpc_id == network.vpc_id]
    egress = tuple(chain.from_iterable(each.egress for each in own))
    return EgressPaths(
        vpc_id=network.vpc_id,
        region=settings.region,
        account=settings.account,
        # Nothing is known of what groups that do not exist let out.
        subnets=in_vpc if own or not named else {},
        tables={each: table for each, table in of_subnets.items() if table},
        endpoints=ends,
        groups=found,
        own_groups=tuple(each.group_id for each in own),
        egress=egress if named else expected_egress_rules(settings, settings.stack_names()[0]),
        s3_list=network.s3_prefix_list_id or _s3_list(reader),
        stack_groups={} if named else _stack_groups(reader, settings, ends, found),
    )


def _s3_list(reader: Reader) -> str:
    """S3's prefix list; "" where these credentials may not know."""
    found = attempt(lambda: s3_lists(reader))
    return "" if isinstance(found, Unknown) else next(iter(found), "")


def _stack_groups(
    reader: Reader, settings: Settings, ends: Iterable[Endpoint], found: Mapping[str, Group]
) -> Mapping[str, tuple[str, ...]] | Unknown:
    """The groups that stacks made, by subnet; none where no endpoint's group admits a group."""
    ids = set(chain.from_iterable(each.groups for each in ends))
    admitting = chain.from_iterable(found[each].ingress for each in ids if each in found)
    if not any(rule.opens(HTTPS_PORT) and rule.peer.startswith("sg-") for rule in admitting):
        return {}
    return stack_groups_by_subnet(reader, settings)


def code_repositories(reader: Reader) -> dict[str, Repository]:
    """The account's SageMaker code repositories by name: one call for 100 of them."""
    found = reader.pages(
        "sagemaker",
        "list_code_repositories",
        items="CodeRepositorySummaryList",
        MaxResults=PAGE_SIZE,
    )
    return {each["CodeRepositoryName"]: _repository(each) for each in found}


def _repository(each: Mapping[str, Any]) -> Repository:
    config = each.get("GitConfig", {})
    return Repository(config.get("RepositoryUrl", ""), config.get("SecretArn", ""))
