"""Reads the values of the last completed deploy, which a rollback can be answered with.

An event does not carry it. The stack's outputs do: until an update completes, and while it rolls
back, they are those of the deploy before.
"""

import json
import logging
from collections.abc import Mapping
from typing import Any

from cluster_endpoint import output_formats
from cluster_endpoint.answers import mappings_at
from cluster_endpoint.aws import Aws
from refusal import Refusal

# In a rollback some answer is needed even when no earlier value can be read. It names no host.
PLACEHOLDER: Mapping[str, str] = {
    "LivyUrl": "http://0.0.0.0:8998",
    "ClusterId": "j-UNKNOWN",
    "ReleaseLabel": "emr-0",
    "SparkVersion": "unknown",
    "LivyVersion": "unknown",
}
# In the value of a stack that an earlier version deployed, too. Nothing uses them.
FORMER_NAMES = frozenset({"Candidates", "PrimaryIp", "PrimaryDns"})

log = logging.getLogger("cluster_endpoint")


class Stack:
    """The stack that an event is about, as CloudFormation describes it now."""

    def __init__(self, aws: Aws, stack_id: str) -> None:
        self._description = _described(aws, stack_id)

    @property
    def is_rolling_back(self) -> bool:
        """Whether an update, or a creation, is being undone; False when that is not known."""
        status = str(self._description.get("StackStatus", ""))
        return "ROLLBACK" in status and status.endswith("_IN_PROGRESS")

    def last_value(self, output: str) -> dict[str, str] | None:
        """The attributes that the named output holds as JSON; None when it holds no fit ones."""
        for each in mappings_at(self._description, "Outputs"):
            if each.get("OutputKey") == output:
                return _parsed(str(each.get("OutputValue", "")))
        return None


def as_output(values: Mapping[str, str]) -> str:
    """The attributes as one text, for the output that `last_value` reads."""
    return json.dumps(dict(values), separators=(",", ":"), sort_keys=True)


def _parsed(text: str) -> dict[str, str] | None:
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(values, dict) or set(values) - FORMER_NAMES != set(output_formats.FORMATS):
        return None
    known = {name: values[name] for name in output_formats.FORMATS}
    fit = all(output_formats.matches(name, value) for name, value in known.items())
    return known if fit else None


def _described(aws: Aws, stack_id: str) -> Mapping[str, Any]:
    try:
        answer = aws.ask("DescribeStacks", stack_id, StackName=stack_id)
    except Refusal as refusal:
        log.warning("The stack's last value is not known: %s", refusal)
        return {}
    return next(iter(mappings_at(answer, "Stacks")), {})
