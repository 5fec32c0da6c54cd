"""Reads a deployed stack's resources, and works out what references to them come to."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cluster_endpoint.notebook_url import notebook_url
from emr_notebook.cli.aws.deployed_stack import (
    ENDPOINT,
    LIFECYCLE,
    DeployedStack,
    deployed_stack,
    stack_resources,
)
from emr_notebook.cli.aws.reader import CommandError, Reader
from emr_notebook.cli.plan.intrinsics import NO_VALUE
from emr_notebook.settings.model import Settings

# The CDK deletes such a stack, and makes it anew.
CREATION_FAILED = frozenset({"ROLLBACK_COMPLETE", "ROLLBACK_FAILED"})
# Of every template of the CDK's.
OWN_PARAMETERS = frozenset({"BootstrapVersion"})

# An attribute that an endpoint has, where no output of the stack tells it.
UNTOLD = "not known"

# The attributes that follow from a physical id; others of a resource that stays stay as they are.
_FROM_ID: Mapping[tuple[str, str], str] = {
    ("AWS::EC2::SecurityGroup", "GroupId"): "{id}",
    ("AWS::KMS::Key", "KeyId"): "{id}",
    ("AWS::KMS::Key", "Arn"): "arn:{partition}:kms:{region}:{account}:key/{id}",
    ("AWS::IAM::Role", "Arn"): "arn:{partition}:iam::{account}:role/{id}",
    (LIFECYCLE, "NotebookInstanceLifecycleConfigName"): "{last}",
}


@dataclass(frozen=True)
class Environment:
    """Where a stack is, as CloudFormation's pseudo parameters say."""

    account: str
    region: str
    partition: str

    @classmethod
    def of(cls, settings: Settings) -> "Environment":
        """Where a stage's stacks are."""
        return cls(settings.account, settings.region, settings.partition.name)

    def pseudo(self, name: str) -> object:
        """The value of AWS::Region and the like; the name itself where it is not known."""
        known = {
            "AWS::AccountId": self.account,
            "AWS::Region": self.region,
            "AWS::Partition": self.partition,
            "AWS::NoValue": NO_VALUE,
        }
        return known.get(name, name)


@dataclass(frozen=True)
class Deployed:
    """A stack with the physical ids of its resources, by logical id; empty before its creation."""

    stack: DeployedStack
    environment: Environment
    physical: Mapping[str, str] = field(default_factory=dict)

    def value(self, logical_id: str, attribute: str) -> object:
        """What a reference comes to; `<logical id>.<attribute>` where that is not known.

        An endpoint's attributes are those that the last deploy found; UNTOLD where it does not say.
        """
        if logical_id.startswith("AWS::"):
            return self.environment.pseudo(logical_id)
        resource = self.stack.template.get("Resources", {}).get(logical_id, {})
        properties = resource.get("Properties", {})
        if resource.get("Type") == ENDPOINT:
            found = self.stack.endpoints().get(str(properties.get("ClusterKey")), {})
            if attribute:
                return endpoint_attributes(found, properties).get(attribute, UNTOLD)
        physical = self.physical.get(logical_id)
        pattern = _FROM_ID.get((resource.get("Type", ""), attribute), "" if attribute else "{id}")
        if not physical or not pattern or "Path" in properties:
            return f"{logical_id}.{attribute}" if attribute else logical_id
        last = physical.rpartition("/")[2]
        return pattern.format(id=physical, last=last, **vars(self.environment))


def endpoint_attributes(
    values: Mapping[str, str], properties: Mapping[str, Any]
) -> Mapping[str, str]:
    """An endpoint's values with the one that no output holds: the URL that notebooks use."""
    if "LivyUrl" not in values:
        return values
    return {**values, "NotebookUrl": notebook_url(values["LivyUrl"], properties)}


def deployed_resources(reader: Reader, settings: Settings, name: str) -> Deployed:
    """The stack as it is now: three calls, and one more for each further hundred resources.

    Raises Denied, Refused and CommandError as Reader.ask does, and CommandError for a stack of
    a plain template, whose values are its parameters'.
    """
    environment = Environment.of(settings)
    stack = deployed_stack(reader, name)
    if stack.status is None or stack.status in CREATION_FAILED:
        return Deployed(replace(stack, template={}, outputs={}), environment)
    if set(stack.template.get("Parameters", {})) - OWN_PARAMETERS:
        raise CommandError(
            f"stack {name} was deployed from a plain template (make template), with parameters of "
            "its own: have CloudFormation make a change set of it instead."
        )
    physical = {
        str(each["LogicalResourceId"]): str(each.get("PhysicalResourceId", ""))
        for each in stack_resources(reader, name)
    }
    return Deployed(stack, environment, physical)
