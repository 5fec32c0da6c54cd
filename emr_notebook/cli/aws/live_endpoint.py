"""Finds where a cluster's Livy is now, by the resolver's own decisions on this machine."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cluster_endpoint.aws import OPERATIONS, AwsGateway
from cluster_endpoint.find import ArnScope, find_endpoint
from cluster_endpoint.request import parse
from emr_notebook.cli.aws.reader import Reader, iam_action
from emr_notebook.constructs.resolver_request import opened_port, properties
from emr_notebook.settings.model import Settings
from refusal import Refusal

# That a cluster has Livy, and where, is no sign that it runs.
NOT_ASKED = "whether it answers now, which only the notebooks' network can tell"
ASKED_BY = (
    "run START HERE.ipynb in a notebook, or restart one and verify again: a start asks Livy and "
    "reports it"
)


@dataclass(frozen=True)
class LiveEndpoint:
    """What a deploy would find of a cluster now: its values, or why it would fail.

    `denied` is the IAM action that is missing to know; the caller's, not the resolver's.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    refusal: str = ""
    denied: str = ""


def live_endpoint(reader: Reader, settings: Settings, key: str) -> LiveEndpoint:
    """Look the cluster with this key up as the resolver does, without waiting for anything."""
    cluster = settings.clusters[key].model_copy(update={"wait_minutes": 0})
    opened = opened_port(settings.network, cluster)
    request = parse(properties(key, cluster, opened_port=opened, refresh=""))
    actions: list[str] = []

    def call(operation: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        known = OPERATIONS[operation]
        actions.append(iam_action(known.service, known.method))
        return reader.call(known.service, known.method, arguments)

    gateway = AwsGateway(call=call, region=reader.region)
    scope = ArnScope(
        partition=settings.partition.name, region=settings.region, account=settings.account
    )
    try:
        # Whoever asks has changed neither permissions nor tags just now.
        found = find_endpoint(request, gateway, scope, gateway.now(), propagation_seconds=0)
        return LiveEndpoint(found)
    except Refusal as refusal:
        if refusal.code == "access-denied":
            return LiveEndpoint(refusal=str(refusal), denied=actions[-1])
        return LiveEndpoint(refusal=str(refusal))
