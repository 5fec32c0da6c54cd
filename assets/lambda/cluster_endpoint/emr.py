"""The one seam to EMR: calls that are retried until a deadline, and refused in words."""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from cluster_endpoint import refusals

CONNECT_SECONDS = 5
READ_SECONDS = 20
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 10.0
# Pages of ListInstances beyond which an answer is taken for one that never ends.
MOST_PAGES = 100

TRANSIENT = frozenset(
    {
        "InternalFailure",
        "InternalServerError",
        "InternalServerException",
        "RequestLimitExceeded",
        "RequestTimeout",
        "ServiceUnavailable",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})


@dataclass(frozen=True)
class Outside:
    """What the resolver knows of the world: EMR and a clock. Tests replace this, nothing else."""

    call: Callable[[str, Mapping[str, Any]], Mapping[str, Any]]
    region: str
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    # Spreads the retries of Lambdas that were throttled together.
    jitter: Callable[[], float] = field(default=random.random)


def real_outside() -> Outside:
    """EMR in this Lambda's region. Retries are this module's: boto3's know no deadline."""
    config = Config(
        retries={"total_max_attempts": 1},
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
    )
    client = boto3.client("emr", config=config)
    methods: dict[str, Callable[..., Mapping[str, Any]]] = {
        "DescribeCluster": client.describe_cluster,
        "ListInstances": client.list_instances,
    }

    def call(operation: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        return methods[operation](**arguments)

    return Outside(call=call, region=client.meta.region_name)


@dataclass(frozen=True)
class Emr:
    """EMR, asked until a deadline on the outside's clock."""

    outside: Outside
    arn_of: Callable[[str], str]
    deadline: float

    def describe_cluster(self, cluster_id: str) -> Mapping[str, Any]:
        """The cluster. Raises Refusal when EMR does not know it or does not answer in time."""
        answer = self._call("DescribeCluster", cluster_id, ClusterId=cluster_id)
        cluster = answer.get("Cluster")
        if not isinstance(cluster, Mapping):
            raise refusals.unfit_answer("Cluster", cluster)
        return cluster

    def list_instances(self, cluster_id: str, **filters: Any) -> list[Mapping[str, Any]]:
        """All pages of the cluster's instances that the filters let through. Raises Refusal."""
        found: list[Mapping[str, Any]] = []
        marker: dict[str, Any] = {}
        for _ in range(MOST_PAGES):
            page = self._call(
                "ListInstances", cluster_id, ClusterId=cluster_id, **filters, **marker
            )
            found.extend(each for each in page.get("Instances") or [] if isinstance(each, Mapping))
            if not page.get("Marker"):
                return found
            marker = {"Marker": page["Marker"]}
        raise refusals.unfit_answer("Marker", f"more than {MOST_PAGES} pages")

    def _call(self, operation: str, cluster_id: str, **arguments: Any) -> Mapping[str, Any]:
        started = self.outside.now()
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                return self.outside.call(operation, arguments)
            except ClientError as error:
                if _code(error) not in TRANSIENT:
                    raise self._refusal(operation, cluster_id, error) from None
            except BotoCoreError as error:
                # Connections that break or time out; boto3's own mistakes are not worth a retry.
                if not _is_connection(error):
                    said = str(error).rstrip(".")
                    raise refusals.call_failed(operation, cluster_id, said) from None
            spread = pause * (0.5 + self.outside.jitter() / 2)
            if self.outside.now() + spread > self.deadline:
                raise refusals.throttled(operation, self.outside.now() - started)
            self.outside.sleep(spread)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    def _refusal(self, operation: str, cluster_id: str, error: ClientError) -> refusals.Refusal:
        said = str(error.response.get("Error", {}).get("Message", "")).rstrip(".")
        if _code(error) in DENIED:
            return refusals.access_denied(f"elasticmapreduce:{operation}", self.arn_of(cluster_id))
        # The API has no code of its own for an unknown id: DescribeCluster's only refusal of a
        # well-formed request is this one.
        if operation == "DescribeCluster" and _code(error) == "InvalidRequestException":
            return refusals.unknown_cluster(cluster_id, self.outside.region)
        return refusals.call_failed(operation, cluster_id, f"{_code(error)}: {said}")


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _is_connection(error: BotoCoreError) -> bool:
    return any(
        kind.__name__ in {"HTTPClientError", "ConnectionError"} for kind in type(error).__mro__
    )
