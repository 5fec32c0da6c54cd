"""CloudFormation's verbs. The Provider framework in front of it sends the answers."""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

from cluster_endpoint import refusals, resolve
from cluster_endpoint.emr import Emr, Outside, real_outside

# How long EMR is retried beyond the wait for the cluster. With the longest wait, 13 minutes, this
# ends before Lambda's limit of 15, which CloudFormation would report as a bare timeout.
RETRY_SECONDS = 60
POLL_SECONDS = 15
MOST_WAIT_MINUTES = 13

log = logging.getLogger("cluster_endpoint")
log.setLevel(logging.INFO)


class LambdaContext(Protocol):
    """What this handler reads of Lambda's context."""

    invoked_function_arn: str


@dataclass(frozen=True)
class Request:
    """What the template asks for."""

    key: str
    cluster_id: str
    wait_seconds: int


def on_event(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer a Create, Update or Delete of Custom::ClusterEndpoint.

    Create and Update answer the attributes of resolve.Endpoint.outputs, or raise Refusal, whose
    text CloudFormation shows. Delete answers at once: nothing was made.
    The event is never logged: it holds a pre-signed URL.
    """
    if event["RequestType"] == "Delete":
        return {"PhysicalResourceId": event["PhysicalResourceId"]}
    request = _request(event.get("ResourceProperties", {}))
    endpoint = find_endpoint(request, _outside(), partition_and_account(context))
    # Stable whatever the cluster: another id would be a replacement, followed by a Delete.
    return {
        "PhysicalResourceId": f"cluster-endpoint-{request.key}",
        "Data": endpoint.outputs(),
    }


def find_endpoint(request: Request, outside: Outside, scope: tuple[str, str]) -> resolve.Endpoint:
    """Wait for the cluster, then look its primary node up: two calls to EMR where none waits.

    `scope` is the partition and the account, for ARNs in messages. Raises Refusal.
    """
    partition, account = scope
    emr = Emr(
        outside=outside,
        arn_of=lambda cluster_id: (
            f"arn:{partition}:elasticmapreduce:{outside.region}:{account}:cluster/{cluster_id}"
        ),
        deadline=outside.now() + request.wait_seconds + RETRY_SECONDS,
    )
    cluster = _usable_cluster(emr, request)
    # Told before the second call: a cluster without Livy is refused whatever its instances are.
    resolve.application_versions(cluster)
    instances = emr.list_instances(request.cluster_id, **resolve.primary_filter(cluster))
    found = resolve.endpoint(cluster, instances)
    log.info("%s: Livy of %s is at %s", request.key, found.cluster_id, found.livy_url)
    return found


def partition_and_account(context: LambdaContext) -> tuple[str, str]:
    """From this function's own ARN: arn:<partition>:lambda:<region>:<account>:function:<name>."""
    parts = context.invoked_function_arn.split(":")
    return parts[1], parts[4]


def _usable_cluster(emr: Emr, request: Request) -> Mapping[str, Any]:
    started = emr.outside.now()
    while True:
        cluster = emr.describe_cluster(request.cluster_id)
        if not resolve.is_starting(cluster):
            return cluster
        waited = emr.outside.now() - started
        state = resolve.state_of(cluster)
        if waited + POLL_SECONDS > request.wait_seconds:
            raise refusals.cluster_not_ready(request.cluster_id, state, waited)
        log.info(
            "%s: waiting for %s, which is %s; %.0f of at most %d s",
            request.key,
            request.cluster_id,
            state,
            waited,
            request.wait_seconds,
        )
        emr.outside.sleep(POLL_SECONDS)


def _request(properties: Mapping[str, Any]) -> Request:
    key = str(properties.get("ClusterKey", ""))
    cluster_id = str(properties.get("ClusterId", ""))
    minutes = str(properties.get("WaitMinutes", ""))
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,31}", key):
        raise refusals.bad_request("ClusterKey", key)
    if not re.fullmatch(resolve.FORMS["ClusterId"], cluster_id):
        raise refusals.bad_request("ClusterId", cluster_id)
    # CloudFormation hands every scalar over as text.
    if not re.fullmatch(r"\d{1,2}", minutes) or int(minutes) > MOST_WAIT_MINUTES:
        raise refusals.bad_request("WaitMinutes", minutes)
    return Request(key=key, cluster_id=cluster_id, wait_seconds=60 * int(minutes))


@cache
def _outside() -> Outside:
    return real_outside()
