"""Reads what the CDK has synthesized: each stack's template, and where its code is."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emr_notebook.constructs.agent_archive import SUFFIX

STACK, ASSETS = "aws:cloudformation:stack", "cdk:asset-manifest"
LAMBDA = "AWS::Lambda::Function"


class TemplateError(Exception):
    """No template is written; the text says why, and what to do."""


@dataclass(frozen=True)
class LambdaCode:
    """The code of a Lambda function: a folder, and what in it is called."""

    folder: Path
    handler: str


@dataclass(frozen=True)
class SynthesizedStack:
    """One stack as it lies in a cloud assembly."""

    name: str
    template: Mapping[str, Any]
    # The code of each Lambda, by the key that its zip would have in the CDK's bucket.
    code: Mapping[str, LambdaCode]
    # The notebooks' agents, by <the CDK's bucket>/<key>.
    agents: Mapping[str, Path]
    tags: Mapping[str, str]
    termination_protection: bool


def read_assembly(directory: Path) -> list[SynthesizedStack]:
    """The stacks in a cloud assembly, in the order of their names.

    Raises TemplateError for what a plain template cannot carry: container images.
    """
    artifacts = _json(directory / "manifest.json")["artifacts"]
    folders: dict[str, Path] = {}
    agents: dict[str, Path] = {}
    for each in artifacts.values():
        if each["type"] == ASSETS:
            manifest = _json(directory / each["properties"]["file"])
            folders |= _folders(directory, manifest)
            agents |= _agents(directory, manifest)
    stacks = [
        _stack(directory, name, each, folders, agents)
        for name, each in artifacts.items()
        if each["type"] == STACK
    ]
    return sorted(stacks, key=lambda each: each.name)


def _stack(
    directory: Path,
    artifact: str,
    found: Mapping[str, Any],
    folders: Mapping[str, Path],
    agents: Mapping[str, Path],
) -> SynthesizedStack:
    properties = found["properties"]
    text = (directory / properties["templateFile"]).read_text(encoding="utf-8")
    template = json.loads(text)
    return SynthesizedStack(
        name=properties.get("stackName", artifact),
        template=template,
        code=dict(_code(template, folders)),
        agents={place: path for place, path in agents.items() if place in text},
        tags=properties.get("tags", {}),
        termination_protection=properties.get("terminationProtection", False),
    )


def _code(
    template: Mapping[str, Any], folders: Mapping[str, Path]
) -> Iterator[tuple[str, LambdaCode]]:
    for each in template["Resources"].values():
        properties = each.get("Properties", {})
        key = each["Type"] == LAMBDA and properties["Code"].get("S3Key")
        if key in folders:
            yield key, LambdaCode(folders[key], properties["Handler"])


def _folders(directory: Path, manifest: Mapping[str, Any]) -> dict[str, Path]:
    if manifest.get("dockerImages"):
        raise TemplateError("a container image cannot lie beside a template: use the CDK instead")
    return {
        place["objectKey"]: directory / each["source"]["path"]
        for each in manifest["files"].values()
        if each["source"]["packaging"] == "zip"
        for place in each["destinations"].values()
    }


def _agents(directory: Path, manifest: Mapping[str, Any]) -> dict[str, Path]:
    return {
        f"{place['bucketName']}/{place['objectKey']}": directory / each["source"]["path"]
        for each in manifest["files"].values()
        if each["source"]["path"].endswith(SUFFIX)
        for place in each["destinations"].values()
    }


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
