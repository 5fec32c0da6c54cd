"""Where a cluster's Livy is now: the resolver's own decisions, made on this machine."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from emr_notebook.cli.lookup_role import partition
from emr_notebook.cli.reader import Reader, iam_action
from emr_notebook.names import LAMBDA_ASSETS
from emr_notebook.resolver_request import opened_port, properties
from emr_notebook.settings import Settings

# The Lambda's code is not a package of this app: it is shipped as it is.
if str(LAMBDA_ASSETS) not in sys.path:
    sys.path.append(str(LAMBDA_ASSETS))

from cluster_endpoint.aws import Outside
from cluster_endpoint.find import Scope, find_endpoint
from cluster_endpoint.operations import OPERATIONS
from cluster_endpoint.refusals import Refusal
from cluster_endpoint.request import parse


@dataclass(frozen=True)
class LiveEndpoint:
    """What a deploy would find of a cluster now: its values, or why it would fail.

    `denied` is the IAM action that is missing to know; the caller's, not the resolver's.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    refusal: str = ""
    denied: str = ""


def live_endpoint(reader: Reader, settings: Settings, key: str) -> LiveEndpoint:
    """Look the cluster with this key up as the resolver does, without waiting for it."""
    cluster = settings.clusters[key].model_copy(update={"wait_minutes": 0})
    opened = opened_port(settings.network, cluster)
    request = parse(properties(key, cluster, opened_port=opened, refresh=""))
    # Of this look-up alone: others run beside it.
    asked: list[str] = []

    def call(operation: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        known = OPERATIONS[operation]
        asked.append(iam_action(known.service, known.method))
        reader.asked.append(asked[-1])
        return reader.call(known.service, known.method, arguments)

    outside = Outside(call=call, region=reader.region)
    region = settings.region
    scope = Scope(partition=partition(region), region=region, account=settings.account)
    try:
        return LiveEndpoint(find_endpoint(request, outside, scope, outside.now()))
    except Refusal as refusal:
        if refusal.code == "access-denied":
            return LiveEndpoint(refusal=str(refusal), denied=asked[-1])
        return LiveEndpoint(refusal=str(refusal))
