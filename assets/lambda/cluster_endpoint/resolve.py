"""Decisions about a cluster, from EMR's answers alone: no clock, no network."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cluster_endpoint import refusals

DEFAULT_LIVY_PORT = 8998

STARTING_STATES = frozenset({"STARTING", "BOOTSTRAPPING"})
USABLE_STATES = frozenset({"RUNNING", "WAITING"})
ENDED_STATES = frozenset({"TERMINATING", "TERMINATED", "TERMINATED_WITH_ERRORS"})

_OCTET = r"(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_IPV4 = rf"{_OCTET}(\.{_OCTET}){{3}}"
_DNS = r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+"
_VERSION = r"[0-9A-Za-z][0-9A-Za-z.+_-]{0,63}"

# What may reach a notebook's start script. Each form holds no character that a shell reads.
FORMS: Mapping[str, str] = {
    "LivyUrl": rf"https?://({_IPV4}|[a-z0-9.-]{{1,253}}):\d{{1,5}}",
    "PrimaryIp": _IPV4,
    "PrimaryDns": _DNS,
    "ClusterId": r"j-[A-Z0-9]{4,20}",
    "ReleaseLabel": r"emr-[0-9][0-9a-z.-]{0,30}",
    "SparkVersion": _VERSION,
    "LivyVersion": _VERSION,
}


@dataclass(frozen=True)
class Endpoint:
    """Where a cluster's Livy answers, and what it runs."""

    livy_url: str
    primary_ip: str
    primary_dns: str
    cluster_id: str
    release_label: str
    spark_version: str
    livy_version: str

    def outputs(self) -> dict[str, str]:
        """The custom resource's attributes, each checked against its form in FORMS.

        Raises Refusal when one does not fit.
        """
        named = {
            "LivyUrl": self.livy_url,
            "PrimaryIp": self.primary_ip,
            "PrimaryDns": self.primary_dns,
            "ClusterId": self.cluster_id,
            "ReleaseLabel": self.release_label,
            "SparkVersion": self.spark_version,
            "LivyVersion": self.livy_version,
        }
        for name, value in named.items():
            if not isinstance(value, str) or not re.fullmatch(FORMS[name], value):
                raise refusals.unfit_answer(name, value)
        return named


def is_starting(cluster: Mapping[str, Any]) -> bool:
    """Whether to wait for the cluster. Raises Refusal when it has ended or its state is unknown."""
    state = state_of(cluster)
    if state in ENDED_STATES:
        raise refusals.cluster_ended(str(cluster.get("Id")), state, _state_change_reason(cluster))
    if state not in STARTING_STATES | USABLE_STATES:
        raise refusals.unknown_state(str(cluster.get("Id")), state)
    return state in STARTING_STATES


def state_of(cluster: Mapping[str, Any]) -> str:
    """The cluster's state as EMR's API names it; empty when the answer has none."""
    return str(_mapping(cluster, "Status").get("State", ""))


def primary_filter(cluster: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments with which ListInstances lists primary nodes of this kind of cluster.

    EMR refuses the filter of the other kind.
    """
    if cluster.get("InstanceCollectionType") == "INSTANCE_FLEET":
        return {"InstanceFleetType": "MASTER", "InstanceStates": ["RUNNING"]}
    return {"InstanceGroupTypes": ["MASTER"], "InstanceStates": ["RUNNING"]}


def endpoint(cluster: Mapping[str, Any], instances: Iterable[Mapping[str, Any]]) -> Endpoint:
    """The Livy endpoint of a usable cluster with these primary nodes. Raises Refusal."""
    cluster_id = str(cluster.get("Id", ""))
    versions = application_versions(cluster)
    primary = _primary(cluster_id, list(instances), str(cluster.get("MasterPublicDnsName", "")))
    address = str(primary.get("PrivateIpAddress", ""))
    return Endpoint(
        livy_url=f"http://{address}:{DEFAULT_LIVY_PORT}",
        primary_ip=address,
        primary_dns=str(primary.get("PrivateDnsName", "")),
        cluster_id=cluster_id,
        release_label=str(cluster.get("ReleaseLabel", "")),
        spark_version=versions["spark"],
        livy_version=versions["livy"],
    )


def application_versions(cluster: Mapping[str, Any]) -> dict[str, str]:
    """Versions by application, names in small letters. Raises Refusal without Livy or Spark."""
    applications = [app for app in cluster.get("Applications") or [] if isinstance(app, Mapping)]
    versions = {
        str(app.get("Name", "")).lower(): str(app.get("Version", "")) for app in applications
    }
    for wanted in ("Livy", "Spark"):
        if wanted.lower() not in versions:
            found = ", ".join(sorted(str(app.get("Name")) for app in applications)) or "none"
            raise refusals.application_missing(str(cluster.get("Id")), wanted, found)
    return versions


def _primary(
    cluster_id: str, instances: list[Mapping[str, Any]], primary_dns: str
) -> Mapping[str, Any]:
    """The running primary that the cluster names; with one only, that one."""
    running = [each for each in instances if state_of(each) == "RUNNING"]
    if not running:
        seen = ", ".join(f"{each.get('Ec2InstanceId')} {state_of(each)}" for each in instances)
        raise refusals.no_primary(cluster_id, seen or "none")
    # MasterPublicDnsName is the private name in a private subnet, the public one in a public.
    named = [
        each
        for each in running
        if primary_dns and primary_dns in (each.get("PrivateDnsName"), each.get("PublicDnsName"))
    ]
    return (named or running)[0]


def _state_change_reason(cluster: Mapping[str, Any]) -> str:
    reason = _mapping(_mapping(cluster, "Status"), "StateChangeReason")
    said = [str(reason[part]) for part in ("Code", "Message") if reason.get(part)]
    return ": ".join(said).rstrip(".") or "EMR gives no reason"


def _mapping(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    inner = value.get(key)
    return inner if isinstance(inner, Mapping) else {}
