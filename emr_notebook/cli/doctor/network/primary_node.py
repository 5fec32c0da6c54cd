"""Reads from EMR which network a cluster's primary is in, and its Livy's port."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from cluster_endpoint import livy, resolve
from emr_notebook.cli.aws.live_endpoint import live_endpoint
from emr_notebook.cli.aws.reader import Reader
from emr_notebook.cli.doctor.clusters import AWS_FAILED
from emr_notebook.cli.doctor.report import Unknown, attempt, none_if_missing
from emr_notebook.settings.model import Settings
from refusal import Refusal

# DescribeCluster's code for an id that EMR does not know.
UNKNOWN_ID = "InvalidRequestException"
# By whether the cluster has fleets: boto3's method, and the items in its answer.
LISTS = {
    False: ("list_instance_groups", "InstanceGroups"),
    True: ("list_instance_fleets", "InstanceFleets"),
}


@dataclass(frozen=True)
class Primary:
    """A cluster's primary in the network: its security groups, EMR's own first, and its subnet.

    `port` is the one that its Livy listens on, as the configurations say that the resolver reads,
    or else the settings.
    """

    groups: tuple[str, ...]
    subnet_id: str
    port: int


def find_primary(reader: Reader, settings: Settings, key: str) -> Primary | Unknown | None:
    """The primary of the cluster with this key; None where the line of the cluster has failed.

    It is that of a cluster that is starting or cannot be used, too. One call for a cluster that
    is given by its id, what the resolver needs to find another; one more for its groups'
    configurations, two for those of fleets.
    """
    found = _described_cluster(reader, settings, key)
    if found is None or isinstance(found, Unknown):
        return found
    own = settings.clusters[key]

    def read() -> Primary | Unknown:
        conf = _livy_conf(reader, found, grouped=own.group_configurations)
        return _primary(found, conf, own.port)

    return attempt(read)


def _described_cluster(
    reader: Reader, settings: Settings, key: str
) -> Mapping[str, Any] | Unknown | None:
    cluster_id = settings.clusters[key].id
    if cluster_id is None:
        return _looked_up(reader, settings, key)
    return none_if_missing(
        UNKNOWN_ID,
        lambda: _cluster_in(reader.ask("emr", "describe_cluster", ClusterId=cluster_id)),
    )


def _looked_up(reader: Reader, settings: Settings, key: str) -> Mapping[str, Any] | Unknown | None:
    """What the look-up has read of the cluster, even where it refuses it after that."""
    described: list[Mapping[str, Any]] = []

    def call(service: str, method: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        answer = reader.call(service, method, arguments)
        if method == "describe_cluster":
            described.append(_cluster_in(answer))
        return answer

    live = live_endpoint(replace(reader, call=call), settings, key)
    if described:
        return described[-1]
    if live.denied:
        return Unknown(f"these credentials may not {live.denied}")
    return Unknown(live.refusal) if live.code in AWS_FAILED else None


def _cluster_in(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    cluster: Mapping[str, Any] = answer["Cluster"]
    return cluster


def _livy_conf(reader: Reader, cluster: Mapping[str, Any], *, grouped: bool) -> dict[str, str]:
    """As the resolver reads it: what is set for the primary's own group or fleet comes last."""
    conf = livy.livy_conf(cluster.get("Configurations"))
    if grouped:
        method, items = LISTS[resolve.is_fleet(cluster)]
        marker = ("Marker", "Marker")
        own = reader.pages("emr", method, items=items, token=marker, ClusterId=cluster["Id"])
        node = _primary_instance(reader, cluster) if resolve.is_fleet(cluster) else {}
        conf |= livy.livy_conf(livy.configurations_of_primary(own, node))
    return conf


def _primary_instance(reader: Reader, cluster: Mapping[str, Any]) -> Mapping[str, Any]:
    """The running primary, whose type decides about a fleet's configurations; empty for none."""
    wanted = {"ClusterId": cluster["Id"], **resolve.primary_filter(cluster)}
    marker = ("Marker", "Marker")
    listed = reader.pages("emr", "list_instances", items="Instances", token=marker, **wanted)
    try:
        return resolve.primary(cluster, listed)
    except Refusal:
        # The line of the cluster says that.
        return {}


def _primary(
    cluster: Mapping[str, Any], conf: Mapping[str, str], default_port: int
) -> Primary | Unknown:
    attributes = cluster.get("Ec2InstanceAttributes", {})
    own = attributes.get("EmrManagedMasterSecurityGroup", "")
    groups = [own, *attributes.get("AdditionalMasterSecurityGroups", [])]
    known = tuple(each for each in groups if each)
    if not known:
        return Unknown(f"EMR names no security group of {cluster.get('Id')}'s primary")
    try:
        port = livy.port(conf, str(cluster.get("Id")), livy.LivyPreferences(port=default_port))
    except Refusal:
        # The line of the cluster says that.
        port = default_port
    return Primary(known, attributes.get("Ec2SubnetId", ""), port)
