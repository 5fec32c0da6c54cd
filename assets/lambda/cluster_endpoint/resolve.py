"""Decides about a cluster from EMR's answers alone: no clock, no network."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cluster_endpoint import livy, output_formats, refusals
from cluster_endpoint.answers import mapping_at, mappings_at

STARTING_STATES = frozenset({"STARTING", "BOOTSTRAPPING"})
USABLE_STATES = frozenset({"RUNNING", "WAITING"})
ENDED_STATES = frozenset({"TERMINATING", "TERMINATED", "TERMINATED_WITH_ERRORS"})
ACTIVE_STATES = STARTING_STATES | USABLE_STATES


@dataclass(frozen=True)
class Endpoint:
    """Where a cluster's Livy answers, and what it runs."""

    livy_url: str
    cluster_id: str
    release_label: str
    spark_version: str
    livy_version: str
    # The primary node's, unchecked: a URL with HTTPS goes to its name.
    address: str = field(default="", compare=False)

    def outputs(self) -> dict[str, str]:
        """The custom resource's attributes, each of its format. Raises Refusal when one is not."""
        return output_formats.checked(
            {
                "LivyUrl": self.livy_url,
                "ClusterId": self.cluster_id,
                "ReleaseLabel": self.release_label,
                "SparkVersion": self.spark_version,
                "LivyVersion": self.livy_version,
            }
        )


def choose_cluster(
    selector: str, found: Iterable[Mapping[str, Any]], active: Iterable[Mapping[str, Any]]
) -> str:
    """The id of the one cluster that a name or tags select.

    `found` are the active clusters that fit, `active` all that there are. Raises Refusal, with
    each candidate's id, state and creation time, when none or several fit.
    """
    # By id: a cluster that starts while EMR lists the pages moves another onto two of them.
    fitting = {str(each.get("Id")): each for each in found}
    if not fitting:
        raise refusals.no_cluster(selector, sorted({str(each.get("Name")) for each in active}))
    if len(fitting) > 1:
        candidates = [_description(fitting[cluster_id]) for cluster_id in sorted(fitting)]
        raise refusals.several_clusters(selector, candidates)
    (chosen,) = fitting
    if not output_formats.matches("ClusterId", chosen):
        raise refusals.unfit_answer("ListClusters", "Id", chosen, "a cluster's id")
    return chosen


def is_starting(cluster: Mapping[str, Any], selected_by: str) -> bool:
    """Whether to wait for the cluster. Raises Refusal when it has ended or its state is unknown.

    `selected_by` is the name or the tags in the settings; empty for an id.
    """
    state = state_of(cluster)
    if state in ENDED_STATES:
        raise refusals.cluster_ended(
            str(cluster.get("Id")), state, _state_change_reason(cluster), selected_by
        )
    if state not in ACTIVE_STATES:
        raise refusals.unknown_state(str(cluster.get("Id")), state)
    return state in STARTING_STATES


def state_of(cluster: Mapping[str, Any]) -> str:
    """The state of a cluster or an instance as EMR names it; empty when the answer has none."""
    return str(mapping_at(cluster, "Status").get("State", ""))


def is_fleet(cluster: Mapping[str, Any]) -> bool:
    """Whether the cluster's nodes are in instance fleets rather than instance groups."""
    return cluster.get("InstanceCollectionType") == "INSTANCE_FLEET"


def primary_filter(cluster: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments with which ListInstances lists running primary nodes of this kind of cluster.

    EMR refuses the filter of the other kind. Without the state it answers nodes that died up to
    30 days ago, too.
    """
    kind = (
        {"InstanceFleetType": "MASTER"} if is_fleet(cluster) else {"InstanceGroupTypes": ["MASTER"]}
    )
    return {**kind, "InstanceStates": ["RUNNING"]}


def application_versions(cluster: Mapping[str, Any]) -> dict[str, str]:
    """Versions by application, names in small letters."""
    return {
        str(app.get("Name", "")).lower(): str(app.get("Version") or "")
        for app in mappings_at(cluster, "Applications")
    }


def require_applications(cluster: Mapping[str, Any], selected_by: str) -> None:
    """Raise Refusal for a cluster without Livy or Spark; `selected_by` as in `is_starting`."""
    found = application_versions(cluster)
    for wanted in ("Livy", "Spark"):
        if wanted.lower() not in found:
            listed = mappings_at(cluster, "Applications")
            names = ", ".join(sorted(str(app.get("Name")) for app in listed)) or "none"
            raise refusals.application_missing(str(cluster.get("Id")), wanted, names, selected_by)


def primary(
    cluster: Mapping[str, Any], instances: Iterable[Mapping[str, Any]]
) -> Mapping[str, Any]:
    """The running primary node that the cluster names, or else the first by address.

    Raises Refusal when none is running. MasterPublicDnsName is the private name of a node in a
    private subnet and the public name of one in a public subnet.
    """
    listed = list(instances)
    running = [each for each in listed if state_of(each) == "RUNNING"]
    if not running:
        seen = ", ".join(f"{each.get('Ec2InstanceId')} {state_of(each)}" for each in listed)
        raise refusals.no_primary(str(cluster.get("Id")), seen or "none")
    named = output_formats.host_name(cluster.get("MasterPublicDnsName"))

    def is_another(node: Mapping[str, Any]) -> bool:
        own = (node.get("PrivateDnsName"), node.get("PublicDnsName"))
        return not named or named not in map(output_formats.host_name, own)

    # EMR's order, which varies, must change nothing.
    return min(running, key=lambda node: (is_another(node), str(node.get("PrivateIpAddress"))))


def endpoint(
    cluster: Mapping[str, Any], node: Mapping[str, Any], *, port: int, tls: bool
) -> Endpoint:
    """The endpoint on this primary node. Raises Refusal when the node lacks what its URL needs.

    HTTPS goes to the node's name, which its certificate holds; HTTP to its address, which needs
    no name server.
    """
    cluster_id = str(cluster.get("Id", ""))
    origin = f"https://{_name(cluster_id, node)}" if tls else f"http://{_address(cluster_id, node)}"
    versions = application_versions(cluster)
    return Endpoint(
        livy_url=f"{origin}:{port}",
        cluster_id=cluster_id,
        release_label=output_formats.shown("ReleaseLabel", cluster.get("ReleaseLabel")),
        spark_version=output_formats.shown("SparkVersion", versions.get("spark")),
        livy_version=output_formats.shown("LivyVersion", versions.get("livy")),
        address=str(node.get("PrivateIpAddress")),
    )


def _name(cluster_id: str, node: Mapping[str, Any]) -> str:
    given = node.get("PrivateDnsName")
    name = output_formats.host_name(given)
    if not output_formats.is_host_name(name):
        raise refusals.unfit_primary_name(cluster_id, given)
    return name


def _address(cluster_id: str, node: Mapping[str, Any]) -> str:
    address = node.get("PrivateIpAddress")
    if not output_formats.is_address(address):
        raise refusals.unfit_primary_address(cluster_id, address)
    return str(address)


def uses_https(
    cluster: Mapping[str, Any],
    conf: Mapping[str, str],
    security: Mapping[str, Any] | None,
    preferences: livy.LivyPreferences,
) -> bool:
    """Whether notebooks use HTTPS. Raises Refusal when nobody said which authority to trust."""
    if preferences.scheme in ("http", "https"):
        tls = preferences.scheme == "https"
    else:
        tls = livy.uses_tls(cluster, conf, security)
    if tls and not preferences.trust_is_given:
        raise refusals.trust_missing(str(cluster.get("Id")))
    return tls


def _description(cluster: Mapping[str, Any]) -> str:
    created = mapping_at(mapping_at(cluster, "Status"), "Timeline").get("CreationDateTime")
    when = created.strftime("%Y-%m-%d %H:%M %Z").strip() if isinstance(created, datetime) else "?"
    return f"{cluster.get('Id')} ({state_of(cluster)}, created {when})"


def _state_change_reason(cluster: Mapping[str, Any]) -> str:
    reason = mapping_at(mapping_at(cluster, "Status"), "StateChangeReason")
    said = [str(reason[part]) for part in ("Code", "Message") if reason.get(part)]
    return ": ".join(said).rstrip(".") or "EMR gives no reason"
