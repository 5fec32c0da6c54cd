"""Checks the zone and the names of followed clusters."""

from cluster_record.record import State
from emr_notebook.cli.aws.followed_records import FollowedRecord, followed_records, vpc_zones
from emr_notebook.cli.aws.reader import Reader
from emr_notebook.cli.doctor.report import Line, Unknown, attempt, failed, not_checked, ok
from emr_notebook.cli.next_commands import Commands
from emr_notebook.settings.model import Settings

TAKEN = "[record-taken]"


def check(reader: Reader, settings: Settings, commands: Commands) -> list[Line]:
    """The line of the settings' zone, and one for each followed cluster's name.

    A call for the VPC's zones and one for each name; none for a stage that follows nothing.
    """
    if not settings.followed_clusters:
        return []
    lines = [
        name_line(each, commands, waits=settings.clusters[key].when_absent == "deploy")
        for key, each in followed_records(reader, settings).items()
    ]
    if settings.network.zone_id is None:
        return lines
    return [zone_line(settings, attempt(lambda: vpc_zones(reader, settings))), *lines]


def zone_line(settings: Settings, zones: dict[str, str] | Unknown) -> Line:
    """Whether the zone of the settings is one of the VPC's, and named as they say."""
    zone_id, vpc_id = str(settings.network.zone_id), settings.network.vpc_id
    subject = f"hosted zone {zone_id}"
    if isinstance(zones, Unknown):
        return not_checked(subject, zones)
    if zone_id not in zones:
        advice = f"associate it with {vpc_id}, or leave network.zone_id out to have a zone made"
        return failed(subject, f"it is none of {vpc_id}", advice=advice)
    if zones[zone_id] != settings.zone_name:
        advice = f"set network.zone_name to {zones[zone_id]}"
        return failed(subject, f"it is named {zones[zone_id]}", advice=advice)
    return ok(subject, zones[zone_id])


def name_line(followed: FollowedRecord, commands: Commands, *, waits: bool) -> Line:
    """Whether a cluster's name leads to it, can be made, or `waits` for it by the settings."""
    subject = f"name {followed.name}"
    said = str(followed).removeprefix(f"{followed.name}: ")
    if followed.denied:
        return not_checked(subject, Unknown(said.removeprefix("not known: ")))
    record = followed.record
    if record is None:
        if followed.problem.startswith(TAKEN):
            cause, _, step = followed.problem.partition(" Next: ")
            return failed(subject, cause.removesuffix("."), advice=step.removesuffix("."))
        if followed.is_unread:
            return not_checked(subject, Unknown(followed.problem))
        return ok(subject, "the deploy makes it")
    if record.state is State.CHANGED:
        return failed(subject, said, commands.refresh())
    if record.state is State.ABSENT and not waits:
        return failed(subject, said, advice="start one: the name follows it by itself")
    return ok(subject, said)
