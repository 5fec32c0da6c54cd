"""Finds where a cluster's Livy is now, by the resolver's own decisions on this machine."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cluster_endpoint.aws import OPERATIONS, AwsGateway
from cluster_endpoint.find import ArnScope, find_endpoint
from cluster_endpoint.request import parse
from cluster_endpoint.session_fields import refuse_unknown
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
    `proxy_user` is why the cluster's Livy runs no session in another user's name, or "".
    """

    values: Mapping[str, str] = field(default_factory=dict)
    refusal: str = ""
    denied: str = ""
    proxy_user: str = ""

    @property
    def code(self) -> str:
        """The refusal's code, such as cluster-none; "" without a refusal."""
        found = re.match(r"\[([a-z-]+)\]", self.refusal)
        return found[1] if found else ""

    def for_sessions(self, fields: Iterable[str]) -> "LiveEndpoint":
        """The same for sessions with these fields, which not every Livy takes: maybe refused."""
        if not self.values:
            return self
        try:
            refuse_unknown(self.values["ClusterId"], self.values["LivyVersion"], fields)
        except Refusal as refusal:
            return LiveEndpoint(refusal=str(refusal))
        return self


def live_endpoint(reader: Reader, settings: Settings, key: str) -> LiveEndpoint:
    """Look the cluster with this key up as the resolver does, without waiting for anything.

    What the notebooks ask of a session differs between them: `for_sessions` looks at that.
    """
    cluster = settings.clusters[key].model_copy(update={"wait_minutes": 0})
    opened = opened_port(settings.network, cluster)
    request = parse(properties(key, cluster, opened_port=opened, has_proxy_user=True, refresh=""))
    actions: list[str] = []
    warnings: list[str] = []

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
        found = find_endpoint(
            request, gateway, scope, gateway.now(), propagation_seconds=0, warn=warnings.append
        )
        return LiveEndpoint(found, proxy_user="; ".join(warnings))
    except Refusal as refusal:
        if refusal.code == "access-denied":
            return LiveEndpoint(refusal=str(refusal), denied=actions[-1])
        return LiveEndpoint(refusal=str(refusal))
