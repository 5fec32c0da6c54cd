"""What is wrong between the network, the clusters and the stacks, each of which is right."""

from collections.abc import Iterator
from typing import Any

from emr_notebook.settings import Settings
from emr_notebook.settings_network import ExtraEgress

# (path in the file, what was given, what is accepted)
Mistake = tuple[tuple[str | int, ...], Any, str]


def network_mistakes(settings: Settings) -> list[Mistake]:
    """Every contradiction in who reaches what."""
    return [
        *_unreachable_livy(settings),
        *_rules(settings),
        *_security_groups(settings),
        *_egress(settings),
    ]


def _unreachable_livy(settings: Settings) -> Iterator[Mistake]:
    if settings.network.security_group_ids is not None or settings.network.vpc_cidr is not None:
        return
    accepted = (
        "the primary's security group, unless network.vpc_cidr or network.security_group_ids "
        "is given: without one of them no rule lets the notebooks reach Livy"
    )
    for key, cluster in settings.clusters.items():
        if cluster.security_group_id is None:
            yield ("clusters", key, "security_group_id"), None, accepted


def _rules(settings: Settings) -> Iterator[Mistake]:
    """EC2 takes a rule once: two resources for it would fail the deploy."""
    seen: dict[tuple[str, int], str] = {}
    made_in: dict[tuple[str, int], str] = {}
    for key, cluster in settings.clusters.items():
        if cluster.security_group_id is None or cluster.ingress is None:
            continue
        rule, where = (cluster.security_group_id, cluster.port), ("clusters", key, "ingress")
        first = seen.setdefault(rule, key)
        if (ingress := settings.clusters[first].ingress) != cluster.ingress:
            accepted = f"{ingress}, as clusters.{first} says of the same group and port"
            yield where, cluster.ingress, accepted
        if cluster.ingress == "create" and settings.network.security_group_ids is not None:
            stacks = settings.stacks_of_cluster(key)
            others = {made_in.setdefault(rule, stack) for stack in stacks} | set(stacks)
            if len(others) > 1:
                accepted = f"external: {' and '.join(sorted(others))} would each make the same rule"
                yield where, "create", accepted


def _security_groups(settings: Settings) -> Iterator[Mistake]:
    groups = settings.network.security_group_ids or ()
    for number, group in enumerate(groups):
        if groups.index(group) < number:
            yield ("network", "security_group_ids", number), group, "each group once"


def _egress(settings: Settings) -> Iterator[Mistake]:
    network = settings.network
    if network.extra_egress and network.security_group_ids is not None:
        accepted = "none beside network.security_group_ids: groups of your own are not changed"
        yield ("network", "extra_egress"), [_given(each) for each in network.extra_egress], accepted
    made = dict(_made_rules(settings))
    for number, rule in enumerate(network.extra_egress):
        to = rule.security_group_id or rule.prefix_list_id or rule.cidr or ""
        this = f"network.extra_egress.{number}"
        if (other := made.setdefault((rule.protocol, rule.port, to), this)) != this:
            accepted = f"each rule once: {other} has this one"
            yield ("network", "extra_egress", number), _given(rule), accepted


def _made_rules(settings: Settings) -> Iterator[tuple[tuple[str, int, str], str]]:
    """What the made security group allows without extra_egress, and because of what."""
    network = settings.network
    if network.vpc_cidr is not None:
        yield ("tcp", 443, network.vpc_cidr), "network.vpc_cidr"
    if network.s3_prefix_list_id is not None:
        yield ("tcp", 443, network.s3_prefix_list_id), "network.s3_prefix_list_id"
    for key, cluster in settings.clusters.items():
        to = cluster.security_group_id or network.vpc_cidr or ""
        yield ("tcp", cluster.port, to), f"clusters.{key}"


def _given(rule: ExtraEgress) -> dict[str, Any]:
    return rule.model_dump(exclude_defaults=True)
