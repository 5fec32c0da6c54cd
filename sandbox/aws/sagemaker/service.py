"""Adds SageMaker to the emulator, and refuses callers who lack what a notebook asks of them."""

import json
from collections.abc import Mapping
from typing import Any

from sandbox.aws.answers import Denial, Refused, request_handler
from sandbox.aws.emulator import ministack
from sandbox.aws.sagemaker.api import SageMakerApi
from sandbox.aws.sagemaker.caller_permissions import Question, questions
from sandbox.aws.sagemaker.store import SageMakerStore


def install(api: SageMakerApi, store: SageMakerStore) -> None:
    """Add the service to the emulator's registry."""
    ministack("app").SERVICE_HANDLERS["sagemaker"] = request_handler(
        "sagemaker", api.handlers.get, caller_denial(store)
    )


def caller_denial(store: SageMakerStore) -> Denial:
    """What refuses a caller who may not do all that SageMaker does in the caller's name.

    AWS documents what is asked, not how it is refused. An AccessDeniedException at once, in the
    place of a notebook that ends in Failed, is the sandbox's choice for what is not the role.
    """

    def secrets_of(properties: Mapping[str, Any]) -> dict[str, str]:
        first = properties.get("DefaultCodeRepository")
        names = [*([first] if first else []), *properties.get("AdditionalCodeRepositories", [])]
        found = [store.repository(name) for name in names]
        secrets = [x.git["SecretArn"] for x in found if x is not None and "SecretArn" in x.git]
        return {each: _key_of(each) for each in secrets}

    def denial(headers: dict[str, str], query: dict[str, Any], body: bytes) -> Refused | None:
        try:
            request = json.loads(body or b"{}")
            notebook = store.notebook(str(request.get("NotebookInstanceName", "")))
        except (ValueError, AttributeError):
            return None
        asked = questions(
            headers.get("x-amz-target", "").rpartition(".")[2],
            request,
            notebook.properties if notebook else None,
            secrets_of=secrets_of,
            place=_place(),
        )
        refusals = (_refusal(each, headers, query) for each in asked)
        return next((each for each in refusals if each is not None), None)

    return denial


def _key_of(secret_arn: str) -> str:
    """The customer's key that encrypts the secret; "" for Secrets Manager's own or no secret."""
    _, secret = ministack("services.secretsmanager")._resolve(secret_arn)
    key = ministack("services.kms")._resolve_key((secret or {}).get("KmsKeyId"))
    return str(key["Arn"]) if key else ""


def _place() -> str:
    responses = ministack("core.responses")
    return f"{responses.get_region()}:{responses.get_account_id()}"


def _refusal(
    question: Question, headers: dict[str, str], query_params: dict[str, Any]
) -> Refused | None:
    evaluator, router = ministack("core.iam_evaluator"), ministack("core.router")
    denied = evaluator.enforce(
        router.extract_access_key_id(headers, query_params),
        question.action,
        question.action.partition(":")[0],
        router.extract_region(headers, query_params),
        resource_arn=question.resource,
        service_context=dict(question.context),
    )
    if denied is None:
        return None
    explicit = getattr(denied, "decision", "") == "Deny"
    message = ministack("core.iam_actions").identity_denial_message(
        question.action, getattr(denied, "principal_arn", ""), question.resource, explicit
    )
    return Refused("AccessDeniedException", message)
