"""Makes IAM's simulation what AWS's is: of a principal that exists, with the given context keys."""

from contextvars import ContextVar
from dataclasses import replace
from typing import Any

from sandbox.aws.emulator import ministack

ACTION = "SimulatePrincipalPolicy"
Parameters = dict[str, Any]

_context: ContextVar[dict[str, Any]] = ContextVar("simulated_context")


def install() -> None:
    """Refuse a role or user that does not exist, in the words that IAM has for the read of one."""
    iam, evaluator = ministack("services.iam"), ministack("core.iam_evaluator")
    handlers = iam._IAM_HANDLERS
    simulate, evaluate = handlers[ACTION], evaluator.evaluate

    def known(parameters: Parameters) -> Any:
        source = iam._p(parameters, "PolicySourceArn")
        kind, _, rest = source.rpartition(":")[2].partition("/")
        name = rest.rpartition("/")[2]
        reads = {"role": ("GetRole", "RoleName"), "user": ("GetUser", "UserName")}
        if kind in reads:
            read, parameter = reads[kind]
            answer = handlers[read]({**parameters, parameter: [name]})
            if answer[0] != 200:
                return answer
            # Ministack finds the policies by the name, and takes a path for a part of it.
            account = source.rpartition(":")[0]
            parameters = {**parameters, "PolicySourceArn": [f"{account}:{kind}/{name}"]}
        token = _context.set(context_entries(parameters))
        try:
            return simulate(parameters)
        finally:
            _context.reset(token)

    def evaluate_in_context(context: Any, *policies: Any) -> Any:
        given = _context.get({})
        known_keys = {**context.service_context, **given}
        return evaluate(replace(context, service_context=known_keys), *policies)

    handlers[ACTION] = known
    evaluator.evaluate = evaluate_in_context


def context_entries(parameters: Parameters) -> dict[str, Any]:
    """The condition keys of a request and their values, as the query protocol sends them."""
    found: dict[str, Any] = {}
    number = 1
    while key := _first(parameters, f"ContextEntries.member.{number}.ContextKeyName"):
        start = f"ContextEntries.member.{number}.ContextKeyValues.member."
        names = sorted(name for name in parameters if name.startswith(start))
        values = [_first(parameters, name) for name in names]
        found[key.lower()] = values[0] if len(values) == 1 else values
        number += 1
    return found


def _first(parameters: Parameters, name: str) -> str:
    given = parameters.get(name, "")
    return str(given[0] if isinstance(given, list) and given else given or "")
