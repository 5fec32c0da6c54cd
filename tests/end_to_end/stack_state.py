"""A deployed stack as CloudFormation describes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class StackState:
    """Its status, its outputs by key, and its physical ids by logical id."""

    status: str
    outputs: Mapping[str, str]
    resources: Mapping[str, str]

    def output(self, cluster: str, name: str) -> str:
        """An output of a cluster's endpoint."""
        wanted = f"Cluster{cluster}{name}"
        # CDK appends eight characters of the path's hash to an output's name.
        [value] = [value for key, value in self.outputs.items() if key[:-8] == wanted]
        return value

    def named(self, start: str) -> str:
        """The physical id of the one resource whose logical id starts so."""
        [found] = [
            physical for logical, physical in self.resources.items() if logical.startswith(start)
        ]
        return found


def describe(cloudformation: Any, name: str) -> StackState:
    """The stack now, by a boto3 client."""
    [found] = cloudformation.describe_stacks(StackName=name)["Stacks"]
    resources = cloudformation.describe_stack_resources(StackName=name)["StackResources"]
    return StackState(
        status=found["StackStatus"],
        outputs={each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])},
        resources={each["LogicalResourceId"]: each["PhysicalResourceId"] for each in resources},
    )


def events(cloudformation: Any, name: str) -> list[Mapping[str, Any]]:
    """The stack's events, oldest first."""
    pages = cloudformation.get_paginator("describe_stack_events").paginate(StackName=name)
    return [event for page in pages for event in page["StackEvents"]][::-1]
