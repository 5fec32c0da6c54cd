"""SageMaker as a service of the emulator: routed, authorized, checked against its model."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from sandbox.aws.answers import Refused, Response, checked_call, refusal_response
from sandbox.aws.emulator import module
from sandbox.aws.sagemaker.api import SageMakerApi


def request_handler(api: SageMakerApi) -> Callable[..., Awaitable[Response]]:
    """The handler that the emulator's registry calls for `X-Amz-Target: SageMaker.*`."""

    async def handle(
        method: str,  # noqa: ARG001 - the emulator's signature
        path: str,  # noqa: ARG001
        headers: dict[str, str],
        body: bytes,
        query_params: dict[str, Any],
    ) -> Response:
        operation = headers.get("x-amz-target", "").rpartition(".")[2]
        denied = pass_role_denial(headers, query_params, body)
        if denied is not None:
            return refusal_response(denied)
        return checked_call("sagemaker", operation, api.handlers.get(operation, _missing), body)

    return handle


def pass_role_denial(
    headers: dict[str, str], query_params: dict[str, Any], body: bytes
) -> Refused | None:
    """The refusal of a caller who may not hand the request's RoleArn to SageMaker."""
    try:
        role = json.loads(body or b"{}").get("RoleArn")
    except (ValueError, AttributeError):
        return None
    if not role:
        return None
    evaluator, router = module("core.iam_evaluator"), module("core.router")
    denied = evaluator.enforce(
        router.extract_access_key_id(headers, query_params),
        "iam:PassRole",
        "iam",
        router.extract_region(headers, query_params),
        resource_arn=role,
        service_context={"iam:PassedToService": "sagemaker.amazonaws.com"},
    )
    if denied is None:
        return None
    explicit = getattr(denied, "decision", "") == "Deny"
    message = module("core.iam_actions").identity_denial_message(
        "iam:PassRole", getattr(denied, "principal_arn", ""), role, explicit
    )
    return Refused("AccessDeniedException", message)


def _missing(_: dict[str, Any]) -> dict[str, Any]:
    raise Refused("UnsupportedOperation", "The sandbox's SageMaker does not have this operation.")


def install(api: SageMakerApi) -> None:
    """Add the service to the emulator's registry."""
    module("app").SERVICE_HANDLERS["sagemaker"] = request_handler(api)
