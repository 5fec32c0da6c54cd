"""Adds to ministack's EMR the operations that it lacks, and checks every call."""

import json
import time
from datetime import datetime
from typing import Any

from sandbox.aws.answers import Handler, Refused, request_handler
from sandbox.aws.emr.instances import list_instances, page, refuse_wrong_collection
from sandbox.aws.emr.store import EmrStore
from sandbox.aws.emulator import ministack

CLUSTERS_PER_PAGE = 50
# Parts of ministack's own record of a cluster that EMR's DescribeCluster does not have.
_INTERNAL = ("BootstrapActions", "InstanceFleets", "InstanceGroups")


class EmrService:
    """The operations that are the sandbox's; the others are ministack's."""

    def __init__(self, store: EmrStore, instances_per_page: int) -> None:
        self._store = store
        self._instances_per_page = instances_per_page
        self.handlers: dict[str, Handler] = {
            "DescribeCluster": self.describe_cluster,
            "DescribeSecurityConfiguration": self.describe_security_configuration,
            "ListClusters": self.list_clusters,
            "ListInstances": self.list_instances,
            "ListInstanceFleets": lambda r: self._list_collections(r, groups=False),
            "ListInstanceGroups": lambda r: self._list_collections(r, groups=True),
        }

    def describe_cluster(self, request: dict[str, Any]) -> dict[str, Any]:
        """DescribeCluster."""
        cluster = _cluster(request)
        return {"Cluster": _shown({n: v for n, v in cluster.items() if n not in _INTERNAL})}

    def list_instances(self, request: dict[str, Any]) -> dict[str, Any]:
        """ListInstances."""
        cluster = _cluster(request)
        return list_instances(
            request,
            cluster,
            self._store.instances.get(cluster["Id"], []),
            self._store.collection_roles(cluster),
            self._instances_per_page,
        )

    def list_clusters(self, request: dict[str, Any]) -> dict[str, Any]:
        """ListClusters: newest first, 50 a page."""
        found = sorted(ministack("services.emr")._clusters.values(), key=_created, reverse=True)
        states = request.get("ClusterStates")
        after, before = request.get("CreatedAfter"), request.get("CreatedBefore")
        members = ("Id", "Name", "Status", "NormalizedInstanceHours", "ClusterArn")
        summaries = [
            _shown({member: cluster[member] for member in members})
            for cluster in found
            if (not states or cluster["Status"]["State"] in states)
            and (after is None or _created(cluster) > _epoch(after))
            and (before is None or _created(cluster) < _epoch(before))
        ]
        return page("Clusters", summaries, request.get("Marker"), CLUSTERS_PER_PAGE)

    def describe_security_configuration(self, request: dict[str, Any]) -> dict[str, Any]:
        """DescribeSecurityConfiguration."""
        name = request["Name"]
        document = self._store.security_configurations.get(name)
        if document is None:
            raise Refused(
                "InvalidRequestException",
                f"Security configuration with name '{name}' does not exist.",
            )
        return {"Name": name, "SecurityConfiguration": json.dumps(document)}

    def all_tags(self) -> list[tuple[str, list[dict[str, str]]]]:
        """Every cluster and its tags, as the tagging API lists them: new ones come late."""
        clusters = ministack("services.emr")._clusters.values()
        indexed, now = self._store.indexed, time.time()
        return [
            (cluster["ClusterArn"], cluster["Tags"])
            for cluster in clusters
            if indexed.get(cluster["Id"], 0) <= now
        ]

    def _list_collections(self, request: dict[str, Any], *, groups: bool) -> dict[str, Any]:
        cluster = _cluster(request)
        member = "InstanceGroups" if groups else "InstanceFleets"
        refuse_wrong_collection(f"List{member}", cluster, groups=groups)
        kind = "InstanceGroupType" if groups else "InstanceFleetType"
        listed = {c["Id"]: c for c in cluster.get(member, [])}
        roles = self._store.collection_roles(cluster)
        answers = [listed.get(i, {"Id": i, kind: role}) for i, role in roles.items()]
        return page(member, answers, request.get("Marker"), self._instances_per_page)


def install(service: EmrService) -> None:
    """Put the service in the place of ministack's."""

    def find(operation: str) -> Handler | None:
        return service.handlers.get(operation) or _ministacks(operation)

    ministack("app").SERVICE_HANDLERS["elasticmapreduce"] = request_handler("emr", find)


def _ministacks(operation: str) -> Handler | None:
    """Ministack's handler of an operation, with its refusals as refusals; None when it has none."""
    handler = ministack("services.emr")._HANDLERS.get(operation)
    if handler is None:
        return None

    def call(parameters: dict[str, Any]) -> dict[str, Any]:
        status, _, body = handler(parameters)
        answer: dict[str, Any] = json.loads(body or b"{}")
        if status >= 400:
            raise Refused(answer["__type"], answer.get("message", ""))
        return answer

    return call


def _cluster(request: dict[str, Any]) -> dict[str, Any]:
    cluster_id = request.get("ClusterId")
    cluster: dict[str, Any] | None = ministack("services.emr")._clusters.get(cluster_id)
    if cluster is None:
        raise Refused("InvalidRequestException", f"Cluster id '{cluster_id}' is not valid.")
    return cluster


def _shown(cluster: dict[str, Any]) -> dict[str, Any]:
    """Without the empty reason that ministack gives a cluster whose state needs none."""
    status = cluster["Status"]
    reason = {name: text for name, text in status["StateChangeReason"].items() if text}
    return cluster | {"Status": status | {"StateChangeReason": reason}}


def _created(cluster: dict[str, Any]) -> float:
    return _epoch(cluster["Status"]["Timeline"]["CreationDateTime"])


def _epoch(moment: float | str) -> float:
    """Seconds since 1970 of either form a timestamp has here."""
    return datetime.fromisoformat(moment).timestamp() if isinstance(moment, str) else moment
