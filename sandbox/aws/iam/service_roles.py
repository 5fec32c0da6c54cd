"""Lets a service of AWS act in the name of a role, where the role's trust policy admits it."""

import json
import time
from collections.abc import Mapping
from typing import Any

from sandbox.aws.emulator import ministack


def may_assume(
    role_arn: str, principal: str, *, region: str, context: Mapping[str, str] | None = None
) -> bool:
    """Whether the role is there and its trust policy admits the service.

    `context` has the condition keys of the request, in lower case.
    """
    role = _role(role_arn)
    if role is None:
        return False
    evaluator = ministack("core.iam_evaluator")
    request = evaluator.EvalContext(
        principal_arn=principal,
        principal_type="Service",
        principal_account="",
        action="sts:AssumeRole",
        resource_arn=role_arn,
        region=region,
        service_context=dict(context or {}),
    )
    document = role.get("AssumeRolePolicyDocument") or {}
    document = json.loads(document) if isinstance(document, str) else document
    statements = document.get("Statement", [])
    # The emulator lets an account's root pass as any service: here only the service does.
    admitting = [
        {**each, "Principal": "*"}
        for each in (statements if isinstance(statements, list) else [statements])
        if evaluator._service_principal_matches(each.get("Principal"), principal)
    ]
    return bool(evaluator.evaluate_trust_policy({"Statement": admitting}, principal, request))


def session_keys(role_arn: str, name: str, *, seconds: float) -> tuple[str, str, str]:
    """Credentials of the role, as AssumeRole hands them out: key, secret and session token."""
    iam, sts = ministack("services.iam"), ministack("services.sts")
    assumed, _ = sts._assumed_role_arn(role_arn, name)
    key, secret, token = iam._gen_session_access_key(), iam._gen_secret(), iam._gen_session_token()
    session = {
        "Arn": assumed,
        "UserId": f"{sts._role_id(role_arn)}:{name}",
        "SecretAccessKey": secret,
        "SessionToken": token,
        "Expiration": time.time() + seconds,
        "AccountId": role_arn.split(":")[4],
        "PrincipalType": "AssumedRole",
    }
    sts.register_session(key, session)
    return key, secret, token


def _role(arn: str) -> dict[str, Any] | None:
    account, name = arn.split(":")[4], arn.rsplit("/", 1)[-1]
    found: dict[str, Any] | None = ministack("services.iam")._roles.get_scoped(account, None, name)
    return found if found and found.get("Arn") == arn else None
