"""Defines the rules that put parameters in the place of a stage's own values."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from emr_notebook.settings.partitions import PARTITIONS, partition_of
from emr_notebook.settings.types import TextFormat

# A text, or a reference such as {"Ref": "VpcId"}.
Piece = str | dict[str, Any]

ACCOUNT = {"Ref": "AWS::AccountId"}
REGION = {"Ref": "AWS::Region"}
PARTITION = {"Ref": "AWS::Partition"}
STACK_NAME = {"Ref": "AWS::StackName"}


@dataclass(frozen=True)
class Parameter:
    """A template's parameter, with the stage's own value as its default."""

    name: str
    default: str
    description: str
    form: TextFormat
    # AWS looks a value of its own types up before it begins with a deploy.
    kind: str = "String"

    def definition(self) -> dict[str, Any]:
        """How the template declares it."""
        declared = {"Type": self.kind, "Default": self.default, "Description": self.description}
        return declared if self.kind != "String" else declared | constraints(self.form)


def constraints(form: TextFormat) -> dict[str, Any]:
    """What CloudFormation refuses, with the settings' own words, before anything is changed."""
    return {
        "AllowedPattern": form.pattern,
        "MaxLength": form.longest,
        "ConstraintDescription": f"must be {form.accepted}",
    }


@dataclass(frozen=True)
class Rule:
    """Where `text` stands as a whole value, `pieces` stand in its place.

    With `keys`: only as the value of these properties, tags ("tag:…") or conditions. Without: as
    any value but a free text, and inside one where the regular expression `part` matches.
    """

    text: str
    pieces: tuple[Piece, ...]
    keys: frozenset[str] = frozenset()
    part: str = ""
    parameter: Parameter | None = None
    # False: a word such as a region's is a whole value by chance only.
    whole: bool = True
    # In the lines of the notebooks' scripts, too, which are otherwise left as they are.
    in_scripts: bool = False


def make_parameter(
    name: str, default: str, annotated: Any, description: str, kind: str = "String"
) -> Parameter:
    """A parameter that accepts what a settings type accepts."""
    [form] = [each for each in get_args(annotated) if isinstance(each, TextFormat)]
    return Parameter(name, default, description, form, kind)


def parameter_rules(
    name: str,
    value: str | None,
    annotated: Any,
    description: str,
    *keys: str,
    kind: str = "String",
) -> list[Rule]:
    """The rule that puts a parameter in a setting's place, if the setting is given at all.

    It stands in the values of `keys`; without keys, wherever the value does, in ARNs, too.
    """
    if value is None:
        return []
    part = "" if keys else rf"(?<=[:/]){re.escape(value)}(?=[:/]|$)"
    made = make_parameter(name, value, annotated, description, kind)
    return [Rule(value, ({"Ref": name},), frozenset(keys), part, made)]


def account_and_region_rules(account: str, region: str) -> Iterator[Rule]:
    """The account, region and partition: in ARNs, and in the addresses of AWS."""
    yield Rule(account, (ACCOUNT,), part=rf"(?<=:){account}(?=:)")
    address = (
        rf"(?<=://){region}(?=\.console\.)|(?<=\?region=){region}(?=#)"
        rf"|(?<=\.){region}(?=\.{re.escape(partition_of(region).dns_suffix)})"
    )
    yield Rule(region, (REGION,), part=rf"(?<=:){region}(?=:)|{address}", whole=False)
    for each in PARTITIONS:
        yield Rule(each.name, (PARTITION,), part=rf"(?<=\barn:){each.name}(?=:)", whole=False)


def rules_by_key(rules: Sequence[Rule]) -> Mapping[str, Mapping[str, Rule]]:
    """The rules of each key, by their text. Of two for one text in one key, the first stands."""
    found: dict[str, dict[str, Rule]] = {}
    for rule in rules:
        for key in rule.keys:
            found.setdefault(key, {}).setdefault(rule.text, rule)
    return found


def unkeyed_rules(rules: Sequence[Rule]) -> Mapping[str, Rule]:
    """The rules without keys, by their text; of two for one text, the first stands."""
    found: dict[str, Rule] = {}
    for rule in rules:
        if not rule.keys:
            found.setdefault(rule.text, rule)
    return found


def camel(key: str) -> str:
    """A settings key as part of a parameter's name."""
    return "".join(part.capitalize() for part in key.split("-"))
