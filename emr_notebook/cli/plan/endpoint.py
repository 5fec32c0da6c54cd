"""What a deploy makes of a cluster's endpoint: decided as the resolver will, without AWS."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from cluster_endpoint import forms
from cluster_endpoint.handler import VANISHED
from cluster_endpoint.request import parse
from emr_notebook.cli.aws.live_endpoint import LiveEndpoint
from emr_notebook.cli.plan.template_diff import Fate, ResourceChange
from refusal import Refusal

# Refusals of a look-up that does not wait, where a deploy would wait or ask again.
PASSING = frozenset({"cluster-not-ready", "aws-unavailable"})
_CODE = re.compile(r"\[([a-z-]+)\]")


class Verdict(StrEnum):
    """What there is to say of an endpoint."""

    UNCHANGED = "unchanged"
    FOUND = "found"
    CHANGES = "changes"
    NOT_TAKEN = "not taken"
    GONE = "gone"
    UNUSABLE = "unusable"
    REFUSED = "refused"
    NOT_CHECKED = "not checked"
    NOT_READY = "not ready"


@dataclass(frozen=True)
class EndpointPlan:
    """A cluster's endpoint in one stack.

    `before` are its values as deployed, `live` those that a look-up found now, `after` those that
    the deploy leaves: empty where there is none, or it is not known. `is_looked_up` says whether
    the deploy looks for the cluster at all. `why` are the resolver's words, or the IAM action that
    is missing.
    """

    cluster: str
    stack: str
    verdict: Verdict
    is_looked_up: bool
    before: Mapping[str, str] = field(default_factory=dict)
    live: Mapping[str, str] = field(default_factory=dict)
    after: Mapping[str, str] = field(default_factory=dict)
    why: str = ""


def plan_endpoint(
    change: ResourceChange, stack: str, before: Mapping[str, str], live: LiveEndpoint
) -> EndpointPlan:
    """The endpoint of a custom resource that the deploy keeps, changes or makes.

    CloudFormation has a cluster looked up only when the custom resource's properties change.
    """
    before = {name: value for name, value in before.items() if name in forms.FORMS}
    is_looked_up = change.fate is not Fate.SAME and change.is_touched
    verdict = _verdict(change, before, live, is_looked_up=is_looked_up)
    after = {
        Verdict.CHANGES: live.values,
        Verdict.FOUND: live.values,
        Verdict.NOT_CHECKED: {} if is_looked_up else before,
        Verdict.NOT_READY: {} if is_looked_up else before,
    }
    return EndpointPlan(
        cluster=str(change.after["ClusterKey"]),
        stack=stack,
        verdict=verdict,
        is_looked_up=is_looked_up,
        before=before,
        live=live.values,
        after=after.get(verdict, before),
        why=live.denied or live.refusal,
    )


def _verdict(
    change: ResourceChange, before: Mapping[str, str], live: LiveEndpoint, *, is_looked_up: bool
) -> Verdict:
    if live.denied:
        return Verdict.NOT_CHECKED
    if live.values:
        if not before:
            return Verdict.FOUND
        same = all(before.get(name, value) == value for name, value in live.values.items())
        if same:
            return Verdict.UNCHANGED
        return Verdict.CHANGES if is_looked_up else Verdict.NOT_TAKEN
    code = _code(live.refusal)
    if code in PASSING:
        return Verdict.NOT_READY
    if not is_looked_up:
        return Verdict.UNUSABLE
    kept = code in VANISHED and _is_whole(before) and _asks_for_the_same(change)
    return Verdict.GONE if kept else Verdict.REFUSED


def _code(refusal: str) -> str:
    found = _CODE.match(refusal)
    return found[1] if found else ""


def _is_whole(before: Mapping[str, str]) -> bool:
    """Whether the resolver can answer with it once more."""
    return all(forms.fits(name, before.get(name)) for name in forms.FORMS)


def _asks_for_the_same(change: ResourceChange) -> bool:
    try:
        return parse(change.before).selector == parse(change.after).selector
    except Refusal:
        return False
