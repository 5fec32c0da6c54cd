"""Adds SageMaker to the emulator, and keeps roles from callers who may not pass them."""

import json
from typing import Any

from sandbox.aws.answers import Refused, request_handler
from sandbox.aws.emulator import ministack
from sandbox.aws.sagemaker.api import SageMakerApi


def install(api: SageMakerApi) -> None:
    """Add the service to the emulator's registry."""
    ministack("app").SERVICE_HANDLERS["sagemaker"] = request_handler(
        "sagemaker", api.handlers.get, pass_role_denial
    )


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
    evaluator, router = ministack("core.iam_evaluator"), ministack("core.router")
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
    message = ministack("core.iam_actions").identity_denial_message(
        "iam:PassRole", getattr(denied, "principal_arn", ""), role, explicit
    )
    return Refused("AccessDeniedException", message)
