"""Makes AWS::Route53::HostedZone private: ministack's drops its VPCs, and deletes a full zone."""

import threading
from collections.abc import Callable
from typing import Any

from sandbox.aws.cloudformation.schema import Created, Properties, check_properties, create_only
from sandbox.aws.emulator import ministack

TYPE = "AWS::Route53::HostedZone"


class HostedZoneType:
    """Zones that know their VPCs; `changed` is called when names may resolve otherwise."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed

    def create(self, logical_id: str, properties: Properties, _stack: str) -> Created:
        """Make the zone; ValueError for a VPC that is not there or has one of this name."""
        route53 = ministack("services.route53")
        given = check_properties(TYPE, logical_id, properties)
        name, vpcs = route53._normalise_name(given["Name"]), _vpcs(given)
        with _lock():
            for vpc in vpcs:
                if route53._same_name_zone_with_vpc(name, vpc):
                    # Route 53 API, CreateHostedZone: ConflictingDomainExists.
                    raise ValueError(
                        f"A conflicting domain is already associated with the given VPC or "
                        f"Delegation Set. (Service: Route53, {name} in {vpc['VPCId']})"
                    )
            zone_id = route53._zone_id()
            route53._zones[zone_id] = {
                "id": zone_id,
                "name": name,
                "caller_reference": zone_id,
                "comment": _comment(given),
                "private": bool(vpcs),
                "vpcs": vpcs,
            }
            route53._records[zone_id] = route53._default_records(name)
        self._changed()
        return zone_id, {"Id": zone_id}

    def update(
        self, zone_id: str, _old: Properties, new: Properties, _stack: str, logical_id: str
    ) -> Created:
        """Change the zone's comment and VPCs."""
        given = check_properties(TYPE, logical_id, new)
        with _lock():
            zone = ministack("services.route53")._zones[zone_id]
            zone |= {"comment": _comment(given), "vpcs": _vpcs(given)}
        self._changed()
        return zone_id, {"Id": zone_id}

    def delete(self, zone_id: str, _properties: Properties) -> None:
        """Delete the zone; ValueError while it has records beyond its own two."""
        route53 = ministack("services.route53")
        status, _, body = route53._delete_hosted_zone(zone_id)
        if status >= 400 and b"NoSuchHostedZone" not in body:
            raise ValueError(
                "The specified hosted zone contains non-required resource record sets  and so "
                f"cannot be deleted. (Service: Route53, {zone_id})"
            )
        self._changed()


def install(zones: HostedZoneType) -> None:
    """Register the type."""
    provisioners = ministack("services.cloudformation.provisioners")
    provisioners._RESOURCE_HANDLERS[TYPE] = {
        "create": zones.create,
        "update": zones.update,
        "update_with_logical_id": True,
        "delete": zones.delete,
    }
    provisioners._REPLACING_PROPERTIES[TYPE] = create_only(TYPE)


def _lock() -> threading.Lock:
    lock: threading.Lock = ministack("services.route53")._lock
    return lock


def _vpcs(given: Properties) -> list[dict[str, Any]]:
    asked = [{"VPCId": each["VPCId"], "VPCRegion": each["VPCRegion"]} for each in given["VPCs"]]
    known = ministack("services.ec2")._vpcs
    for vpc in asked:
        if vpc["VPCId"] not in known:
            raise ValueError(f"The VPC: {vpc['VPCId']} cannot be found. (Service: Route53)")
    return asked


def _comment(given: Properties) -> str:
    return str(given.get("HostedZoneConfig", {}).get("Comment", ""))
