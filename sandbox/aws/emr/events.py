"""Sends EMR's state changes to EventBridge, where the rules' own patterns decide."""

import json
from collections.abc import Mapping
from typing import Any

from sandbox.aws.emulator import ministack
from sandbox.environment import ACCOUNT, REGION

DETAIL_TYPE = "EMR Cluster State Change"


def state_change(cluster: Mapping[str, Any]) -> dict[str, str]:
    """The detail of the event, as EMR's guide on monitoring events shows it."""
    status = cluster["Status"]
    reason = status.get("StateChangeReason", {})
    told = {"code": reason.get("Code", ""), "message": reason.get("Message", "")}
    return {
        "severity": "INFO",
        "stateChangeReason": json.dumps({name: text for name, text in told.items() if text}),
        "name": cluster["Name"],
        "clusterId": cluster["Id"],
        "state": status["State"],
        "message": f"Amazon EMR cluster {cluster['Id']} ({cluster['Name']}) is {status['State']}.",
    }


def send(cluster: Mapping[str, Any]) -> None:
    """Tell EventBridge of the state that a cluster has now."""
    responses = ministack("core.responses")
    before = responses.get_account_id(), responses.get_region()
    responses.set_request_account_id(ACCOUNT)
    responses.set_request_region(REGION)
    try:
        ministack("services.eventbridge")._put_events(
            {
                "Entries": [
                    {
                        "Source": "aws.emr",
                        "DetailType": DETAIL_TYPE,
                        "Detail": json.dumps(state_change(cluster)),
                    }
                ]
            },
            allow_aws_source=True,
        )
    finally:
        responses.set_request_account_id(before[0])
        responses.set_request_region(before[1])
