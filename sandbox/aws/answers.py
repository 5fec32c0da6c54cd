"""Answers the calls of a JSON service of AWS, and refuses those that its model does not allow."""

import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from botocore.model import OperationNotFoundError

from sandbox.aws.service_model import input_errors, output_errors, validation_message

Response = tuple[int, dict[str, str], bytes]
Handler = Callable[[dict[str, Any]], dict[str, Any]]
Denial = Callable[[dict[str, str], dict[str, Any], bytes], "Refused | None"]

logger = logging.getLogger("sandbox")


class Refused(Exception):
    """The service's own refusal: its code, its message and any further member."""

    def __init__(self, code: str, message: str, **members: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.members = members


def json_response(answer: Mapping[str, Any]) -> Response:
    """An answer of the JSON 1.1 protocol."""
    headers = {"Content-Type": "application/x-amz-json-1.1"}
    return 200, headers, json.dumps(answer).encode()


def refusal_response(refused: Refused, status: int = 400) -> Response:
    """A refusal of the JSON 1.1 protocol."""
    body = {"__type": refused.code, "message": refused.message, **refused.members}
    headers = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-errortype": refused.code}
    return status, headers, json.dumps(body).encode()


def request_handler(
    service: str, find: Callable[[str], Handler | None], denial: Denial = lambda *_: None
) -> Callable[..., Awaitable[Response]]:
    """What ministack calls for each request to the service.

    `find` gives the handler of an operation, None for one that the sandbox lacks; `denial` the
    refusal, beyond ministack's own, of a caller who may not ask this.
    """

    def missing(_: dict[str, Any]) -> dict[str, Any]:
        raise Refused("UnsupportedOperation", f"The sandbox's {service} lacks this operation.")

    async def handle(
        method: str,  # noqa: ARG001 - the emulator's signature
        path: str,  # noqa: ARG001
        headers: dict[str, str],
        body: bytes,
        query_params: dict[str, Any],
    ) -> Response:
        operation = headers.get("x-amz-target", "").rpartition(".")[2]
        denied = denial(headers, query_params, body)
        if denied is not None:
            return refusal_response(denied)
        return checked_call(service, operation, find(operation) or missing, body)

    return handle


def checked_call(service: str, operation: str, handler: Handler, body: bytes) -> Response:
    """Answer one call: the request and the answer both checked against the service's model.

    An answer that breaks the model is the sandbox's defect: it is logged and sent as a failure,
    so that no test passes on what AWS would never send.
    """
    try:
        parameters = json.loads(body or b"{}")
    except ValueError as error:
        return refusal_response(Refused("SerializationException", str(error)))
    try:
        require_valid(service, operation, parameters)
        answer = handler(parameters)
    except OperationNotFoundError:
        unknown = Refused("UnknownOperationException", f"{service} has no operation {operation!r}.")
        return refusal_response(unknown)
    except Refused as refused:
        return refusal_response(refused)
    return checked_answer(service, operation, answer)


def require_valid(service: str, operation: str, parameters: Any) -> None:
    """Raise Refused for a request that breaks the service's model."""
    errors = input_errors(service, operation, parameters)
    if errors:
        raise Refused("ValidationException", validation_message(errors))


def checked_answer(service: str, operation: str, answer: dict[str, Any]) -> Response:
    """The answer as it is sent, or a 500 that says what about it breaks the service's model."""
    errors = output_errors(service, operation, answer)
    if not errors:
        return json_response(answer)
    problem = f"The sandbox's {service} answered {operation} wrongly: {'; '.join(errors)}"
    logger.error(problem)
    return refusal_response(Refused("InternalFailure", problem), status=500)
