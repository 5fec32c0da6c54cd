"""Answers CloudFormation's Create, Update and Delete; the Provider framework delivers it."""

import logging
from collections.abc import Mapping
from functools import cache
from typing import Any, Protocol

from cluster_endpoint import last_value, notebook_url
from cluster_endpoint.aws import Aws, AwsGateway, boto3_gateway
from cluster_endpoint.find import ArnScope, find_endpoint
from cluster_endpoint.request import Request, parse
from refusal import Refusal

# Part of an update's time, all of a rollback's.
STACK_SECONDS = 45
GUARD_TYPE = "Custom::ReplacementGuard"
RECORD_TYPE = "Custom::ClusterRecord"
# What the input of the rules and schedules that follow a cluster begins with.
FOLLOW = "Follow"

LIVE, KEPT, GONE, WAITING = "live", "kept", "gone", "waiting for the cluster"
NOT_FOLLOWED = "not followed: TLS"
# Refusals that mean: the cluster is not there any more.
CLUSTER_GONE_CODES = frozenset({"cluster-unknown", "cluster-ended", "cluster-none"})
# Those that mean: it is not there yet.
CLUSTER_ABSENT_CODES = CLUSTER_GONE_CODES | {"cluster-not-ready", "primary-not-running"}

log = logging.getLogger("cluster_endpoint")
log.setLevel(logging.INFO)


class LambdaContext(Protocol):
    """What this handler reads of Lambda's context."""

    invoked_function_arn: str


def on_event(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer a Create, Update or Delete of one of the app's three custom resources.

    Those of GUARD_TYPE as replacement_guard.guard says; those of RECORD_TYPE, and EventBridge's
    hints that a cluster changed, as cluster_record.handler says. For Custom::ClusterEndpoint,
    Create and Update answer the attributes of resolve.Endpoint.outputs with `State`, or raise
    Refusal, whose text CloudFormation shows. `State` is `live`, and what the cluster does not do as
    the settings say: an output, which the CDK prints at the end of a deploy. It is `kept` in a
    rollback, which gets the last deployed value whatever the cluster is; `gone` when only a refresh
    was asked for and the cluster has vanished, with the last value, too; `waiting for the cluster`
    when there is none and the request allows that, with a URL that names no host; `not followed:
    TLS` when the request names a record that the certificate does not hold. Delete answers at once.
    The event is never logged: it holds a pre-signed URL.
    """
    if FOLLOW in event or event.get("ResourceType") == RECORD_TYPE:
        return _on_record(event, context)
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
        try:
            values, state = _live(request, gateway, scope, started)
        except Refusal as refusal:
            values, state = _awaited(request, refusal)
    return {
        "PhysicalResourceId": physical_id,
        "Data": {
            **values,
            **_followed(values, state, event["ResourceProperties"]),
            "Value": last_value.as_output(values),
        },
    }


def _followed(
    values: Mapping[str, str], state: str, properties: Mapping[str, Any]
) -> dict[str, str]:
    """The state and, where the request names a record, the URL that notebooks use."""
    if not properties.get("RecordName"):
        return {"State": state}
    url = notebook_url.notebook_url(values["LivyUrl"], properties)
    if state.startswith(LIVE) and url == values["LivyUrl"]:
        state = NOT_FOLLOWED + state.removeprefix(LIVE)
    return {"State": state, "NotebookUrl": url}


def _awaited(request: Request, refusal: Refusal) -> tuple[dict[str, str], str]:
    """What notebooks get that are deployed before their cluster. Raises the refusal otherwise."""
    if not request.deploys_without_cluster or refusal.code not in CLUSTER_ABSENT_CODES:
        raise refusal
    log.warning("%s: deployed without its cluster: %s", request.key, refusal)
    url = notebook_url.awaited_url(request.preferences)
    return {**last_value.PLACEHOLDER, "LivyUrl": url}, WAITING


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
            return _awaited(request, refusal)
        log.warning("%s: the last value is kept: %s", request.key, refusal)
        return last, GONE


def _on_record(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
    from cluster_record import handler as records

    gateway = _gateway()
    scope = _scope(context, gateway.region)
    if FOLLOW in event:
        return records.on_hint(event[FOLLOW], gateway, scope)
    return records.on_event(event, gateway, scope, lambda: _is_rolling_back(event))


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
