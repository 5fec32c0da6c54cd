"""Puts references into a template in the place of literal values. Pure.

A text of which only a part is replaced becomes an Fn::Join of its pieces, never an Fn::Sub: what
looks like a reference in the text itself, such as IAM's ${aws:PrincipalTag/Owner}, stays a text.
"""

import re
from typing import Any

from emr_notebook.plain_template.rules import Piece, Rule, rules_by_key, unkeyed_rules

# Written for people, or by them: a value of the stage stands in them by chance.
FREE_TEXTS = frozenset(
    {"ClusterKey", "ClusterName", "ClusterTags", "Description", "GroupDescription", "Replace"}
)
# Left as they are, whatever they hold: notes.
UNTOUCHED = frozenset({"Metadata", "DependsOn", "Type"})
# The lines of a script.
SCRIPT = "Content"
REFERENCES = frozenset({"Ref", "Fn::GetAtt", "Condition"})


def rewrite(node: Any, rules: tuple[Rule, ...]) -> Any:
    """The same part of a template, with each rule's text replaced where the rule says."""
    return _Rewriter(rules).value(node, "")


class _Rewriter:
    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self._in_scripts = tuple(each for each in rules if each.in_scripts)
        self._by_key, self._anywhere = rules_by_key(rules), unkeyed_rules(rules)
        # The longest first: an ARN holds an account.
        parts = sorted(
            (each for each in self._anywhere.values() if each.part), key=lambda x: -len(x.text)
        )
        self._parts = re.compile("|".join(f"(?:{x.part})" for x in parts) or r"(?!)")

    def value(self, node: Any, key: str) -> Any:
        if isinstance(node, str):
            return _joined(self._pieces(node, key))
        if isinstance(node, list):
            return [self.value(each, key) for each in node]
        if not isinstance(node, dict) or (len(node) == 1 and REFERENCES & set(node)):
            return node
        if set(node) == {"Key", "Value"} and isinstance(node["Key"], str):
            return {**node, "Value": self.value(node["Value"], f"tag:{node['Key']}")}
        return self._mapping(node, key)

    def _mapping(self, node: dict[str, Any], key: str) -> Any:
        if set(node) == {"Fn::Join"}:
            return {"Fn::Join": self._join(node["Fn::Join"], key)}
        if set(node) == {"Fn::Sub"}:
            return {"Fn::Sub": self._substituted(node["Fn::Sub"], key)}
        inside = {name: key if name.startswith("Fn::") else name for name in node}
        return {name: self._property(name, value, inside[name]) for name, value in node.items()}

    def _property(self, name: str, value: Any, key: str) -> Any:
        if name in UNTOUCHED:
            return value
        return rewrite(value, self._in_scripts) if name == SCRIPT else self.value(value, key)

    def _join(self, given: list[Any], key: str) -> list[Any]:
        delimiter, parts = given
        if delimiter or not isinstance(parts, list):
            return [delimiter, self.value(parts, key)]
        found: list[Any] = []
        for part in parts:
            # A part of a text is no whole value.
            is_text = isinstance(part, str)
            found += self._inside(part, key) if is_text else [self.value(part, key)]
        return [delimiter, found]

    def _substituted(self, given: Any, key: str) -> Any:
        if isinstance(given, list):
            text, names = given
            return [self._substituted(text, key), self.value(names, key)]
        pieces = self._pieces(given, key)
        return "".join(x if isinstance(x, str) else f"${{{x['Ref']}}}" for x in pieces)

    def _pieces(self, text: str, key: str) -> list[Piece]:
        rule = self._by_key.get(key, {}).get(text)
        if rule is None and not _is_free(key):
            found = self._anywhere.get(text)
            rule = found if found and found.whole else None
        return self._inside(text, key) if rule is None else list(rule.pieces)

    def _inside(self, text: str, key: str) -> list[Piece]:
        if _is_free(key):
            return [text]
        pieces: list[Piece] = []
        end = 0
        for match in self._parts.finditer(text):
            pieces += [text[end : match.start()], *self._anywhere[match.group()].pieces]
            end = match.end()
        return [each for each in [*pieces, text[end:]] if each] or [text]


def _is_free(key: str) -> bool:
    return key in FREE_TEXTS or key.startswith("tag:") or "Tag/" in key


def _joined(pieces: list[Piece]) -> Any:
    return pieces[0] if len(pieces) == 1 else {"Fn::Join": ["", pieces]}
