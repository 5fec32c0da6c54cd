"""What ministack's CloudFormation leaves out of AWS::IAM::Role and AWS::IAM::ManagedPolicy.

A role's PermissionsBoundary, the quotas, and that a policy somebody still uses cannot go.
"""

import re
from typing import Any

from sandbox.aws.emulator import module
from sandbox.aws.iam.quotas import managed_policy_problem, role_problem

ROLE = "AWS::IAM::Role"
MANAGED_POLICY = "AWS::IAM::ManagedPolicy"

Made = tuple[str, dict[str, Any]]
Handlers = dict[str, Any]


class RoleType:
    """Ministack's handlers of a role, and its boundary."""

    def __init__(self, handlers: Handlers) -> None:
        self._handlers = dict(handlers)

    def create(self, logical_id: str, properties: dict[str, Any], stack: str) -> Made:
        """Make the role; ValueError in IAM's words for what it refuses."""
        _check_role(properties, logical_id)
        made: Made = self._handlers["create"](logical_id, properties, stack)
        _bind(made[0], properties)
        return made

    def update(
        self,
        name: str,
        old: dict[str, Any],
        new: dict[str, Any],
        stack: str,
        logical_id: str,
    ) -> Made:
        """Change the role in place; a boundary that the template drops is taken away."""
        _check_role(new, name)
        made: Made = self._handlers["update"](name, old, new, stack, logical_id)
        _bind(made[0], new)
        return made


class ManagedPolicyType:
    """Ministack's handlers of a managed policy, and IAM's refusals."""

    def __init__(self, handlers: Handlers) -> None:
        self._handlers = dict(handlers)

    def create(self, logical_id: str, properties: dict[str, Any], stack: str) -> Made:
        """Make the policy."""
        _refuse(managed_policy_problem(properties.get("PolicyDocument", {})))
        made: Made = self._handlers["create"](logical_id, properties, stack)
        return made

    def update(
        self,
        arn: str,
        old: dict[str, Any],
        new: dict[str, Any],
        stack: str,
        logical_id: str,
    ) -> Made:
        """Give the policy a new default version, and attach it where the template says."""
        _refuse(managed_policy_problem(new.get("PolicyDocument", {})))
        made: Made = self._handlers["update"](arn, old, new, stack, logical_id)
        return made

    def delete(self, arn: str, properties: dict[str, Any]) -> None:
        """Detach it from what the template names, and delete it unless others still use it."""
        if _used_by_others(arn, properties):
            raise ValueError("Cannot delete a policy attached to entities.")
        self._handlers["delete"](arn, properties)


def install() -> None:
    """Put both in the place of ministack's handlers."""
    handlers = module("services.cloudformation.provisioners")._RESOURCE_HANDLERS
    role, policy = RoleType(handlers[ROLE]), ManagedPolicyType(handlers[MANAGED_POLICY])
    handlers[ROLE] |= {"create": role.create, "update": role.update}
    handlers[MANAGED_POLICY] |= {
        "create": policy.create,
        "update": policy.update,
        "delete": policy.delete,
    }


def _check_role(properties: dict[str, Any], name: str) -> None:
    inline = [each.get("PolicyDocument", {}) for each in properties.get("Policies", [])]
    attached = properties.get("ManagedPolicyArns", [])
    _refuse(role_problem(properties.get("RoleName", name), inline, attached))
    boundary = properties.get("PermissionsBoundary")
    if boundary:
        refusal = module("services.iam")._boundary_policy_error(boundary)
        _refuse(_message(refusal) if refusal else None)


def _bind(name: str, properties: dict[str, Any]) -> None:
    roles = module("services.iam")._roles
    roles[name]["PermissionsBoundary"] = properties.get("PermissionsBoundary")


def _used_by_others(arn: str, properties: dict[str, Any]) -> bool:
    iam = module("services.iam")
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
