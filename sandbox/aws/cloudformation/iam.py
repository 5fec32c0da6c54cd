"""Adds what ministack's CloudFormation leaves out of AWS::IAM::Role and AWS::IAM::ManagedPolicy.

A role's PermissionsBoundary, the quotas, and that a policy somebody still uses cannot go.
"""

import re
from collections.abc import Callable
from typing import Any

from sandbox.aws.cloudformation.schema import Created, Properties
from sandbox.aws.emulator import ministack
from sandbox.aws.iam.quotas import managed_policy_problem, role_problem

ROLE = "AWS::IAM::Role"
MANAGED_POLICY = "AWS::IAM::ManagedPolicy"

Handlers = dict[str, Any]
Check = Callable[[Properties, str], None]
Finish = Callable[[str, Properties], None]


def install() -> None:
    """Put checks around ministack's handlers; each raises ValueError in IAM's words."""
    handlers = ministack("services.cloudformation.provisioners")._RESOURCE_HANDLERS
    handlers[ROLE] |= _checking(handlers[ROLE], _check_role, _set_boundary)
    delete = handlers[MANAGED_POLICY]["delete"]

    def delete_unused(arn: str, properties: Properties) -> None:
        if _used_by_others(arn, properties):
            raise ValueError("Cannot delete a policy attached to entities.")
        delete(arn, properties)

    checking = _checking(handlers[MANAGED_POLICY], _check_policy, lambda *_: None)
    handlers[MANAGED_POLICY] |= checking | {"delete": delete_unused}


def _checking(handlers: Handlers, check: Check, finish: Finish) -> Handlers:
    """Ministack's create and update between `check` and `finish`."""
    create, update = handlers["create"], handlers["update"]

    def checked_create(logical_id: str, properties: Properties, stack: str) -> Created:
        check(properties, logical_id)
        created: Created = create(logical_id, properties, stack)
        finish(created[0], properties)
        return created

    def checked_update(
        identity: str, old: Properties, new: Properties, stack: str, logical_id: str
    ) -> Created:
        check(new, identity)
        updated: Created = update(identity, old, new, stack, logical_id)
        finish(updated[0], new)
        return updated

    return {"create": checked_create, "update": checked_update}


def _check_policy(properties: Properties, _name: str) -> None:
    _refuse(managed_policy_problem(properties.get("PolicyDocument", {})))


def _check_role(properties: Properties, name: str) -> None:
    inline = [each.get("PolicyDocument", {}) for each in properties.get("Policies", [])]
    attached = properties.get("ManagedPolicyArns", [])
    _refuse(role_problem(properties.get("RoleName", name), inline, attached))
    boundary = properties.get("PermissionsBoundary")
    if boundary:
        refusal = ministack("services.iam")._boundary_policy_error(boundary)
        _refuse(_message(refusal) if refusal else None)


def _set_boundary(name: str, properties: Properties) -> None:
    roles = ministack("services.iam")._roles
    roles[name]["PermissionsBoundary"] = properties.get("PermissionsBoundary")


def _used_by_others(arn: str, properties: Properties) -> bool:
    iam = ministack("services.iam")
    for kind, entities in (("Roles", iam._roles), ("Users", iam._users), ("Groups", iam._groups)):
        own = properties.get(kind, [])
        for name, entity in entities.items():
            if entity.get("PermissionsBoundary") == arn:
                return True
            if name not in own and arn in entity.get("AttachedPolicies", []):
                return True
    return False


def _message(refusal: tuple[int, dict[str, str], bytes]) -> str:
    found = re.search(r"<Message>(.*?)</Message>", refusal[2].decode(), re.DOTALL)
    return found[1] if found else refusal[2].decode()


def _refuse(problem: str | None) -> None:
    if problem is not None:
        raise ValueError(problem)
