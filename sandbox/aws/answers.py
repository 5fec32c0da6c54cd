"""How a JSON service of AWS answers, and what it answers when it refuses."""

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

from botocore.model import OperationNotFoundError

from sandbox.aws.service_model import input_errors, output_errors, validation_message

Response = tuple[int, dict[str, str], bytes]
Handler = Callable[[dict[str, Any]], dict[str, Any]]

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
        errors = input_errors(service, operation, parameters)
    except OperationNotFoundError:
        unknown = Refused("UnknownOperationException", f"{service} has no operation {operation!r}.")
        return refusal_response(unknown)
    if errors:
        return refusal_response(Refused("ValidationException", validation_message(errors)))
    try:
        answer = handler(parameters)
    except Refused as refused:
        return refusal_response(refused)
    return checked_answer(service, operation, answer)


def checked_answer(service: str, operation: str, answer: dict[str, Any]) -> Response:
    """The answer as it is sent, or a 500 that says what about it breaks the service's model."""
    errors = output_errors(service, operation, answer)
    if not errors:
        return json_response(answer)
    problem = f"The sandbox's {service} answered {operation} wrongly: {'; '.join(errors)}"
    logger.error(problem)
    return refusal_response(Refused("InternalFailure", problem), status=500)
