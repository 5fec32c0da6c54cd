"""Answers CloudFormation's Create, Update and Delete; the Provider framework delivers it."""

import logging
from collections.abc import Mapping
from functools import cache
from typing import Any, Protocol

from cluster_endpoint import last_value
from cluster_endpoint.aws import Aws, AwsGateway, boto3_gateway
from cluster_endpoint.find import ArnScope, find_endpoint
from cluster_endpoint.request import Request, parse
from refusal import Refusal

# Part of an update's time, all of a rollback's.
STACK_SECONDS = 45
GUARD_TYPE = "Custom::ReplacementGuard"

LIVE, KEPT, GONE = "live", "kept", "gone"
# Refusals that mean: the cluster is not there any more.
CLUSTER_GONE_CODES = frozenset({"cluster-unknown", "cluster-ended", "cluster-none"})

log = logging.getLogger("cluster_endpoint")
log.setLevel(logging.INFO)


class LambdaContext(Protocol):
    """What this handler reads of Lambda's context."""

    invoked_function_arn: str


def on_event(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer a Create, Update or Delete of one of the app's two custom resources.

    Those of GUARD_TYPE as replacement_guard.guard says. For Custom::ClusterEndpoint, Create and
    Update answer the attributes of resolve.Endpoint.outputs with `State`, or raise Refusal, whose
    text CloudFormation shows. `State` is `live`, and what the cluster does not do as the settings
    say: an output, which the CDK prints at the end of a deploy. It is `kept` in a rollback, which
    gets the last deployed value whatever the cluster is; or `gone` when only a refresh was asked
    for and the cluster has vanished, with the last value, too. Delete answers at once.
    The event is never logged: it holds a pre-signed URL.
    """
    if event["RequestType"] == "Delete":
        return {"PhysicalResourceId": event["PhysicalResourceId"]}
    if event.get("ResourceType") == GUARD_TYPE:
        # Here, so that a look-up does not wait for what it never needs.
        from replacement_guard import guard

        return guard.on_event(event, lambda: _is_rolling_back(event))
    gateway = _gateway()
    started, scope = gateway.now(), _scope(context, gateway.region)
    if event["RequestType"] == "Update":
        # The same whatever the cluster: another id would be a replacement, followed by a Delete.
        physical_id = event["PhysicalResourceId"]
        values, state = _update(event, gateway, scope, started)
    else:
        request = parse(event["ResourceProperties"])
        physical_id = f"cluster-endpoint-{request.key}"
        values, state = _live(request, gateway, scope, started)
    return {
        "PhysicalResourceId": physical_id,
        "Data": {**values, "Value": last_value.as_output(values), "State": state},
    }


def _update(
    event: Mapping[str, Any], gateway: AwsGateway, scope: ArnScope, started: float
) -> tuple[dict[str, str], str]:
    properties = event["ResourceProperties"]
    stack = _stack(event, gateway, started)
    last = stack.last_value(str(properties.get("LastValueOutput", "")))
    if stack.is_rolling_back:
        # Before the properties are read: a rollback may bring those of an older app back.
        log.info("The stack rolls back: %s keeps its last value", event["PhysicalResourceId"])
        return last or dict(last_value.PLACEHOLDER), KEPT
    request = parse(properties)
    try:
        return _live(request, gateway, scope, started)
    except Refusal as refusal:
        is_gone = refusal.code in CLUSTER_GONE_CODES
        if last is None or not is_gone or not _is_refresh(request, event):
            raise
        log.warning("%s: the last value is kept: %s", request.key, refusal)
        return last, GONE


def _live(
    request: Request, gateway: AwsGateway, scope: ArnScope, started: float
) -> tuple[dict[str, str], str]:
    warnings: list[str] = []
    values = find_endpoint(request, gateway, scope, started, warn=warnings.append)
    return values, "; ".join([LIVE, *warnings])


def _is_rolling_back(event: Mapping[str, Any]) -> bool:
    gateway = _gateway()
    return _stack(event, gateway, gateway.now()).is_rolling_back


def _stack(event: Mapping[str, Any], gateway: AwsGateway, started: float) -> last_value.Stack:
    return last_value.Stack(Aws(gateway, started, STACK_SECONDS), str(event["StackId"]))


def _is_refresh(request: Request, event: Mapping[str, Any]) -> bool:
    """Whether the update asks for the same cluster as before."""
    try:
        return parse(event.get("OldResourceProperties", {})).selector == request.selector
    except Refusal:
        return False


def _scope(context: LambdaContext, region: str) -> ArnScope:
    # arn:<partition>:lambda:<region>:<account>:function:<name>
    parts = context.invoked_function_arn.split(":")
    return ArnScope(partition=parts[1], region=region, account=parts[4])


@cache
def _gateway() -> AwsGateway:
    return boto3_gateway()
