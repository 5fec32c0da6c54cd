"""Reads a deployed stack from CloudFormation: its template, outputs and endpoints."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from emr_notebook.cli.aws.reader import Reader, Refused
from emr_notebook.settings.immutable_properties import NAME

NOTEBOOK = "AWS::SageMaker::NotebookInstance"
LIFECYCLE = "AWS::SageMaker::NotebookInstanceLifecycleConfig"
ENDPOINT = "Custom::ClusterEndpoint"
GUARD = "Custom::ReplacementGuard"


@dataclass(frozen=True)
class DeployedStack:
    """A stack in CloudFormation; one that was never deployed has the status None."""

    name: str
    status: str | None = None
    template: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)

    def of_type(self, kind: str) -> dict[str, Mapping[str, Any]]:
        """The template's resources of a type, by logical id."""
        resources = self.template.get("Resources", {})
        return {name: each for name, each in resources.items() if each["Type"] == kind}

    def endpoints(self) -> dict[str, dict[str, str]]:
        """What the last deploy found of each cluster, by its key: LivyUrl, ClusterId, State…

        `Value` holds the rest as JSON; it is read into the same mapping.
        """
        found: dict[str, dict[str, str]] = {}
        keys = {
            name: str(each["Properties"]["ClusterKey"])
            for name, each in self.of_type(ENDPOINT).items()
        }
        for output, declared in self.template.get("Outputs", {}).items():
            resource, attribute = _get_att(declared.get("Value"))
            if resource in keys and output in self.outputs:
                found.setdefault(keys[resource], {})[attribute] = self.outputs[output]
        return {key: {**_parsed(each.get("Value", "{}")), **each} for key, each in found.items()}

    def notebook_names(self) -> dict[str, str]:
        """The names of the stack's notebooks, by logical id."""
        notebooks = self.of_type(NOTEBOOK).items()
        return {name: each["Properties"]["NotebookInstanceName"] for name, each in notebooks}

    def notebook_keys(self) -> dict[str, str]:
        """The keys in the settings of the stack's notebooks, by their names: the guard has them."""
        guards = [each["Properties"].get("Notebooks", {}) for each in self.of_type(GUARD).values()]
        keys = {own.get(NAME): key for each in guards for key, own in each.items()}
        return {name: keys.get(name, name) for name in self.notebook_names().values()}


def deployed_stack(reader: Reader, name: str) -> DeployedStack:
    """The stack as it is now. Raises Denied and CommandError as Reader.ask does."""
    try:
        described = reader.ask("cloudformation", "describe_stacks", StackName=name)["Stacks"][0]
    except Refused as refused:
        if is_no_such_stack(refused):
            return DeployedStack(name)
        raise
    if described["StackStatus"] == "REVIEW_IN_PROGRESS":
        # A change set was made, nothing else: the stack has no template yet.
        return DeployedStack(name)
    template = reader.ask("cloudformation", "get_template", StackName=name)["TemplateBody"]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in described.get("Outputs", [])}
    return DeployedStack(
        name,
        described["StackStatus"],
        # boto3 reads JSON by itself, but not YAML, which CDK never writes.
        template if isinstance(template, Mapping) else json.loads(template),
        outputs,
    )


def is_no_such_stack(refused: Refused) -> bool:
    """Whether CloudFormation knows no stack of that name: only its text tells that."""
    return "does not exist" in refused.message


def stack_resources(reader: Reader, name: str) -> list[Mapping[str, Any]]:
    """The stack's resources, as CloudFormation lists them: a call for 100.

    Raises as Reader.ask does.
    """
    items = "StackResourceSummaries"
    pages = reader.pages("cloudformation", "list_stack_resources", items=items, StackName=name)
    return list(pages)


def _get_att(value: Any) -> tuple[str, str]:
    pair = value.get("Fn::GetAtt") if isinstance(value, Mapping) else None
    return (str(pair[0]), str(pair[1])) if isinstance(pair, list) and len(pair) == 2 else ("", "")


def _parsed(text: str) -> dict[str, str]:
    try:
        values = json.loads(text)
    except ValueError:
        return {}
    return {str(k): str(v) for k, v in values.items()} if isinstance(values, dict) else {}
