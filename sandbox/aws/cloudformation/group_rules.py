"""Adds AWS::EC2::SecurityGroupIngress and SecurityGroupEgress, which ministack has not."""

from typing import Any

from sandbox.aws.cloudformation.schema import Created, Properties, check_properties, create_only
from sandbox.aws.ec2.rule_identity import duplicate_message, identities
from sandbox.aws.emulator import ministack

INGRESS = "AWS::EC2::SecurityGroupIngress"
EGRESS = "AWS::EC2::SecurityGroupEgress"


class GroupRuleType:
    """One direction's rule as a resource of its own, in a group made elsewhere."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._is_egress = kind == EGRESS
        self._rules = "IpPermissionsEgress" if self._is_egress else "IpPermissions"

    def create(self, logical_id: str, properties: Properties, _stack: str) -> Created:
        """Add the rule; ValueError for an unknown group and for a rule that exists."""
        ec2 = ministack("services.ec2")
        group_id, permission = self._read(logical_id, properties)
        rules = self._rules_of(group_id)
        if rules is None:
            raise ValueError(f"The security group '{group_id}' does not exist")
        held = {identity for rule in rules for identity in identities(rule)}
        for identity in identities(permission):
            if identity in held:
                raise ValueError(duplicate_message(identity))
        rules.append(permission)
        rule_id = str(ec2._sg_rule_id(group_id, self._is_egress, permission))
        return rule_id, {"Id": rule_id}

    def update(
        self, identity: str, old: Properties, new: Properties, _stack: str, logical_id: str
    ) -> Created:
        """Change the description, the one property that does not replace the rule."""
        group_id, before = self._read(logical_id, old)
        _, after = self._read(logical_id, new)
        reconcile = ministack("services.cloudformation.provisioners")._ec2_sg_reconcile
        reconcile(self._rules_of(group_id), [before], [after])
        return identity, {"Id": identity}

    def delete(self, _identity: str, properties: Properties) -> None:
        """Take the rule away; its group may be gone already."""
        group_id, permission = self._read("", properties)
        rules = self._rules_of(group_id)
        if rules is not None:
            matches = ministack("services.ec2")._rules_match
            rules[:] = [rule for rule in rules if not matches(permission, rule)]

    def _read(self, logical_id: str, properties: Properties) -> tuple[str, dict[str, Any]]:
        rule = check_properties(self._kind, logical_id, properties)
        provisioners = ministack("services.cloudformation.provisioners")
        [permission] = provisioners._ec2_sg_permissions([rule])
        return str(rule.get("GroupId", "")), permission

    def _rules_of(self, group_id: str) -> list[dict[str, Any]] | None:
        group = ministack("services.ec2")._security_groups.get(group_id)
        return None if group is None else group.setdefault(self._rules, [])


def install() -> None:
    """Register both types."""
    provisioners = ministack("services.cloudformation.provisioners")
    for kind in (INGRESS, EGRESS):
        rule_type = GroupRuleType(kind)
        provisioners._RESOURCE_HANDLERS[kind] = {
            "create": rule_type.create,
            "update": rule_type.update,
            "update_with_logical_id": True,
            "delete": rule_type.delete,
        }
        provisioners._REPLACING_PROPERTIES[kind] = create_only(kind)
