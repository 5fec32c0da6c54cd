"""The one seam to AWS: calls that are retried until a deadline, and refused in words."""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3
from botocore import exceptions
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from cluster_endpoint import refusals
from refusal import Refusal

CONNECT_SECONDS = 5
READ_SECONDS = 20
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 10.0
# AWS's own failures, and its word for too many calls; a load balancer's answers have no code.
PASSING_STATUSES = frozenset({429, 500, 502, 503, 504})
# A connection that breaks or times out, and XML that was cut; boto3's other errors stay.
PASSING_ERRORS = (exceptions.ConnectionError, exceptions.HTTPClientError, ResponseParserError)
# Pages beyond which an answer is taken for one that never ends; a page of EMR's has 50 clusters.
MOST_PAGES = 100

TRANSIENT = frozenset(
    {
        "InternalFailure",
        "InternalServerError",
        "InternalServerException",
        "InternalServiceException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
DENIED = frozenset(
    {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "NotAuthorized"}
)


@dataclass(frozen=True)
class Outside:
    """What the resolver knows of the world: AWS and a clock. Tests replace this, nothing else."""

    call: Callable[[str, Mapping[str, Any]], Mapping[str, Any]]
    region: str
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    # Spreads the retries of Lambdas that were throttled together.
    jitter: Callable[[], float] = random.random


def real_outside() -> Outside:
    """AWS in this Lambda's region. Retries are this module's: boto3's know no deadline."""
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
        known = OPERATIONS[operation]
        answer: Mapping[str, Any] = getattr(client(known.service), known.method)(**arguments)
        return answer

    return Outside(call=call, region=client("emr").meta.region_name)


@dataclass(frozen=True)
class Aws:
    """AWS, asked for so many seconds from a moment on the outside's clock."""

    outside: Outside
    started: float
    seconds: float

    @property
    def spent(self) -> float:
        """Seconds since the start."""
        return self.outside.now() - self.started

    def ask(self, operation: str, resource: str, **arguments: Any) -> Mapping[str, Any]:
        """One call's answer. `resource` is what a refusal names.

        Raises Refusal when AWS refuses, or has only failed in passing until the time is over.
        No call begins after that.
        """
        pause, longest, failure = 0.0, FIRST_PAUSE_SECONDS, "no time is left"
        while self.spent + pause <= self.seconds:
            self.outside.sleep(pause)
            try:
                return self._attempt(operation, resource, arguments)
            except _Passing as passing:
                failure = str(passing)
            pause = longest * (0.5 + self.outside.jitter() / 2)
            longest = min(longest * 2, LONGEST_PAUSE_SECONDS)
        raise refusals.unavailable(operation, failure, self.spent)

    def _attempt(
        self, operation: str, resource: str, arguments: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        try:
            return self.outside.call(operation, arguments)
        except ClientError as error:
            if _code(error) in TRANSIENT or _status(error) in PASSING_STATUSES:
                raise _Passing(_said(error)) from None
            raise self._refusal(operation, resource, error) from None
        except PASSING_ERRORS as error:
            raise _Passing(_sentence(error)) from None
        except BotoCoreError as error:
            raise refusals.call_failed(operation, resource, _sentence(error)) from None
        except Exception as error:
            # boto3's parsers fail in whatever way on an answer that is not of the API's shape.
            said = f"the answer cannot be read ({type(error).__name__}: {error})"
            raise refusals.call_failed(operation, resource, said) from None

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
            listed = page.get(items)
            for each in listed if isinstance(listed, list) else []:
                if isinstance(each, Mapping):
                    yield each
            if not page.get(marker):
                return
            token = {marker: page[marker]}
        raise refusals.unfit_answer(marker, f"more than {MOST_PAGES} pages")

    def _refusal(self, operation: str, resource: str, error: ClientError) -> Refusal:
        if _code(error) in DENIED:
            return refusals.access_denied(OPERATIONS[operation].action, resource)
        # EMR has no code for an unknown id: this is DescribeCluster's only refusal of a
        # well-formed request.
        if operation == "DescribeCluster" and _code(error) == "InvalidRequestException":
            return refusals.unknown_cluster(resource.rpartition("/")[2], self.outside.region)
        return refusals.call_failed(operation, resource, _said(error))


class _Passing(Exception):
    """A call that failed in a way that the next one may not."""


def _said(error: ClientError) -> str:
    message = str(error.response.get("Error", {}).get("Message", "")).rstrip(".")
    said = ": ".join(part for part in (_code(error), message) if part)
    return said or f"HTTP status {_status(error)}"


def _sentence(error: Exception) -> str:
    return str(error).rstrip(".")


def _status(error: ClientError) -> int:
    return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


@dataclass(frozen=True)
class Operation:
    """A call: whose it is, boto3's name for it, and the IAM action that allows it."""

    service: str
    method: str
    action: str


OPERATIONS: Mapping[str, Operation] = {
    name: Operation(service, method, f"{prefix}:{name}")
    for name, service, method, prefix in (
        ("DescribeCluster", "emr", "describe_cluster", "elasticmapreduce"),
        ("ListInstances", "emr", "list_instances", "elasticmapreduce"),
        ("ListClusters", "emr", "list_clusters", "elasticmapreduce"),
        ("ListInstanceGroups", "emr", "list_instance_groups", "elasticmapreduce"),
        ("ListInstanceFleets", "emr", "list_instance_fleets", "elasticmapreduce"),
        (
            "DescribeSecurityConfiguration",
            "emr",
            "describe_security_configuration",
            "elasticmapreduce",
        ),
        ("GetResources", "resourcegroupstaggingapi", "get_resources", "tag"),
        ("DescribeStacks", "cloudformation", "describe_stacks", "cloudformation"),
    )
}
