"""Reads from CloudFormation the security groups and rules that stacks have made."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emr_notebook.cli.aws.deployed_stack import is_no_such_stack, stack_resources
from emr_notebook.cli.aws.reader import Reader, Refused
from emr_notebook.cli.doctor.network.security_rules import Rule
from emr_notebook.cli.doctor.report import Unknown, attempt
from emr_notebook.settings.egress import egress_rules
from emr_notebook.settings.model import Settings

GROUP = "AWS::EC2::SecurityGroup"
INGRESS = "AWS::EC2::SecurityGroupIngress"
# Of a resource that a stack has no more, or never had.
NOT_THERE = frozenset({"DELETE_COMPLETE", "DELETE_SKIPPED", "CREATE_FAILED"})


@dataclass(frozen=True)
class StackGroups:
    """What a deployed stack has made of the network: its group or "", and its Livy rules' ids.

    The ids are logical ones, which constructs/network.py makes from the rules.
    """

    group: str = ""
    rules: tuple[str, ...] = ()

    def has_rule(self, primary_group: str, port: int, source: str = "") -> bool:
        """Whether the stack made the rule that admits the source, or its own group, to Livy."""
        name = f"Livy{primary_group}{port}{source}".replace("-", "")
        # The CDK ends an id with a hash of eight digits.
        return any(each[:-8].endswith(name) for each in self.rules)


def stack_groups(reader: Reader, stack: str) -> StackGroups | Unknown:
    """What the stack has made; nothing before its first deploy. A call for 100 resources."""

    def read() -> StackGroups:
        try:
            listed = stack_resources(reader, stack)
        except Refused as refused:
            if is_no_such_stack(refused):
                return StackGroups()
            raise
        return _from_resources([each for each in listed if each["ResourceStatus"] not in NOT_THERE])

    return attempt(read)


def stack_groups_by_subnet(
    reader: Reader, settings: Settings
) -> dict[str, tuple[str, ...]] | Unknown:
    """The groups of the stacks with notebooks in a subnet, "" for one that is yet to be made."""
    made: dict[str, StackGroups] = {}
    for stack in settings.stack_names():
        found = stack_groups(reader, stack)
        if isinstance(found, Unknown):
            return found
        made[stack] = found
    groups: dict[str, dict[str, None]] = {}
    for notebook in settings.resolved_notebooks:
        group = made[notebook.stack].group
        groups.setdefault(notebook.subnet_id, {})[group] = None
    return {subnet: tuple(each) for subnet, each in groups.items()}


def _from_resources(resources: list[Mapping[str, Any]]) -> StackGroups:
    groups = [each for each in resources if each["ResourceType"] == GROUP]
    group = str(groups[0].get("PhysicalResourceId", "")) if groups else ""
    rules = [each["LogicalResourceId"] for each in resources if each["ResourceType"] == INGRESS]
    return StackGroups(group, tuple(rules))


def expected_egress_rules(settings: Settings, stack: str) -> tuple[Rule, ...]:
    """The egress rules of a stack's security group."""
    used = {
        key: each
        for key, each in settings.clusters.items()
        if stack in settings.stacks_of_cluster(key)
    }
    rules = egress_rules(settings.network, used)
    return tuple(Rule(each.protocol, each.port, each.port, each.peer) for each in rules)
