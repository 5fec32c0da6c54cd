"""Calls AWS, retries until a deadline, and words what fails as a Refusal: the one seam to AWS."""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3
from botocore import exceptions, xform_name
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from cluster_endpoint import refusals
from cluster_endpoint.answers import mappings_at
from refusal import Refusal

CONNECT_SECONDS = 5
READ_SECONDS = 20
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 10.0
# AWS's own failures, and too many calls; a load balancer's answers have a status and no code.
TRANSIENT_STATUSES = frozenset({429, 500, 502, 503, 504})
# A connection that breaks or times out, and XML that was cut; boto3's other errors are final.
TRANSIENT_ERRORS = (exceptions.ConnectionError, exceptions.HTTPClientError, ResponseParserError)
# Pages beyond which an answer is taken for one that never ends; a page of EMR's has 50 clusters.
MOST_PAGES = 100

TRANSIENT_CODES = frozenset(
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
DENIED_CODES = frozenset(
    {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "NotAuthorized"}
)


@dataclass(frozen=True)
class Operation:
    """A call: its service and method in boto3, and the IAM action that allows it."""

    service: str
    method: str
    action: str


_EMR_NAMES = (
    "DescribeCluster",
    "DescribeSecurityConfiguration",
    "ListClusters",
    "ListInstanceFleets",
    "ListInstanceGroups",
    "ListInstances",
)
OPERATIONS: Mapping[str, Operation] = {
    name: Operation(service, xform_name(name), f"{iam_prefix}:{name}")
    for service, iam_prefix, names in (
        ("emr", "elasticmapreduce", _EMR_NAMES),
        ("resourcegroupstaggingapi", "tag", ("GetResources",)),
        ("cloudformation", "cloudformation", ("DescribeStacks",)),
    )
    for name in names
}


@dataclass(frozen=True)
class AwsGateway:
    """AWS's calls and a clock. Tests replace this, and nothing else."""

    call: Callable[[str, Mapping[str, Any]], Mapping[str, Any]]
    region: str
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
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
    """Calls AWS until `seconds` after `started`, a moment on the gateway's clock."""

    gateway: AwsGateway
    started: float
    seconds: float

    @property
    def spent(self) -> float:
        """Seconds since the start."""
        return self.gateway.now() - self.started

    def ask(self, operation: str, resource: str, **arguments: Any) -> Mapping[str, Any]:
        """One call's answer. `resource` is what a refusal names.

        Raises Refusal when AWS refuses, or when every try failed until the time is over. No call
        begins after that.
        """
        pause, longest, failure = 0.0, FIRST_PAUSE_SECONDS, "no time is left"
        while self.spent + pause <= self.seconds:
            self.gateway.sleep(pause)
            try:
                return self._attempt(operation, resource, arguments)
            except _TransientError as error:
                failure = str(error)
            pause = longest * (0.5 + self.gateway.jitter() / 2)
            longest = min(longest * 2, LONGEST_PAUSE_SECONDS)
        raise refusals.unavailable(operation, failure, self.spent)

    def _attempt(
        self, operation: str, resource: str, arguments: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        try:
            return self.gateway.call(operation, arguments)
        except ClientError as error:
            if _code(error) in TRANSIENT_CODES or _status(error) in TRANSIENT_STATUSES:
                raise _TransientError(_message(error)) from None
            raise self._refusal(operation, resource, error) from None
        except TRANSIENT_ERRORS as error:
            raise _TransientError(_sentence(error)) from None
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
            yield from mappings_at(page, items)
            if not page.get(marker):
                return
            token = {marker: page[marker]}
        raise refusals.unfit_answer(marker, f"more than {MOST_PAGES} pages")

    def _refusal(self, operation: str, resource: str, error: ClientError) -> Refusal:
        if _code(error) in DENIED_CODES:
            return refusals.access_denied(OPERATIONS[operation].action, resource)
        # EMR has no code for an unknown id: this is DescribeCluster's only refusal of a
        # well-formed request.
        if operation == "DescribeCluster" and _code(error) == "InvalidRequestException":
            return refusals.unknown_cluster(resource.rpartition("/")[2], self.gateway.region)
        return refusals.call_failed(operation, resource, _message(error))


class _TransientError(Exception):
    """A call that failed in a way that the next one may not."""


def _message(error: ClientError) -> str:
    text = str(error.response.get("Error", {}).get("Message", "")).rstrip(".")
    known = ": ".join(part for part in (_code(error), text) if part)
    return known or f"HTTP status {_status(error)}"


def _sentence(error: Exception) -> str:
    return str(error).rstrip(".")


def _status(error: ClientError) -> int:
    return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
