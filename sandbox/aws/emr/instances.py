"""Decides which instances ListInstances answers with."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.aws.answers import Refused

_GROUP_FILTERS = ("InstanceGroupId", "InstanceGroupTypes")
_FLEET_FILTERS = ("InstanceFleetId", "InstanceFleetType")
_MARKER = "offset:"


def refuse_wrong_collection(operation: str, cluster: Mapping[str, Any], *, groups: bool) -> None:
    """Refuse a question about groups to a cluster of fleets, and the other way round.

    The text and code for groups are AWS's own, seen for ListInstanceGroups; those for fleets
    are formed after them.
    """
    has_fleets = cluster["InstanceCollectionType"] == "INSTANCE_FLEET"
    if groups != has_fleets:
        return
    asked, used = ("instance group", "fleets") if groups else ("instance fleet", "groups")
    raise Refused(
        "InvalidRequestException",
        "Instance fleets and instance groups are mutually exclusive. The EMR cluster specified "
        f"in the request uses instance {used}. The {operation} request with {asked} parameters "
        f"does not support clusters that use instance {used}.",
        ErrorCode=f"API_DOES_NOT_SUPPORT_INSTANCE_{used.upper()[:-1]}_CLUSTERS",
    )


def list_instances(
    request: Mapping[str, Any],
    cluster: Mapping[str, Any],
    instances: Sequence[dict[str, Any]],
    roles: Mapping[str, str],
    page_size: int,
) -> dict[str, Any]:
    """One page of the instances that pass every filter of the request.

    `roles` says what each group or fleet is for. Instances that ended are among them, as on AWS,
    unless InstanceStates leaves them out.
    """
    if any(request.get(name) for name in _GROUP_FILTERS):
        refuse_wrong_collection("ListInstances", cluster, groups=True)
    if any(request.get(name) for name in _FLEET_FILTERS):
        refuse_wrong_collection("ListInstances", cluster, groups=False)
    matching = [i for i in instances if _matches(request, i, roles)]
    return page("Instances", matching, request.get("Marker"), page_size)


def page(
    member: str, items: Sequence[dict[str, Any]], marker: str | None, page_size: int
) -> dict[str, Any]:
    """The items from the marker on, and the marker of the next page when there is one."""
    start = _offset(marker)
    answer: dict[str, Any] = {member: list(items[start : start + page_size])}
    if start + page_size < len(items):
        text = f"{_MARKER}{start + page_size}"
        answer["Marker"] = base64.b64encode(text.encode()).decode()
    return answer


def _matches(
    request: Mapping[str, Any], instance: Mapping[str, Any], roles: Mapping[str, str]
) -> bool:
    collection = instance.get("InstanceGroupId") or instance.get("InstanceFleetId") or ""
    wanted_id = request.get("InstanceGroupId") or request.get("InstanceFleetId")
    types = list(request.get("InstanceGroupTypes") or [])
    if fleet_type := request.get("InstanceFleetType"):
        types.append(fleet_type)
    states = request.get("InstanceStates")
    return (
        (not wanted_id or collection == wanted_id)
        and (not types or roles.get(collection) in types)
        and (not states or instance["Status"]["State"] in states)
    )


def _offset(marker: str | None) -> int:
    if not marker:
        return 0
    try:
        text = base64.b64decode(marker, validate=True).decode()
    except (ValueError, binascii.Error):
        text = ""
    number = text.removeprefix(_MARKER)
    if not text.startswith(_MARKER) or not number.isdigit():
        raise Refused("InvalidRequestException", f"Marker '{marker}' is not valid.")
    return int(number)
