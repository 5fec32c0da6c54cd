"""Refuses a template that CloudFormation would not take, or not for long."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

# CloudFormation takes 1,000,000 bytes, 500 resources and 200 outputs; the rest is room for the
# next notebooks and clusters.
MOST_BYTES = 900_000
MOST_RESOURCES = 450
MOST_OUTPUTS = 180
# Each followed cluster's rule is a statement in the policy of the resolver's Lambda, which takes
# 20,480 bytes: some 500 with the longest names.
MOST_FOLLOWED = 40
STAYS = "A notebook that is deployed already stays where it is: move new ones."
# An app's context. CDK's own count would come before this one, and says nothing of how to split.
CDK_RESOURCE_LIMIT_OFF = {"@aws-cdk/core:stackResourceLimit": 0}


class TemplateTooLarge(ValueError):
    """A stack has outgrown CloudFormation's limits; the text says how to split it."""


def check_notebooks(stack: str, *, notebooks: int, resources: int) -> None:
    """Refuse what takes at least so many resources, before minutes are spent on its template."""
    if resources > MOST_RESOURCES:
        raise TemplateTooLarge(
            f"stack {stack}: its {notebooks:,} notebooks take {resources:,} resources or more; "
            f"{MOST_RESOURCES} are accepted. Give some of them a stack of their own in the "
            f"settings, such as `stack: science`. {STAYS}"
        )


def check_templates(assembly: Path) -> None:
    """Read a cloud assembly's templates; TemplateTooLarge lists every stack that is too large."""
    found = [why for each in sorted(assembly.glob("**/*.template.json")) for why in _refusals(each)]
    if found:
        raise TemplateTooLarge("\n".join(found))


def _refusals(path: Path) -> Iterable[str]:
    name = path.name.removesuffix(".template.json")
    text = path.read_bytes()
    template = json.loads(text)
    resources = template.get("Resources", {})
    if len(text) > MOST_BYTES or len(resources) > MOST_RESOURCES:
        yield _too_large(name, len(text), resources)
    if (outputs := len(template.get("Outputs", {}))) > MOST_OUTPUTS:
        yield _too_many_outputs(name, outputs, resources)
    followed = sum(each["Type"] == "Custom::ClusterRecord" for each in resources.values())
    if followed > MOST_FOLLOWED:
        yield (
            f"stack {name}: it keeps the names of {followed} clusters; {MOST_FOLLOWED} are "
            "accepted. Give some clusters `follow: false`, or a stage of their own."
        )


def _too_large(name: str, size: int, resources: dict[str, Any]) -> str:
    notebooks = [x for x in resources.values() if x["Type"] == "AWS::SageMaker::NotebookInstance"]
    scripts = [
        x
        for x in resources.values()
        if x["Type"] == "AWS::SageMaker::NotebookInstanceLifecycleConfig"
    ]
    return (
        f"stack {name}: its template has {size:,} bytes and {len(resources):,} resources; "
        f"{MOST_BYTES:,} bytes and {MOST_RESOURCES} resources are accepted. Give some of its "
        f"{len(notebooks)} notebooks a stack of their own in the settings, such as `stack: science`"
        f"{_sharing_advice(len(scripts))}"
    )


def _sharing_advice(scripts: int) -> str:
    if scripts < 2:
        return f". {STAYS}"
    return (
        f", or let notebooks share their spark settings: {scripts} different ones make {scripts} "
        f"copies of the start script. {STAYS}"
    )


def _too_many_outputs(name: str, outputs: int, resources: dict[str, Any]) -> str:
    clusters = [x for x in resources.values() if x["Type"] == "Custom::ClusterEndpoint"]
    return (
        f"stack {name}: its template has {outputs} outputs, most of them for its {len(clusters)} "
        f"clusters; {MOST_OUTPUTS} are accepted. A cluster is in the stacks of its notebooks: give "
        "the notebooks of some clusters a stack of their own in the settings, such as "
        f"`stack: science`, and take out clusters that no notebook uses. {STAYS}"
    )
