"""Route 53 beside EMR, as far as a cluster's record asks it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

from cluster_endpoint import handler
from tests.assets.cluster_endpoint.emr_api import Fields
from tests.assets.cluster_endpoint.emr_records import (
    CLUSTER_ID,
    STACK_ID,
    cluster,
    instance,
    refused,
    status,
)
from tests.assets.cluster_endpoint.emr_world import CONTEXT, World

ZONE, NAME, OWNER = "Z0123456789ABCDEFGHIJ", "analytics.emr-notebooks.internal", "emr-notebooks"
REQUEST: Mapping[str, str] = {
    "ClusterKey": "analytics",
    "ClusterName": "nightly-spark",
    "WaitMinutes": "10",
    "RecordName": NAME,
    "ZoneId": ZONE,
    "Owner": OWNER,
}
WRITE, READ = "ChangeResourceRecordSets", "ListResourceRecordSets"
NEWER = "j-NEWER0001"


@dataclass
class DnsWorld(World):
    """A world whose one zone holds record sets; by name and type, as Route 53 sorts them."""

    records: dict[tuple[str, str], Fields] = field(default_factory=dict)
    zone_name: str = "emr-notebooks.internal."
    vpcs: list[str] = field(default_factory=lambda: ["vpc-0a1b2c3d"])

    def answer_to(self, operation: str, request: Fields, spent: float) -> Fields:
        if operation == READ:
            return self._sets_from(request)
        if operation == WRITE:
            return self._change(request["ChangeBatch"]["Changes"])
        if operation == "GetHostedZone":
            zone = {"Id": f"/hostedzone/{ZONE}", "Name": self.zone_name, "CallerReference": "x"}
            vpcs = [{"VPCRegion": "eu-west-1", "VPCId": each} for each in self.vpcs]
            return {"HostedZone": zone, "VPCs": vpcs}
        return super().answer_to(operation, request, spent)

    def hint(self, **changes: str | None) -> str:
        """The state after an event, or the schedule, had the cluster looked at."""
        given = {name: x for name, x in {**REQUEST, **changes}.items() if x is not None}
        answer = self._handled({"Follow": given})
        return str(answer["State"])

    def deploy(self, verb: str = "Create", **changes: str | None) -> Fields:
        """The Lambda's answer to CloudFormation."""
        given = {name: x for name, x in {**REQUEST, **changes}.items() if x is not None}
        return self._handled(
            {
                "RequestType": verb,
                "ResourceType": "Custom::ClusterRecord",
                "StackId": STACK_ID,
                "PhysicalResourceId": f"{ZONE}/{NAME}",
                "ResourceProperties": given,
            }
        )

    def ends(self, cluster_id: str = CLUSTER_ID) -> None:
        """Let the cluster be terminated."""
        for each in self.clusters:
            if each["Id"] == cluster_id:
                each["Status"] = status("TERMINATED")

    def starts(self, cluster_id: str = NEWER, number: int = 7, **changes: Any) -> None:
        """Let a cluster of the same name be there, its primary at 10.0.0.<number>."""
        self.clusters.append(cluster(Id=cluster_id, **changes))
        self.instances[cluster_id] = [instance(number)]

    @property
    def address(self) -> str | None:
        """What the name resolves to."""
        held = self.records.get((f"{NAME}.", "A"))
        return None if held is None else str(held["ResourceRecords"][0]["Value"])

    @property
    def text(self) -> str:
        """The TXT record's value."""
        return str(self.records[f"{NAME}.", "TXT"]["ResourceRecords"][0]["Value"])

    @property
    def writes(self) -> int:
        """How often Route 53 was written to."""
        return self.operations.count(WRITE)

    def someones(self, kind: str, value: str) -> None:
        """Let somebody else's record stand at the name."""
        self.records[f"{NAME}.", kind] = {
            "Name": f"{NAME}.",
            "Type": kind,
            "TTL": 300,
            "ResourceRecords": [{"Value": value}],
        }

    def _handled(self, event: Fields) -> Fields:
        gateway = self.gateway()
        with mock.patch.object(handler, "_gateway", return_value=gateway):
            return handler.on_event(event, CONTEXT)

    def _sets_from(self, request: Fields) -> Fields:
        start = (request["StartRecordName"], request.get("StartRecordType", ""))
        sets = [each for key, each in sorted(self.records.items()) if key >= start]
        most = int(request["MaxItems"])
        more = {"NextRecordName": "next."} if len(sets) > most else {}
        answer = {"ResourceRecordSets": sets[:most], "IsTruncated": len(sets) > most, **more}
        return {**answer, "MaxItems": request["MaxItems"]}

    def _change(self, changes: list[Fields]) -> Fields:
        """All of the changes or none, each after the one before, as the API reference says."""
        after = dict(self.records)
        for change in changes:
            wanted = change["ResourceRecordSet"]
            key = (wanted["Name"], wanted["Type"])
            if change["Action"] == "CREATE" and key in after:
                raise refused("InvalidChangeBatch", f"{key} already exists")
            if change["Action"] == "DELETE" and after.pop(key, None) != wanted:
                raise refused("InvalidChangeBatch", f"{key}: the values do not match")
            if change["Action"] in ("CREATE", "UPSERT"):
                after[key] = wanted
        self.records = after
        submitted = {"Id": "/change/C1", "Status": "PENDING", "SubmittedAt": "2026-01-02T03:04:05Z"}
        return {"ChangeInfo": submitted}
