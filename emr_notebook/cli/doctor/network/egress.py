"""doctor: the ways from the notebooks' subnets to what the settings have them reach."""

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

from emr_notebook.cli.aws.reader import Reader
from emr_notebook.cli.doctor.network.destinations import (
    Need,
    Repository,
    named_repositories,
    needs_by_subnet,
)
from emr_notebook.cli.doctor.network.ec2 import Group, groups
from emr_notebook.cli.doctor.network.ec2_commands import HTTPS
from emr_notebook.cli.doctor.network.ec2_routes import (
    Endpoint,
    endpoints,
    route_tables,
    s3_lists,
    subnets_in,
    table_of,
)
from emr_notebook.cli.doctor.network.egress_paths import Ways
from emr_notebook.cli.doctor.network.reachability import way_line
from emr_notebook.cli.doctor.network.stack_groups import made_by_subnet, made_egress
from emr_notebook.cli.doctor.report import Line, Unknown, attempt, failed, not_checked, ok
from emr_notebook.cli.next_commands import Commands
from emr_notebook.settings.model import Settings

PAGE = 100


def check(reader: Reader, settings: Settings, _to: Commands) -> list[Line]:
    """A line for everything that notebooks in a subnet have to reach outside their VPC.

    Four calls for the VPC's route tables, endpoints, subnets and security groups; one for S3's
    prefix list when the settings name it, one for 100 of the account's code repositories when
    notebooks name some, and one for each stack when groups of endpoints admit groups.
    """
    named = named_repositories(settings)
    known = attempt(lambda: _repositories(reader)) if named else {}
    found = {} if isinstance(known, Unknown) else known
    lines = [repository_line(each, known) for each in named]
    given = settings.network.s3_prefix_list_id
    if given is not None:
        lines.append(list_line(given, attempt(lambda: s3_lists(reader))))
    needs = needs_by_subnet(settings, found)
    if not needs:
        return lines
    return lines + need_lines(needs, attempt(lambda: _ways(reader, settings, needs)))


def repository_line(name: str, found: Mapping[str, Repository] | Unknown) -> Line:
    """Whether SageMaker has the code repository that notebooks name."""
    about = f"code repository {name}"
    if isinstance(found, Unknown):
        return not_checked(about, found)
    if name.lower() not in {each.lower() for each in found}:
        advice = "make it in SageMaker, or give the repository's url"
        return failed(about, "SageMaker has none of this name in the region", advice=advice)
    return ok(about)


def list_line(given: str, found: Mapping[str, str] | Unknown) -> Line:
    """Whether the prefix list of the settings is S3's."""
    about = "network.s3_prefix_list_id"
    if isinstance(found, Unknown):
        return not_checked(about, found)
    if given in found:
        return ok(about, found[given])
    advice = f"set {about}: {' or '.join(found)}" if found else ""
    return failed(about, f"{given} is not S3's prefix list in the region", advice=advice)


def need_lines(needs: Mapping[str, list[Need]], ways: Ways | Unknown) -> list[Line]:
    """The lines of all subnets; none of a subnet that is not in the VPC: that is a line already."""
    if isinstance(ways, Unknown):
        return _unknown(needs, needs, ways)
    there = [each for each in needs if each in ways.subnets and each in ways.tables]
    lines = [
        way_line(need, subnet, ways, [each for each in there if need in needs[each]])
        for subnet in there
        for need in needs[subnet]
    ]
    hidden = [each for each in needs if each in ways.subnets and each not in ways.tables]
    return lines + _unknown(needs, hidden, Unknown("EC2 shows no route table of the subnet"))


def _unknown(needs: Mapping[str, list[Need]], subnets: Iterable[str], why: Unknown) -> list[Line]:
    pairs = [(need, subnet) for subnet in subnets for need in needs[subnet]]
    return [not_checked(f"{need.name} from {subnet}", why) for need, subnet in pairs]


def _ways(reader: Reader, settings: Settings, needs: Mapping[str, list[Need]]) -> Ways:
    network = settings.network
    services = {need.service for need in chain.from_iterable(needs.values())}
    in_vpc = subnets_in(reader, network.vpc_id)
    tables = route_tables(reader, network.vpc_id)
    of_subnets = {each: table_of(each, tables) for each in needs if each in in_vpc}
    ends = [
        each
        for each in endpoints(reader, network.vpc_id)
        if each.service.rpartition(".")[2] in services
    ]
    named = network.security_group_ids or ()
    found = groups(reader, {*named, *chain.from_iterable(each.groups for each in ends)})
    own = [found[e] for e in named if e in found and found[e].vpc_id == network.vpc_id]
    egress = tuple(chain.from_iterable(each.egress for each in own))
    return Ways(
        vpc_id=network.vpc_id,
        region=settings.region,
        account=settings.account,
        # Nothing is known of the ways of groups that do not exist.
        subnets=in_vpc if own or not named else {},
        tables={each: table for each, table in of_subnets.items() if table},
        endpoints=ends,
        groups=found,
        given=tuple(each.group_id for each in own),
        egress=egress if named else made_egress(settings, settings.stack_names()[0]),
        s3_list=network.s3_prefix_list_id or "",
        made={} if named else _made(reader, settings, ends, found),
    )


def _made(
    reader: Reader, settings: Settings, ends: Iterable[Endpoint], found: Mapping[str, Group]
) -> Mapping[str, tuple[str, ...]] | Unknown:
    """The groups that stacks made, by subnet; none where no endpoint's group admits a group."""
    ids = set(chain.from_iterable(each.groups for each in ends))
    admitting = chain.from_iterable(found[each].ingress for each in ids if each in found)
    if not any(rule.opens(HTTPS) and rule.peer.startswith("sg-") for rule in admitting):
        return {}
    return made_by_subnet(reader, settings)


def _repositories(reader: Reader) -> dict[str, Repository]:
    found = reader.pages(
        "sagemaker", "list_code_repositories", items="CodeRepositorySummaryList", MaxResults=PAGE
    )
    return {each["CodeRepositoryName"]: _repository(each) for each in found}


def _repository(each: Mapping[str, Any]) -> Repository:
    config = each.get("GitConfig", {})
    return Repository(config.get("RepositoryUrl", ""), has_secret="SecretArn" in config)
