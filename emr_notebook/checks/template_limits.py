"""Refuses a template that CloudFormation would not take, or not for long."""

import json
from collections.abc import Iterable
from pathlib import Path

# CloudFormation takes 1,000,000 bytes and 500 resources; the rest is room for the next notebooks.
MOST_BYTES = 900_000
MOST_RESOURCES = 450
# An app's context. CDK's own count would come before this one, and says nothing of how to split.
CDK_RESOURCE_LIMIT_OFF = {"@aws-cdk/core:stackResourceLimit": 0}


class TemplateTooLarge(ValueError):
    """A stack has outgrown CloudFormation's limits; the text says how to split it."""


def check_templates(assembly: Path) -> None:
    """Read a cloud assembly's templates; TemplateTooLarge lists every stack that is too large."""
    found = [
        why for each in sorted(assembly.glob("**/*.template.json")) for why in _too_large(each)
    ]
    if found:
        raise TemplateTooLarge("\n".join(found))


def _too_large(path: Path) -> Iterable[str]:
    name = path.name.removesuffix(".template.json")
    text = path.read_bytes()
    resources = json.loads(text).get("Resources", {})
    if len(text) <= MOST_BYTES and len(resources) <= MOST_RESOURCES:
        return
    notebooks = [x for x in resources.values() if x["Type"] == "AWS::SageMaker::NotebookInstance"]
    scripts = [
        x
        for x in resources.values()
        if x["Type"] == "AWS::SageMaker::NotebookInstanceLifecycleConfig"
    ]
    yield (
        f"stack {name}: its template has {len(text):,} bytes and {len(resources):,} resources; "
        f"{MOST_BYTES:,} bytes and {MOST_RESOURCES} resources are accepted. Give some of its "
        f"{len(notebooks)} notebooks a stack of their own in the settings, such as `stack: science`"
        f"{_sharing_advice(len(scripts))}"
    )


def _sharing_advice(scripts: int) -> str:
    if scripts < 2:
        return ". A notebook that is deployed already stays where it is: move new ones."
    return (
        f", or let notebooks share their spark settings: {scripts} different ones make {scripts} "
        "copies of the start script. A notebook that is deployed already stays where it is: move "
        "new ones."
    )
