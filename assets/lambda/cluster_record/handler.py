"""Answers CloudFormation, EMR's events and the schedule for a followed cluster's record."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from cluster_endpoint.aws import AwsGateway
from cluster_endpoint.find import ArnScope
from cluster_record.follow import follow, forget
from cluster_record.request import parse
from refusal import Refusal

log = logging.getLogger("cluster_endpoint")


def on_event(
    event: Mapping[str, Any],
    gateway: AwsGateway,
    scope: ArnScope,
    is_rolling_back: Callable[[], bool],
) -> dict[str, Any]:
    """Follow the cluster at Create and Update; delete the record at Delete, which never fails.

    A rollback looks nothing up: the record, which the schedule goes on to keep, stays as it is.
    """
    if event["RequestType"] == "Delete":
        _delete(event, gateway, scope)
        return {"PhysicalResourceId": event["PhysicalResourceId"]}
    properties = event["ResourceProperties"]
    # Another zone or name is another record: CloudFormation then deletes the former one.
    physical_id = f"{properties.get('ZoneId')}/{properties.get('RecordName')}"
    if event["RequestType"] == "Update" and is_rolling_back():
        return {"PhysicalResourceId": physical_id}
    record = follow(parse(properties, scope.region), gateway, scope, is_deploy=True)
    return {"PhysicalResourceId": physical_id, "Data": {"State": record.state.value}}


def on_hint(properties: Mapping[str, Any], gateway: AwsGateway, scope: ArnScope) -> dict[str, str]:
    """Look at the cluster because something may have changed. Raises Refusal."""
    record = follow(parse(properties, scope.region), gateway, scope, is_deploy=False)
    return {"State": record.state.value}


def _delete(event: Mapping[str, Any], gateway: AwsGateway, scope: ArnScope) -> None:
    try:
        forget(parse(event["ResourceProperties"], scope.region), gateway)
    except Refusal as refusal:
        # A zone that still holds it then refuses to be deleted, by name.
        log.warning("%s is left: %s", event["PhysicalResourceId"], refusal)
