"""Makes a plain template of one that the CDK has synthesized. Pure."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from emr_notebook.constructs.start_script import LONGEST_PREFIX
from emr_notebook.plain_template.assembly import TemplateError
from emr_notebook.plain_template.rewrite import rewrite
from emr_notebook.plain_template.rules import Parameter, Rule
from emr_notebook.settings.types import TextFormat

# CloudFormation's limits.
MOST_PARAMETERS = 200
MOST_BYTES = 1_000_000

CODE_BUCKET, CODE_PREFIX, REFRESH = "CodeBucket", "CodePrefix", "Refresh"
LOOK_UP_TYPES = ("Custom::ClusterEndpoint", "Custom::ClusterRecord")
BUCKET = TextFormat(
    r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "the name of an S3 bucket in the region of the stack"
)
# It stands in a policy, where * would be a wildcard, and quoted in a script.
PREFIX = TextFormat(
    r"([a-zA-Z0-9!_.()-]+/)*", "empty, or folders that end in a slash", longest=LONGEST_PREFIX
)
REFRESH_VALUE = TextFormat(r"[a-zA-Z0-9_.:-]*", "letters, digits and _.:-", longest=64)
ADDED_PARAMETERS = (
    Parameter(CODE_BUCKET, "", "Where the code of Lambdas and notebooks is", BUCKET),
    Parameter(CODE_PREFIX, "emr-notebook/", "What stands before its files' names there", PREFIX),
    Parameter(REFRESH, "", "A new value looks every cluster up again", REFRESH_VALUE),
)
# What the CDK adds for itself.
CDK_METADATA = ("aws:cdk:", "aws:asset:")
# How an asset is named in the CDK's bucket, whatever that is called.
ASSET_KEY = re.compile(r"\b[0-9a-f]{64}\.\w+")
CDK_RESOURCE = "AWS::CDK::Metadata"
CDK_NAMES = {
    "Parameters": ("BootstrapVersion",),
    "Rules": ("CheckBootstrapVersion",),
    "Conditions": ("CDKMetadataAvailable",),
}


@dataclass(frozen=True)
class PlainTemplate:
    """A template, and the values that its parameters have for the stage; CodeBucket has none."""

    body: dict[str, Any]

    def defaults(self) -> dict[str, str]:
        """The parameters' values."""
        found = self.body["Parameters"]
        return {name: each["Default"] for name, each in found.items() if "Default" in each}

    def text(self) -> str:
        """The file's text: indented, unless that makes it too large for CloudFormation.

        Raises TemplateError when it is too large at all.
        """
        for indent, separators in ((1, (",", ": ")), (None, (",", ":"))):
            text = json.dumps(self.body, indent=indent, separators=separators) + "\n"
            if len(text.encode()) <= MOST_BYTES:
                return text
        raise TemplateError(
            f"the template has {len(text.encode()):,} bytes; CloudFormation accepts "
            f"{MOST_BYTES:,}. Give some notebooks a stack of their own: `stack: <name>`."
        )


def plain_template(
    template: Mapping[str, Any],
    rules: tuple[Rule, ...],
    zips: Mapping[str, str],
    agents: Mapping[str, str],
) -> PlainTemplate:
    """The template with parameters where the rules say, and code from a bucket of one's own.

    `zips` names the zip of each asset by the object key that the CDK gave it, `agents` the file of
    each agent by <the CDK's bucket>/<key>. Raises TemplateError when something is left that the
    CDK's command line alone can deploy.
    """
    found = rewrite(_without_cdk(template), (*rules, *_agent_rules(agents)))
    found["Resources"] = {
        name: _with_refresh(_with_code(each, zips)) for name, each in found["Resources"].items()
    }
    _check_assets(found)
    used = set(_references(found))
    named = [each.parameter for each in rules if each.parameter is not None]
    listed = {each.name: each for each in [*ADDED_PARAMETERS, *named] if each.name in used}
    if len(listed) > MOST_PARAMETERS:
        raise TemplateError(
            f"the template has {len(listed)} parameters; CloudFormation accepts {MOST_PARAMETERS}."
            " Leave out names and roles of notebooks that may be made, or give some notebooks a "
            "stack of their own: `stack: <name>`."
        )
    kept = found.pop("Parameters", {})
    parameters = {name: _definition(each) for name, each in listed.items()}
    return PlainTemplate({**found, "Parameters": {**parameters, **kept}})


def _definition(parameter: Parameter) -> dict[str, Any]:
    declared = parameter.definition()
    if parameter.name == CODE_BUCKET:
        # A guess would name somebody's bucket.
        del declared["Default"]
    return declared


def _without_cdk(template: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(template)
    for section, names in CDK_NAMES.items():
        left = {key: each for key, each in found.pop(section, {}).items() if key not in names}
        if left:
            found[section] = left
    resources = template["Resources"].items()
    found["Resources"] = {
        name: _without_cdk_metadata(each)
        for name, each in resources
        if each["Type"] != CDK_RESOURCE
    }
    return found


def _without_cdk_metadata(resource: Mapping[str, Any]) -> dict[str, Any]:
    """A resource without the CDK's notes in its metadata."""
    notes = resource.get("Metadata", {}).items()
    kept = {key: note for key, note in notes if not key.startswith(CDK_METADATA)}
    found = {key: each for key, each in resource.items() if key != "Metadata"}
    return {**found, "Metadata": kept} if kept else found


def _with_code(resource: dict[str, Any], zips: Mapping[str, str]) -> dict[str, Any]:
    code = resource.get("Properties", {}).get("Code")
    key = str(code.get("S3Key")) if isinstance(code, dict) else ""
    if key not in zips:
        return resource
    place = {
        "S3Bucket": {"Ref": CODE_BUCKET},
        "S3Key": {"Fn::Join": ["", [{"Ref": CODE_PREFIX}, zips[key]]]},
    }
    return {**resource, "Properties": {**resource["Properties"], "Code": place}}


def _agent_rules(agents: Mapping[str, str]) -> Iterator[Rule]:
    """Where agents are: in scripts and policies; there, their bucket stands alone, too."""
    bucket = {"Ref": CODE_BUCKET}
    for place, name in agents.items():
        pieces = (bucket, "/", {"Ref": CODE_PREFIX}, name)
        yield Rule(place, pieces, part=re.escape(place), whole=False, in_scripts=True)
    for each in {place.partition("/")[0] for place in agents}:
        yield Rule(each, (bucket,), part=rf"(?<=:::){re.escape(each)}$", whole=False)


def _with_refresh(resource: dict[str, Any]) -> dict[str, Any]:
    if resource["Type"] not in LOOK_UP_TYPES:
        return resource
    return {**resource, "Properties": {**resource["Properties"], REFRESH: {"Ref": REFRESH}}}


def _check_assets(template: Mapping[str, Any]) -> None:
    resources = template["Resources"].items()
    left = [name for name, each in resources if ASSET_KEY.search(json.dumps(each))]
    if left:
        raise TemplateError(
            f"{', '.join(left)} would need the CDK's own bucket: only the code of Lambda functions "
            "and notebooks is written beside a template."
        )


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for each in node:
            yield from _references(each)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key == "Ref" and isinstance(value, str):
                yield value
            if key == "Fn::Sub":
                yield from re.findall(r"\$\{(\w+)\}", json.dumps(value))
            yield from _references(value)
