"""Tells failures of a call to AWS apart: those that the next one may not have, and final ones."""

from botocore import exceptions
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from cluster_endpoint import refusals
from refusal import Refusal

# AWS's own failures, and too many calls; a load balancer's answers have a status and no code.
TRANSIENT_STATUSES = frozenset({429, 500, 502, 503, 504})
# A connection that breaks or times out, and XML that was cut; boto3's other errors are final.
TRANSIENT_ERRORS = (exceptions.ConnectionError, exceptions.HTTPClientError, ResponseParserError)
TRANSIENT_CODES = frozenset(
    {
        "InternalFailure",
        "InternalServerError",
        "InternalServerException",
        "InternalServiceException",
        # Route 53's, while it works on another change of the zone.
        "PriorRequestNotComplete",
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


class TransientError(Exception):
    """A call that failed in a way that the next one may not; `refusal` is said of the last one."""

    def __init__(self, said: str, refusal: Refusal | None = None) -> None:
        super().__init__(said)
        self.refusal = refusal


class DeniedError(TransientError):
    """A call that IAM denied."""


class IncompleteError(TransientError):
    """A call whose answer lacks a part that it must have."""


def failure(
    error: Exception, *, operation: str, action: str, resource: str, region: str
) -> TransientError | Refusal:
    """What boto3's error means for the call. `action` is the call's IAM action."""
    if isinstance(error, ClientError):
        code = _code(error)
        if code in TRANSIENT_CODES or _status(error) in TRANSIENT_STATUSES:
            return TransientError(_message(error))
        if code in DENIED_CODES:
            return DeniedError(_message(error), refusals.access_denied(action, resource))
        # EMR has no code for an unknown id: this is DescribeCluster's only refusal of a
        # well-formed request.
        if operation == "DescribeCluster" and code == "InvalidRequestException":
            return refusals.unknown_cluster(resource.rpartition("/")[2], region)
        return refusals.call_failed(operation, resource, _message(error))
    if isinstance(error, TRANSIENT_ERRORS):
        return TransientError(_sentence(error))
    if isinstance(error, BotoCoreError):
        return refusals.call_failed(operation, resource, _sentence(error))
    # boto3's parsers fail in whatever way on an answer that is not of the API's shape.
    said = f"the answer cannot be read ({type(error).__name__}: {error})"
    return refusals.call_failed(operation, resource, said)


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
