"""Looks at a followed cluster and writes its DNS name when that changed.

One way for CloudFormation, for EMR's events and for the schedule: an event is a hint, no more.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from cluster_endpoint import resolve
from cluster_endpoint.answers import mapping_at, mappings_at
from cluster_endpoint.aws import Aws, AwsGateway
from cluster_endpoint.find import RETRY_SECONDS, ArnScope, Lookup, find
from cluster_endpoint.output_formats import is_address
from cluster_endpoint.refusals import unfit_primary_address
from cluster_endpoint.request import Request, Selector
from cluster_record import record as records
from cluster_record import refusals
from cluster_record.decide import Absent, Found, Terms, Unfit, decide
from cluster_record.record import Record, State
from cluster_record.request import RecordRequest
from refusal import Refusal

# Refusals of a look-up that say nothing of the cluster: the next try may find it.
UNKNOWN_CODES = frozenset(
    {
        "access-denied",
        "answer-endless",
        "answer-incomplete",
        "answer-unfit",
        "aws-call-failed",
        "aws-unavailable",
    }
)
# Those that say that there is none to use, now.
ABSENT_CODES = frozenset(
    {
        "cluster-ended",
        "cluster-none",
        "cluster-not-ready",
        "cluster-unknown",
        "primary-address-unfit",
        "primary-not-running",
    }
)

log = logging.getLogger("cluster_endpoint")


def follow(
    request: RecordRequest, gateway: AwsGateway, scope: ArnScope, *, is_deploy: bool
) -> Record:
    """Make the cluster's record say what is true now, and answer it.

    Without a change of a cluster that is followed: DescribeCluster, ListInstances and one read of
    Route 53. Raises Refusal for a record or a zone of somebody else's, and when AWS fails.
    """
    try:
        return _follow(request, gateway, scope, is_deploy=is_deploy)
    except Refusal as refusal:
        if refusal.code != "aws-call-failed":
            raise
        # Route 53 refused the change: another run of this may have made one meanwhile.
        log.info("%s is looked at again: %s", request.name, refusal)
        return _follow(request, gateway, scope, is_deploy=is_deploy)


def _follow(
    request: RecordRequest, gateway: AwsGateway, scope: ArnScope, *, is_deploy: bool
) -> Record:
    wait = request.endpoint.wait_seconds if is_deploy else 0
    started = gateway.now()
    propagation = RETRY_SECONDS if is_deploy else 0
    name = _Name(request, Aws(gateway, started, wait + RETRY_SECONDS, propagation))
    if is_deploy and request.vpc_id:
        name.check_zone()
    held = name.held()
    current = records.parse(request.name, request.owner, held)
    endpoint = replace(request.endpoint, wait_seconds=wait)
    deployed = request.deployed
    seen = _Look(endpoint, name.aws, scope, current, deployed, is_deploy=is_deploy).seen()
    terms = Terms(
        owner=request.owner,
        expected=request.expected,
        names_alias=request.names_alias,
        is_deploy=is_deploy,
        now=datetime.fromtimestamp(gateway.wall_clock(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        deployed=deployed,
    )
    wanted = decide(current, seen, terms)
    if wanted is not current:
        name.write(held, wanted)
    return wanted


def forget(request: RecordRequest, gateway: AwsGateway) -> None:
    """Delete the cluster's record; one that this stack did not make stays."""
    name = _Name(request, Aws(gateway, gateway.now(), RETRY_SECONDS))
    held = name.held()
    if records.parse(request.name, request.owner, held) is not None:
        name.write(held, None)


@dataclass(frozen=True)
class _Name:
    request: RecordRequest
    aws: Aws

    @property
    def _arn(self) -> str:
        return f"hosted zone {self.request.zone_id}"

    def held(self) -> list[Mapping[str, Any]]:
        """The record sets at the name."""
        full = f"{self.request.name}."
        answer = self.aws.ask(
            "ListResourceRecordSets",
            self._arn,
            HostedZoneId=self.request.zone_id,
            StartRecordName=full,
            # More than there are types that can stand beside one another.
            MaxItems="20",
        )
        return [each for each in mappings_at(answer, "ResourceRecordSets") if each["Name"] == full]

    def write(self, held: list[Mapping[str, Any]], wanted: Record | None) -> None:
        """Put the record into the place of the sets that were read."""
        changes = records.changes(held, records.record_sets(self.request.name, wanted))
        self.aws.ask(
            "ChangeResourceRecordSets",
            self._arn,
            HostedZoneId=self.request.zone_id,
            ChangeBatch={"Changes": changes},
        )
        log.info("%s: %s", self.request.name, wanted or "deleted")

    def check_zone(self) -> None:
        """Raise Refusal when the settings' zone is not the VPC's, or has another name."""
        zone_id = self.request.zone_id
        answer = self.aws.ask("GetHostedZone", self._arn, Id=zone_id)
        found = str(mapping_at(answer, "HostedZone").get("Name", "")).removesuffix(".")
        if found != self.request.zone_name:
            raise refusals.zone_name_differs(zone_id, found, self.request.zone_name)
        vpcs = [str(each.get("VPCId")) for each in mappings_at(answer, "VPCs")]
        if self.request.vpc_id not in vpcs:
            raise refusals.zone_of_another_vpc(zone_id, self.request.vpc_id, vpcs)


@dataclass(frozen=True)
class _Look:
    request: Request
    aws: Aws
    scope: ArnScope
    current: Record | None
    deployed: str
    is_deploy: bool

    def seen(self) -> Found | Absent | Unfit:
        """The cluster that the name is to lead to: the current one while it can be used."""
        try:
            if self.current is not None and self.current.cluster_id:
                found = self._kept(self.current)
                if found is not None:
                    return found
            chosen = self.request.selector.cluster_id or self._newest()
            return self._found(chosen) if chosen else self._absent()
        except Refusal as refusal:
            return self._meaning(refusal)

    def _kept(self, current: Record) -> Found | None:
        """The record's own cluster; None when it cannot be used any more."""
        lookup = self._lookup(current.cluster_id)
        try:
            cluster = lookup.describe(current.cluster_id)
            usable = resolve.state_of(cluster) in resolve.USABLE_STATES
            if not usable or not _is_selected(cluster, self.request.selector):
                return None
            is_deployed = current.livy == (self.deployed or current.livy)
            known = is_deployed and current.state in (State.FOLLOWED, State.TLS)
            if known and not self.is_deploy:
                address = lookup.primary(cluster).get("PrivateIpAddress")
                # Livy's port and scheme are the cluster's: no need to ask for them again.
                if current.address in ("", address):
                    return Found(current.cluster_id, current.address, current.livy)
            return self._found(current.cluster_id)
        except Refusal as refusal:
            if refusal.code in ABSENT_CODES and refusal.code != "primary-not-running":
                return None
            # A cluster that lost the tags may not be read any more.
            if refusal.code == "access-denied" and self.request.selector.tags:
                return None
            raise

    def _newest(self) -> str:
        """The id of the newest cluster that the name or tags select; empty for none."""
        fitting = self._lookup("").selected()
        usable = [each for each in fitting if resolve.state_of(each) in resolve.USABLE_STATES]
        candidates = usable or (fitting if self.request.wait_seconds else [])
        return str(max(candidates, key=_age).get("Id")) if candidates else ""

    def _found(self, cluster_id: str) -> Found:
        lookup = self._lookup(cluster_id)
        endpoint = find(lookup.request, self.aws, self.scope)
        if not is_address(endpoint.address):
            raise unfit_primary_address(cluster_id, endpoint.address)
        scheme, _, rest = endpoint.livy_url.partition("://")
        return Found(cluster_id, endpoint.address, f"{scheme}:{rest.rpartition(':')[2]}")

    def _lookup(self, cluster_id: str) -> Lookup:
        request = self.request
        if cluster_id:
            request = replace(request, selector=Selector(cluster_id=cluster_id))
        return Lookup(request, self.aws, self.scope)

    def _absent(self) -> Absent:
        return Absent(f"no cluster with the {self.request.selector} is RUNNING or WAITING")

    def _meaning(self, refusal: Refusal) -> Absent | Unfit:
        if refusal.code in UNKNOWN_CODES:
            raise refusal
        return self._absent() if refusal.code in ABSENT_CODES else Unfit(str(refusal))


def _is_selected(cluster: Mapping[str, Any], selector: Selector) -> bool:
    tags = {str(each.get("Key")): each.get("Value") for each in mappings_at(cluster, "Tags")}
    if selector.cluster_id:
        return cluster.get("Id") == selector.cluster_id
    if selector.name:
        return cluster.get("Name") == selector.name
    # EMR may leave those out that AWS sets itself; the tagging API, which selected it, has them.
    own = [(key, value) for key, value in selector.tags if not key.startswith("aws:")]
    return all(tags.get(key) == value for key, value in own)


def _age(cluster: Mapping[str, Any]) -> tuple[str, str]:
    created = mapping_at(mapping_at(cluster, "Status"), "Timeline").get("CreationDateTime")
    moment = created.isoformat() if isinstance(created, datetime) else ""
    return moment, str(cluster.get("Id"))
