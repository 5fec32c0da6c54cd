"""Reads the DNS records of a stage's followed clusters from Route 53."""

from dataclasses import dataclass

from cluster_record.record import Record, State, owner_of, parse
from emr_notebook.cli.aws.reader import Denied, Reader, Refused
from emr_notebook.settings.model import Settings
from refusal import Refusal


@dataclass(frozen=True)
class FollowedRecord:
    """A cluster's DNS name and what it says; without a record, `problem` says why.

    `is_unread` is whether AWS refused to say; `denied` is the IAM action that is missing to know.
    """

    name: str
    record: Record | None = None
    problem: str = ""
    is_unread: bool = False
    denied: str = ""

    def __str__(self) -> str:
        """The name, its state and since when, in words."""
        if self.denied:
            return f"{self.name}: not known: these credentials may not {self.denied}"
        if self.record is None:
            return f"{self.name}: {self.problem}"
        record = self.record
        why = f": {record.why}" if record.why else ""
        leads = f", leads to {record.cluster_id} at {record.address}"
        where = leads if record.state is State.FOLLOWED else ""
        return f"{self.name}: {record.state.value} since {record.since}{where}{why}"


def followed_records(reader: Reader, settings: Settings) -> dict[str, FollowedRecord]:
    """The record of each followed cluster, by its key; a call for each, and one for the zone.

    Raises CommandError as Reader.ask does.
    """
    keys = list(settings.followed_clusters)
    if not keys:
        return {}
    try:
        zone_id = settings.network.zone_id or _zone_id(reader, settings)
        found = reader.map_concurrently(lambda key: _record(reader, settings, key, zone_id), keys)
    except (Denied, Refused) as error:
        found = [_unknown(settings.record_name(key), error) for key in keys]
    return dict(zip(keys, found, strict=True))


def vpc_zones(reader: Reader, settings: Settings) -> dict[str, str]:
    """The names of the VPC's private hosted zones, by their ids. Raises as Reader.ask does."""
    zones = reader.pages(
        "route53",
        "list_hosted_zones_by_vpc",
        items="HostedZoneSummaries",
        VPCId=settings.network.vpc_id,
        VPCRegion=settings.region,
    )
    return {str(each["HostedZoneId"]): str(each["Name"]).removesuffix(".") for each in zones}


def _zone_id(reader: Reader, settings: Settings) -> str:
    """The VPC's zone of the followed names; empty for none."""
    zones = vpc_zones(reader, settings).items()
    return next((zone_id for zone_id, name in zones if name == settings.zone_name), "")


def _record(reader: Reader, settings: Settings, key: str, zone_id: str) -> FollowedRecord:
    name = settings.record_name(key)
    if not zone_id:
        vpc_id = settings.network.vpc_id
        return FollowedRecord(name, problem=f"{vpc_id} has no hosted zone {settings.zone_name}")
    sets = reader.ask(
        "route53",
        "list_resource_record_sets",
        HostedZoneId=zone_id,
        StartRecordName=f"{name}.",
        MaxItems="20",
    )["ResourceRecordSets"]
    try:
        owner = owner_of(settings.home_stack_name(), settings.region)
        record = parse(name, owner, [x for x in sets if x["Name"] == f"{name}."])
    except Refusal as refusal:
        return FollowedRecord(name, problem=str(refusal))
    if record is None:
        return FollowedRecord(name, problem=f"the hosted zone {zone_id} has no such record")
    return FollowedRecord(name, record)


def _unknown(name: str, error: Denied | Refused) -> FollowedRecord:
    if isinstance(error, Denied):
        return FollowedRecord(name, denied=error.action)
    return FollowedRecord(name, problem=str(error), is_unread=True)
