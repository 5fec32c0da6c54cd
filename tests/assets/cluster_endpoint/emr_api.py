"""EMR, the tagging API and CloudFormation, as far as the resolver asks them.

They page every list, and refuse the other kind's filter as EMR does.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.assets.cluster_endpoint.emr_records import (
    CLUSTER_ID,
    CREATED,
    STACK_ID,
    cluster,
    cluster_arn,
    instance,
    refused,
)

Fields = dict[str, Any]


@dataclass
class Api:
    """What AWS holds. `later` lists changes of clusters: after how many seconds, whose, which."""

    clusters: list[Fields] = field(default_factory=lambda: [cluster()])
    # By cluster; the role of a node is its InstanceGroupId, or InstanceFleetId.
    instances: dict[str, list[Fields]] = field(default_factory=lambda: {CLUSTER_ID: [instance()]})
    groups: dict[str, list[Fields]] = field(default_factory=dict)
    security: dict[str, str] = field(default_factory=dict)
    stack: Fields = field(default_factory=lambda: {"StackStatus": "UPDATE_IN_PROGRESS"})
    later: list[tuple[float, str, Fields]] = field(default_factory=list)
    # From when on the tag index knows a cluster; it always does unless it stands here.
    indexed: dict[str, float] = field(default_factory=dict)
    page_size: int = 50
    _spent: float = 0.0

    def answer_to(self, operation: str, request: Fields, spent: float) -> Fields:
        """The answer, so many seconds after the beginning. Raises ClientError as boto3 does."""
        self._spent = spent
        if operation == "DescribeCluster":
            return {"Cluster": dict(self._find(request["ClusterId"]))}
        if operation == "DescribeSecurityConfiguration":
            return self._security(request["Name"])
        if operation == "DescribeStacks":
            stack = {"StackName": "emr-notebooks", "CreationTime": CREATED, **self.stack}
            return {"Stacks": [stack] if request["StackName"] == STACK_ID else []}
        if operation == "GetResources":
            listed = self._page("ResourceTagMappingList", self._tagged(request), request)
            # The tagging API's last page has an empty token rather than none.
            return {"PaginationToken": listed.pop("Marker", ""), **listed}
        if operation == "ListClusters":
            return self._page("Clusters", self._listed(request), request)
        if operation == "ListInstances":
            return self._page("Instances", self._nodes(request), request)
        return self._collections(operation.removeprefix("List"), request)

    def _now(self) -> list[Fields]:
        found = []
        for each in self.clusters:
            own = [
                change
                for after, cluster_id, change in self.later
                if cluster_id == each["Id"] and after <= self._spent
            ]
            found.append({name: value for part in (each, *own) for name, value in part.items()})
        return found

    def _find(self, cluster_id: str) -> Fields:
        for found in self._now():
            if found["Id"] == cluster_id:
                return found
        raise refused("InvalidRequestException", f"Cluster id '{cluster_id}' is not valid.")

    def _listed(self, request: Fields) -> list[Fields]:
        return [
            {name: each[name] for name in ("Id", "Name", "Status")}
            for each in self._now()
            if each["Status"]["State"] in request["ClusterStates"]
        ]

    def _nodes(self, request: Fields) -> list[Fields]:
        fleets = self._find(request["ClusterId"]).get("InstanceCollectionType") == "INSTANCE_FLEET"
        roles = list(request.get("InstanceGroupTypes", []))
        if (fleets and roles) or (not fleets and "InstanceFleetType" in request):
            raise _mutually_exclusive("ListInstances", fleets=fleets)
        roles += [request["InstanceFleetType"]] if "InstanceFleetType" in request else []
        states = request.get("InstanceStates")
        return [
            each
            for each in self.instances.get(request["ClusterId"], [])
            if (not roles or (each.get("InstanceGroupId") or each["InstanceFleetId"]) in roles)
            and (not states or each["Status"]["State"] in states)
        ]

    def _collections(self, items: str, request: Fields) -> Fields:
        kind = self._find(request["ClusterId"])["InstanceCollectionType"]
        if (items == "InstanceFleets") != (kind == "INSTANCE_FLEET"):
            raise _mutually_exclusive(f"List{items}", fleets=kind == "INSTANCE_FLEET")
        return self._page(items, self.groups.get(request["ClusterId"], []), request)

    def _security(self, name: str) -> Fields:
        if name in self.security:
            return {"Name": name, "SecurityConfiguration": self.security[name]}
        said = f"Security configuration with name '{name}' does not exist."
        raise refused("InvalidRequestException", said)

    def _tagged(self, request: Fields) -> list[Fields]:
        """Clusters with all of the tags, in whatever state."""
        # The service's own bounds, which botocore's model only tells people.
        if not 1 <= request.get("ResourcesPerPage", 50) <= 100:
            raise refused("InvalidParameterException", "ResourcesPerPage must be 1 to 100")
        if request["ResourceTypeFilters"] != ["elasticmapreduce:cluster"]:
            pytest.fail("the tagging API is asked for more than clusters")
        return [
            {"ResourceARN": cluster_arn(each["Id"]), "Tags": each.get("Tags", [])}
            for each in self._now()
            if _has_tags(each, request["TagFilters"])
            and self.indexed.get(each["Id"], 0) <= self._spent
        ]

    def _page(self, items: str, listed: Sequence[Any], request: Fields) -> Fields:
        start = int(request.get("Marker") or request.get("PaginationToken") or "0")
        end = start + self.page_size
        more = {"Marker": str(end)} if end < len(listed) else {}
        return {items: list(listed[start:end]), **more}


def _has_tags(cluster: Fields, filters: list[Fields]) -> bool:
    own = {tag["Key"]: tag["Value"] for tag in cluster.get("Tags", [])}
    return all(own.get(wanted["Key"]) in wanted["Values"] for wanted in filters)


def _mutually_exclusive(operation: str, *, fleets: bool) -> ClientError:
    # AWS's words for ListInstanceGroups; those for the other calls are formed after them.
    used = "fleets" if fleets else "groups"
    return refused(
        "InvalidRequestException",
        "Instance fleets and instance groups are mutually exclusive. The EMR cluster specified in "
        f"the request uses instance {used}. The {operation} request does not support clusters "
        f"that use instance {used}.",
    )
