"""Checks the security groups of notebooks and primaries, and who admits whom to Livy."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain

from emr_notebook.cli.aws.reader import Reader
from emr_notebook.cli.doctor.network.ec2 import Group, Subnet, groups, subnets
from emr_notebook.cli.doctor.network.ec2_commands import Ec2Commands
from emr_notebook.cli.doctor.network.livy import Livy, Notebooks
from emr_notebook.cli.doctor.network.livy_egress import egress_line, group_line, missing_line
from emr_notebook.cli.doctor.network.livy_ingress import rule_line
from emr_notebook.cli.doctor.network.primary_node import Primary, find_primary
from emr_notebook.cli.doctor.network.stack_groups import (
    StackGroups,
    expected_egress_rules,
    stack_groups,
)
from emr_notebook.cli.doctor.report import Line, Unknown, attempt, failed, not_checked, ok
from emr_notebook.cli.next_commands import Commands
from emr_notebook.constructs.resolver_request import opened_port
from emr_notebook.settings.model import Settings


@dataclass(frozen=True)
class NetworkState:
    """What AWS says: the primaries by their clusters' keys, and the rest by its ids."""

    primaries: Mapping[str, Primary | Unknown | None]
    stacks: Mapping[str, StackGroups | Unknown]
    groups: Mapping[str, Group] | Unknown
    subnets: Mapping[str, Subnet] | Unknown


def check(reader: Reader, settings: Settings, commands: Commands) -> list[Line]:
    """The lines of the groups that the settings name, and of each cluster's Livy.

    A call for each cluster (more for one by its name or tags: it is looked up first), one for
    each stack, one for 200 security groups, one for 200 subnets.
    """
    state = read_network_state(reader, settings)
    lines = [notebook_group_line(settings, each, state.groups) for each in own_group_ids(settings)]
    for key in settings.clusters:
        lines += cluster_lines(settings, key, state, Ec2Commands(commands.region))
    return lines


def notebook_group_line(
    settings: Settings, group_id: str, found: Mapping[str, Group] | Unknown
) -> Line:
    """Whether a group of the notebooks' own exists where they do."""
    subject, vpc_id = f"security group {group_id}", settings.network.vpc_id
    if isinstance(found, Unknown):
        return not_checked(subject, found)
    group = found.get(group_id)
    advice = f"correct network.security_group_ids: groups of {vpc_id}"
    if group is None:
        return failed(subject, "this account has no such group in the region", advice=advice)
    if group.vpc_id != vpc_id:
        return failed(subject, f"it is in {group.vpc_id}, not in {vpc_id}", advice=advice)
    return ok(subject)


def cluster_lines(
    settings: Settings, key: str, state: NetworkState, commands: Ec2Commands
) -> list[Line]:
    """The lines of one cluster; none of what depends on a cluster that is not found."""
    cluster, primary, found = settings.clusters[key], state.primaries[key], state.groups
    named, group = cluster.security_group_id, f"security group of {key}"
    rule, way = f"Livy rule of {key}", f"way to Livy of {key}"
    if primary is None:
        # The cluster's own line has failed: of the rest, only what fails without a cluster, too.
        gone = named and isinstance(found, Mapping) and named not in found
        return [missing_line(key, named)] if named and gone else []
    if named is None and isinstance(primary, Unknown):
        return [not_checked(rule, primary)]
    if isinstance(found, Unknown):
        return [not_checked(each, found) for each in ([group] if named else []) + [rule, way]]
    lines = [group_line(key, named, found.get(named), primary)] if named else []
    notebooks = _notebooks(settings, key, state, found)
    if notebooks is None or (named and named not in found):
        return lines
    if isinstance(primary, Unknown) and opened_port(settings.network, cluster) is None:
        # The port that Livy listens on is the cluster's own then.
        return lines + [not_checked(each, primary) for each in (rule, way)]
    livy = _livy(settings, key, state)
    if not livy.groups:
        return lines
    return [*lines, rule_line(livy, notebooks, commands), egress_line(livy, notebooks, commands)]


def _livy(settings: Settings, key: str, state: NetworkState) -> Livy:
    cluster, primary = settings.clusters[key], state.primaries[key]
    known = primary if isinstance(primary, Primary) else None
    ids, named = known.groups if known else (), cluster.security_group_id
    if named is not None:
        # Rules are made in it. What it is wrongly named for is told once, in a line of its own.
        ids = (named, *(each for each in ids if each != named))
    found = state.groups if isinstance(state.groups, Mapping) else {}
    groups = tuple(found[each] for each in ids if each in found)
    port = opened_port(settings.network, cluster) or (known.port if known else cluster.port)
    return Livy(key, cluster, port, groups, _place(primary, state))


def _place(primary: Primary | Unknown | None, state: NetworkState) -> Subnet | Unknown | None:
    if not isinstance(primary, Primary):
        return primary
    places = state.subnets
    return places if isinstance(places, Unknown) else places.get(primary.subnet_id)


def _notebooks(
    settings: Settings, key: str, state: NetworkState, found: Mapping[str, Group]
) -> Notebooks | None:
    """None when none of their own groups is in the VPC: the lines of these say it."""
    vpc_id = settings.network.vpc_id
    named = [found[each] for each in own_group_ids(settings) if each in found]
    own = [each for each in named if each.vpc_id == vpc_id]
    if own_group_ids(settings) and not own:
        return None
    stacks, places = settings.stacks_of_cluster(key), state.subnets
    expected = [expected_egress_rules(settings, each) for each in stacks]
    rules = [each.egress for each in own] or expected
    ids = subnet_ids(settings, key)
    return Notebooks(
        vpc_id,
        tuple(each.group_id for each in own),
        places
        if isinstance(places, Unknown)
        else tuple(places[each] for each in ids if each in places),
        {each: state.stacks[each] for each in stacks if each in state.stacks},
        tuple(chain.from_iterable(rules)),
    )


def read_network_state(reader: Reader, settings: Settings) -> NetworkState:
    """A call a cluster, more for one by its name or tags; the rest is one call for 200."""
    keys = list(settings.clusters)
    answers = reader.map_concurrently(lambda key: find_primary(reader, settings, key), keys)
    primaries = dict(zip(keys, answers, strict=True))
    known = [each for each in primaries.values() if isinstance(each, Primary)]
    named = [each.security_group_id for each in settings.clusters.values()]
    wanted = {each for each in named if each is not None}.union(
        own_group_ids(settings), chain.from_iterable(each.groups for each in known)
    )
    places = {each.subnet_id for each in known if each.subnet_id}.union(subnet_ids(settings))
    stacks = settings.stack_names() if _stacks_matter(settings) else []
    made = reader.map_concurrently(lambda each: stack_groups(reader, each), stacks)
    return NetworkState(
        primaries,
        dict(zip(stacks, made, strict=True)),
        attempt(lambda: groups(reader, wanted)),
        attempt(lambda: subnets(reader, places)),
    )


def _stacks_matter(settings: Settings) -> bool:
    """Whether anything depends on what the stacks have made."""
    clusters = settings.clusters.values()
    return not own_group_ids(settings) or any(each.ingress == "create" for each in clusters)


def own_group_ids(settings: Settings) -> tuple[str, ...]:
    """The notebooks' own security groups; none where each stack makes one."""
    return settings.network.security_group_ids or ()


def subnet_ids(settings: Settings, key: str | None = None) -> list[str]:
    """The subnets of a cluster's notebooks, or of all; the network's own where there is none."""
    notebooks = settings.resolved_notebooks
    used = [each.subnet_id for each in notebooks if key is None or each.cluster == key]
    return list(dict.fromkeys(used)) or [settings.network.subnet_id]
