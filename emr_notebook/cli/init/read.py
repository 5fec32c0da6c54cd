"""Reads from AWS what a stage's settings say of a cluster and its network."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from cluster_endpoint.resolve import ACTIVE_STATES, ENDED_STATES
from emr_notebook.cli.aws.live_endpoint import LiveEndpoint, live_endpoint
from emr_notebook.cli.aws.reader import CommandError, Reader, Refused
from emr_notebook.cli.doctor.network.ec2 import Group, Subnet, Vpc, groups, subnets, vpcs
from emr_notebook.cli.doctor.network.ec2_routes import (
    Endpoint,
    RouteTable,
    endpoints,
    route_tables,
    s3_lists,
    subnets_in,
)
from emr_notebook.cli.doctor.network.primary_node import UNKNOWN_ID, Primary, find_primary
from emr_notebook.cli.doctor.report import Unknown, attempt
from emr_notebook.settings.file import parse
from emr_notebook.settings.model import Settings

# A cluster that is made anew each month counts as one that recurs.
NAMESAKES_DAYS = 31
# 50 a call.
MOST_CLUSTERS = 1_000
KEY = "cluster"


@dataclass(frozen=True)
class Network:
    """A VPC: each part is what EC2 says, or why it does not."""

    vpc_id: str
    vpc: Vpc | Unknown
    subnets: Mapping[str, Subnet] | Unknown
    tables: Sequence[RouteTable] | Unknown
    endpoints: Sequence[Endpoint] | Unknown


@dataclass(frozen=True)
class Facts:
    """What AWS says of the caller, a cluster and its network; Unknown is what it does not say.

    `namesakes` is how many other clusters had the cluster's name in NAMESAKES_DAYS days. `live` is
    what the resolver finds of the cluster, `primary` its primary in the network, None for a
    cluster without one. `cluster_subnets` are those that the cluster is, or may come to be, in.
    """

    account: str
    caller: str
    region: str
    cluster: Mapping[str, Any]
    namesakes: int | Unknown
    live: LiveEndpoint
    primary: Primary | Unknown | None
    group: Group | Unknown | None
    cluster_subnets: tuple[str, ...]
    network: Network | Unknown
    s3_lists: Mapping[str, str] | Unknown

    @property
    def cluster_id(self) -> str:
        """The cluster's id."""
        return str(self.cluster["Id"])


def read_facts(reader: Reader, cluster_id: str, now: datetime) -> Facts:
    """All that a settings file is made of: some fifteen calls, more for lists of several pages.

    Raises CommandError for a cluster that EMR does not know, Denied where it may not be described.
    """
    caller = reader.ask("sts", "get_caller_identity")
    cluster = _described(reader, cluster_id, caller["Account"])
    probe = _probe(cluster_id, caller["Account"], reader.region)
    attributes = cluster.get("Ec2InstanceAttributes", {})
    group_id = str(attributes.get("EmrManagedMasterSecurityGroup", ""))
    group = attempt(lambda: groups(reader, [group_id]).get(group_id)) if group_id else None
    own = attributes.get("Ec2SubnetId")
    in_subnets = (own,) if own else tuple(attributes.get("RequestedEc2SubnetIds", []))
    return Facts(
        account=caller["Account"],
        caller=caller["Arn"],
        region=reader.region,
        cluster=cluster,
        namesakes=attempt(lambda: _namesakes(reader, cluster, now)),
        live=live_endpoint(reader, probe, KEY),
        primary=find_primary(reader, probe, KEY),
        group=group,
        cluster_subnets=in_subnets,
        network=_network(reader, in_subnets, group),
        s3_lists=attempt(lambda: s3_lists(reader)),
    )


def _described(reader: Reader, cluster_id: str, account: str) -> Mapping[str, Any]:
    try:
        found: Mapping[str, Any] = reader.ask("emr", "describe_cluster", ClusterId=cluster_id)[
            "Cluster"
        ]
    except Refused as refused:
        if refused.code != UNKNOWN_ID:
            raise
        raise CommandError(
            f"EMR has no cluster {cluster_id} for account {account} in {reader.region}. Next: look "
            f"for its id: aws emr list-clusters --active --region {reader.region}; or give another "
            "--region, or another profile (AWS_PROFILE)"
        ) from None
    return found


def _probe(cluster_id: str, account: str, region: str) -> Settings:
    """Settings by which doctor's functions look the cluster up, in a network that plays no part.

    Trust is given: whether Livy uses TLS is to be known, and whom to trust only people know.
    """
    network = {"vpc_id": "vpc-00000000", "subnet_id": "subnet-00000000", "vpc_cidr": "10.0.0.0/8"}
    cluster = {"id": cluster_id, "scheme": "detect", "tls": {"verify": "system"}}
    return parse(
        {
            "account": account,
            "region": region,
            "stack_name": "probe",
            # A group of their own: no port is taken for the one that rules open.
            "network": {**network, "security_group_ids": ["sg-00000000"]},
            "clusters": {KEY: cluster},
        }
    )


def _namesakes(reader: Reader, cluster: Mapping[str, Any], now: datetime) -> int:
    since = (now - timedelta(days=NAMESAKES_DAYS)).isoformat()
    listed = reader.pages(
        "emr",
        "list_clusters",
        items="Clusters",
        token=("Marker", "Marker"),
        CreatedAfter=since,
        ClusterStates=sorted(ACTIVE_STATES | ENDED_STATES),
    )
    name, own = cluster.get("Name"), cluster["Id"]
    named = {x["Id"] for x in islice(listed, MOST_CLUSTERS) if x.get("Name") == name}
    return len(named - {own})


def _network(
    reader: Reader, in_subnets: Sequence[str], group: Group | Unknown | None
) -> Network | Unknown:
    vpc_id = attempt(lambda: _vpc_of(reader, in_subnets))
    if (isinstance(vpc_id, Unknown) or not vpc_id) and isinstance(group, Group) and group.vpc_id:
        vpc_id = group.vpc_id
    if isinstance(vpc_id, Unknown):
        return vpc_id
    if not vpc_id:
        return Unknown("EMR and EC2 name no subnet of the cluster's that this account has")

    return Network(
        vpc_id,
        _found(attempt(lambda: vpcs(reader, [vpc_id]).get(vpc_id))),
        attempt(lambda: subnets_in(reader, vpc_id)),
        attempt(lambda: route_tables(reader, vpc_id)),
        attempt(lambda: endpoints(reader, vpc_id)),
    )


def _found(vpc: Vpc | Unknown | None) -> Vpc | Unknown:
    return Unknown("EC2 does not show it to this account") if vpc is None else vpc


def _vpc_of(reader: Reader, in_subnets: Sequence[str]) -> str:
    found = subnets(reader, in_subnets)
    return next((found[each].vpc_id for each in in_subnets if each in found), "")
