"""Calls AWS, retries until a deadline, and words what fails as a Refusal: the one seam to AWS."""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3
from botocore import xform_name
from botocore.config import Config

from cluster_endpoint import refusals
from cluster_endpoint.answers import mappings_at, part_at
from cluster_endpoint.failures import DeniedError, IncompleteError, TransientError, failure

CONNECT_SECONDS = 5
READ_SECONDS = 20
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 10.0
# For how long an answer that lacks what it must have is asked for again.
INCOMPLETE_SECONDS = 30
# Pages beyond which an answer is taken for one that never ends; a page of EMR's has 50 clusters.
MOST_PAGES = 100


@dataclass(frozen=True)
class Operation:
    """A call: its service and method in boto3, and the IAM action that allows it.

    `needed` are the parts that an answer must have, and their types: without one of them it says
    nothing, which is not the same as a list that is empty.
    """

    service: str
    method: str
    action: str
    needed: Mapping[str, type]


_EMR_NEEDED: Mapping[str, Mapping[str, type]] = {
    "DescribeCluster": {"Cluster": dict, "Cluster.Applications": list},
    "DescribeSecurityConfiguration": {"SecurityConfiguration": str},
    "ListClusters": {"Clusters": list},
    "ListInstanceFleets": {"InstanceFleets": list},
    "ListInstanceGroups": {"InstanceGroups": list},
    "ListInstances": {"Instances": list},
}
_ROUTE_53_NEEDED: Mapping[str, Mapping[str, type]] = {
    "ChangeResourceRecordSets": {"ChangeInfo": dict},
    "GetHostedZone": {"HostedZone": dict},
    "ListResourceRecordSets": {"ResourceRecordSets": list},
}
OPERATIONS: Mapping[str, Operation] = {
    name: Operation(service, xform_name(name), f"{iam_prefix}:{name}", needed)
    for service, iam_prefix, operations in (
        ("emr", "elasticmapreduce", _EMR_NEEDED),
        (
            "resourcegroupstaggingapi",
            "tag",
            {"GetResources": {"ResourceTagMappingList": list}},
        ),
        ("cloudformation", "cloudformation", {"DescribeStacks": {"Stacks": list}}),
        ("route53", "route53", _ROUTE_53_NEEDED),
    )
    for name, needed in operations.items()
}


@dataclass(frozen=True)
class AwsGateway:
    """AWS's calls and a clock. Tests replace this, and nothing else."""

    call: Callable[[str, Mapping[str, Any]], Mapping[str, Any]]
    region: str
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    # Seconds since 1970.
    wall_clock: Callable[[], float] = time.time
    # Spreads the retries of Lambdas that were throttled together.
    jitter: Callable[[], float] = random.random


def boto3_gateway() -> AwsGateway:
    """AWS in this Lambda's region. `Aws` retries, since boto3's retries know no deadline."""
    config = Config(
        retries={"total_max_attempts": 1},
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
    )

    # A client costs a tenth of a second: made when it is first needed.
    @cache
    def client(service: str) -> Any:
        return boto3.client(service, config=config)  # type: ignore[call-overload]

    def call(operation: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        found = OPERATIONS[operation]
        answer: Mapping[str, Any] = getattr(client(found.service), found.method)(**arguments)
        return answer

    return AwsGateway(call=call, region=client("emr").meta.region_name)


@dataclass(frozen=True)
class Aws:
    """Calls AWS until `seconds` after `started`, a moment on the gateway's clock.

    For the first `propagation_seconds` of them, a call that is denied is made again: IAM is
    eventually consistent, and the deploy may just have granted it.
    """

    gateway: AwsGateway
    started: float
    seconds: float
    propagation_seconds: float = 0.0

    @property
    def spent(self) -> float:
        """Seconds since the start."""
        return self.gateway.now() - self.started

    def ask(self, operation: str, resource: str, **arguments: Any) -> Mapping[str, Any]:
        """One call's answer. `resource` is what a refusal names.

        Raises Refusal when AWS refuses, or when every try failed until the time is over. No call
        begins after that.
        """
        begun, pause, longest = self.spent, 0.0, FIRST_PAUSE_SECONDS
        last = TransientError("no time is left")
        while self.spent + pause <= self._seconds_for(last, begun):
            self.gateway.sleep(pause)
            try:
                return self._attempt(operation, resource, arguments)
            except TransientError as error:
                last = error
            pause = longest * (0.5 + self.gateway.jitter() / 2)
            longest = min(longest * 2, LONGEST_PAUSE_SECONDS)
        raise last.refusal or refusals.unavailable(operation, str(last), self.spent)

    def _seconds_for(self, last: TransientError, begun: float) -> float:
        """Until when, counted from the start, a call that failed so is made again."""
        if isinstance(last, DeniedError):
            return min(self.seconds, self.propagation_seconds)
        if isinstance(last, IncompleteError):
            return min(self.seconds, begun + INCOMPLETE_SECONDS)
        return self.seconds

    def _attempt(
        self, operation: str, resource: str, arguments: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        known = OPERATIONS[operation]
        try:
            answer = self.gateway.call(operation, arguments)
        except Exception as error:
            raise failure(
                error,
                operation=operation,
                action=known.action,
                resource=resource,
                region=self.gateway.region,
            ) from None
        for part, kind in known.needed.items():
            if not isinstance(part_at(answer, part), kind):
                incomplete = refusals.incomplete_answer(operation, part)
                raise IncompleteError(f"the answer has no {part}", incomplete)
        return answer

    def pages(
        self,
        operation: str,
        resource: str,
        *,
        items: str,
        marker: str = "Marker",
        **arguments: Any,
    ) -> Iterator[Mapping[str, Any]]:
        """The items of all pages; `marker` names the page's token, in answers and in requests.

        Raises Refusal as `ask` does, and for pages without end.
        """
        token: dict[str, Any] = {}
        for _ in range(MOST_PAGES):
            page = self.ask(operation, resource, **arguments, **token)
            yield from mappings_at(page, items)
            if not page.get(marker):
                return
            token = {marker: page[marker]}
        raise refusals.endless_answer(operation, MOST_PAGES)
