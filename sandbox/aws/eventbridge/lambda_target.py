"""Calls a rule's Lambda as AWS does: by its permission, asynchronously, with retries."""

import json
import logging
from collections.abc import Mapping
from typing import Any

from sandbox.aws.emulator import ministack

PRINCIPAL = "events.amazonaws.com"

logger = logging.getLogger("sandbox")


def admits(policy: Mapping[str, Any], rule_arn: str) -> bool:
    """Whether a function's policy lets EventBridge call it on behalf of the rule."""
    return any(
        _has(each.get("Principal"), PRINCIPAL)
        and each.get("Effect") == "Allow"
        and each.get("Action") == "lambda:InvokeFunction"
        and _source(each) in ("", rule_arn)
        for each in policy.get("Statement", [])
    )


def install() -> None:
    """Put it into the place of ministack's call, which asks nobody and tries once."""
    eventbridge = ministack("services.eventbridge")
    original = eventbridge._invoke_target

    def invoke(target: Mapping[str, Any], event: Any, rule: Mapping[str, Any], *more: Any) -> None:
        if ":lambda:" not in target.get("Arn", ""):
            original(target, event, rule, *more)
            return
        lambdas = ministack("services.lambda_svc")
        function, config, _ = lambdas._get_func_record_for_ref(target["Arn"])
        if not function or not admits(function["policy"], str(rule.get("Arn", ""))):
            logger.warning("EventBridge may not call %s for %s", target["Arn"], rule.get("Arn"))
            return
        # The event, or what the target says in its place; transformers are not the sandbox's.
        payload = json.loads(target["Input"]) if target.get("Input") else dict(event)
        lambdas.invoke_async_with_retry(
            lambdas._execution_record_for_config(function, config), payload
        )

    eventbridge._invoke_target = invoke


def _has(principal: Any, wanted: str) -> bool:
    return principal == wanted or (
        isinstance(principal, Mapping) and principal.get("Service") == wanted
    )


def _source(statement: Mapping[str, Any]) -> str:
    conditions = statement.get("Condition", {})
    held = {**conditions.get("ArnLike", {}), **conditions.get("ArnEquals", {})}
    return str({name.lower(): value for name, value in held.items()}.get("aws:sourcearn", ""))
