"""Decides what a deploy does to a cluster's endpoint, as the resolver will; without AWS."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from cluster_endpoint import last_value, output_formats
from cluster_endpoint.handler import CLUSTER_ABSENT_CODES, CLUSTER_GONE_CODES
from cluster_endpoint.notebook_url import awaited_url
from cluster_endpoint.request import parse
from cluster_record.record import State
from emr_notebook.cli.aws.followed_records import FollowedRecord
from emr_notebook.cli.aws.live_endpoint import LiveEndpoint
from emr_notebook.cli.plan.deployed import endpoint_attributes
from emr_notebook.cli.plan.template_diff import ChangeType, ResourceChange
from refusal import Refusal

# Refusals of a look-up that does not wait, where a deploy would wait or ask again.
TRANSIENT_REFUSALS = frozenset({"cluster-not-ready", "aws-unavailable"})


class EndpointVerdict(StrEnum):
    """What there is to say of an endpoint."""

    UNCHANGED = "unchanged"
    FOUND = "found"
    CHANGES = "changes"
    NOT_TAKEN = "not taken"
    FOLLOWED = "followed"
    GONE = "gone"
    AWAITED = "awaited"
    UNUSABLE = "unusable"
    REFUSED = "refused"
    NOT_CHECKED = "not checked"
    NOT_READY = "not ready"


# What a deploy that does not look a cluster up leaves as it is.
UNTOUCHED = frozenset({EndpointVerdict.NOT_TAKEN, EndpointVerdict.UNUSABLE})


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
    verdict: EndpointVerdict
    is_looked_up: bool
    before: Mapping[str, str] = field(default_factory=dict)
    live: Mapping[str, str] = field(default_factory=dict)
    after: Mapping[str, str] = field(default_factory=dict)
    why: str = ""
    record: FollowedRecord | None = None


def plan_endpoint(
    change: ResourceChange,
    stack: str,
    before: Mapping[str, str],
    live: LiveEndpoint,
    record: FollowedRecord | None = None,
) -> EndpointPlan:
    """The endpoint of a custom resource that the deploy keeps, changes or makes.

    CloudFormation has a cluster looked up only when the custom resource's properties change.
    `record` is the name of a cluster that is followed: where it leads to the live one, there is
    nothing to take.
    """
    before = {name: value for name, value in before.items() if name in output_formats.FORMATS}
    is_looked_up = change.change_type is not ChangeType.SAME and change.is_touched
    live = live.for_sessions(parse(change.after).session_fields)
    verdict = _verdict(change, before, live, is_looked_up=is_looked_up)
    if verdict in UNTOUCHED and _leads_to(record, live):
        verdict = EndpointVerdict.FOLLOWED
    after = {
        EndpointVerdict.CHANGES: live.values,
        EndpointVerdict.FOUND: live.values,
        EndpointVerdict.AWAITED: {},
        EndpointVerdict.NOT_CHECKED: {} if is_looked_up else before,
        EndpointVerdict.NOT_READY: {} if is_looked_up else before,
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
        record=record,
    )


def attributes_after(
    endpoint: EndpointPlan, properties: Mapping[str, Any]
) -> Mapping[str, str] | None:
    """What the resolver answers for the new properties; None where it is not asked."""
    if not endpoint.is_looked_up:
        return None
    values = endpoint.after
    if endpoint.verdict is EndpointVerdict.AWAITED:
        url = awaited_url(parse(properties).preferences)
        values = {**last_value.PLACEHOLDER, "LivyUrl": url}
    return endpoint_attributes(values, properties)


def _leads_to(followed: FollowedRecord | None, live: LiveEndpoint) -> bool:
    """Whether the name leads to the live cluster; to the one that it had, when there are two."""
    record = followed.record if followed else None
    if record is None or record.state is not State.FOLLOWED:
        return False
    return live.code == "cluster-several" or record.cluster_id == live.values.get("ClusterId")


def _verdict(
    change: ResourceChange, before: Mapping[str, str], live: LiveEndpoint, *, is_looked_up: bool
) -> EndpointVerdict:
    if live.denied:
        return EndpointVerdict.NOT_CHECKED
    if live.values:
        if not before:
            return EndpointVerdict.FOUND
        same = all(before.get(name, value) == value for name, value in live.values.items())
        if same:
            return EndpointVerdict.UNCHANGED
        return EndpointVerdict.CHANGES if is_looked_up else EndpointVerdict.NOT_TAKEN
    if live.code in TRANSIENT_REFUSALS:
        return EndpointVerdict.NOT_READY
    if not is_looked_up:
        return EndpointVerdict.UNUSABLE
    if live.code in CLUSTER_GONE_CODES and _is_whole(before) and _asks_for_the_same(change):
        return EndpointVerdict.GONE
    awaits = change.after.get("WhenAbsent") == "deploy" and live.code in CLUSTER_ABSENT_CODES
    return EndpointVerdict.AWAITED if awaits else EndpointVerdict.REFUSED


def _is_whole(before: Mapping[str, str]) -> bool:
    """Whether the resolver can answer with it once more."""
    return all(output_formats.matches(name, before.get(name)) for name in output_formats.FORMATS)


def _asks_for_the_same(change: ResourceChange) -> bool:
    try:
        return parse(change.before).selector == parse(change.after).selector
    except Refusal:
        return False
