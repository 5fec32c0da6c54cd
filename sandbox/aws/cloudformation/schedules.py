"""Makes AWS::Scheduler::Schedule whole: ministack drops its time zone, and every refusal."""

import json
from typing import Any

from sandbox.aws.cloudformation.schema import Created, Properties, check_properties, create_only
from sandbox.aws.emulator import ministack

SCHEDULE = "AWS::Scheduler::Schedule"
GROUP = "AWS::Scheduler::ScheduleGroup"
NAME_CHARACTERS = 64


def install() -> None:
    """Register both types; a refusal of the service fails the resource in its words."""
    provisioners = ministack("services.cloudformation.provisioners")
    provisioners._RESOURCE_HANDLERS[SCHEDULE] = {
        "create": _create,
        "update": _update,
        "update_with_logical_id": True,
        "delete": _delete,
    }
    provisioners._RESOURCE_HANDLERS[GROUP] |= {"create": _create_group}
    for kind in (SCHEDULE, GROUP):
        provisioners._REPLACING_PROPERTIES[kind] = create_only(kind)


def _create(logical_id: str, properties: Properties, stack: str) -> Created:
    given = check_properties(SCHEDULE, logical_id, properties)
    name = given.pop("Name", None) or _made_up(stack, logical_id)
    made = _answered(ministack("services.scheduler")._create_schedule(name, given))
    return name, {"Arn": made["ScheduleArn"]}


def _update(name: str, _old: Properties, new: Properties, _stack: str, logical_id: str) -> Created:
    given = check_properties(SCHEDULE, logical_id, new)
    given.pop("Name", None)
    made = _answered(ministack("services.scheduler")._update_schedule(name, given))
    return name, {"Arn": made["ScheduleArn"]}


def _delete(name: str, properties: Properties) -> None:
    """Delete it; one that is gone already, with its group, is as good as deleted."""
    group = properties.get("GroupName", "default")
    ministack("services.scheduler")._delete_schedule(name, {"groupName": group})


def _create_group(logical_id: str, properties: Properties, stack: str) -> Created:
    given = check_properties(GROUP, logical_id, properties)
    name = given.pop("Name", None) or _made_up(stack, logical_id)
    made = _answered(ministack("services.scheduler")._create_schedule_group(name, given))
    return name, {"Arn": made["ScheduleGroupArn"]}


def _made_up(stack: str, logical_id: str) -> str:
    generate = ministack("services.cloudformation.provisioners")._physical_name
    return str(generate(stack, logical_id, max_len=NAME_CHARACTERS))


def _answered(answer: tuple[int, Any, bytes]) -> dict[str, Any]:
    status, _, body = answer
    read: dict[str, Any] = json.loads(body)
    if status >= 400:
        raise ValueError(read["Message"])
    return read
