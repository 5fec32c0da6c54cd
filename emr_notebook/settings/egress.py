"""Lists the egress rules of the security group that is made for notebooks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from emr_notebook.settings.cluster import Cluster
from emr_notebook.settings.network import Network

HTTPS_PORT = 443


@dataclass(frozen=True)
class EgressRule:
    """A rule for one port; `peer` is a range, or the id of a security group or a prefix list.

    `setting` is the place in the settings file that asks for it.
    """

    port: int
    peer: str
    description: str
    setting: tuple[str | int, ...]
    protocol: str = "tcp"


def egress_rules(network: Network, clusters: Mapping[str, Cluster]) -> list[EgressRule]:
    """The rules by which notebooks of these clusters reach Livy, AWS and what the settings add.

    EC2 takes a rule once: here each stands once, unless `network.extra_egress` repeats one.
    """
    livy = list(_livy_rules(network, clusters))
    # A Livy on 443 that is reached in the VPC's range has the rule for the VPC's endpoints.
    taken = {(each.port, each.peer) for each in livy}
    https = [each for each in _https_rules(network) if (each.port, each.peer) not in taken]
    return [*livy, *https, *_extra_rules(network)]


def _livy_rules(network: Network, clusters: Mapping[str, Cluster]) -> Iterator[EgressRule]:
    """One for each group and port, in this order; a cluster without a group is in the VPC."""
    reached = {(each.security_group_id or "", each.port): key for key, each in clusters.items()}
    for (group, port), key in sorted(reached.items()):
        peer = group or network.vpc_cidr or ""
        yield EgressRule(port, peer, "Livy on the primary node", ("clusters", key))


def _https_rules(network: Network) -> Iterator[EgressRule]:
    if network.vpc_cidr is not None:
        setting = ("network", "vpc_cidr")
        yield EgressRule(HTTPS_PORT, network.vpc_cidr, "VPC endpoints", setting)
    if network.s3_prefix_list_id is not None:
        setting = ("network", "s3_prefix_list_id")
        yield EgressRule(HTTPS_PORT, network.s3_prefix_list_id, "S3", setting)


def _extra_rules(network: Network) -> Iterator[EgressRule]:
    for number, each in enumerate(network.extra_egress):
        peer = each.cidr or each.security_group_id or each.prefix_list_id or ""
        setting = ("network", "extra_egress", number)
        yield EgressRule(each.port, peer, each.because, setting, each.protocol)
