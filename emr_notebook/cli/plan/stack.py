"""Decides what a deploy does to one stack; without AWS."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from emr_notebook.cli.aws.deployed_stack import ENDPOINT, GUARD, LIFECYCLE, NOTEBOOK
from emr_notebook.cli.plan.deployed import Deployed
from emr_notebook.cli.plan.endpoint import EndpointPlan, attributes_after, plan_endpoint
from emr_notebook.cli.plan.notebook import NotebookPlan, plan_notebook
from emr_notebook.cli.plan.notebook_refusal import Facts
from emr_notebook.cli.plan.read import AwsState
from emr_notebook.cli.plan.rename import renamed
from emr_notebook.cli.plan.schedule import SchedulePlan, is_of_notebook, plan_schedules
from emr_notebook.cli.plan.template_diff import ChangeType, ResourceChange, TemplateDiff
from emr_notebook.settings.model import Settings
from emr_notebook.synthesis import Template
from refusal import Refusal
from replacement_guard.guard import on_event as guard
from replacement_guard.properties import NAME

# Told apart from the others, or no resource but what the CDK counts its users by.
UNCOUNTED = frozenset({NOTEBOOK, ENDPOINT, "AWS::CDK::Metadata"})


@dataclass(frozen=True)
class StackPlan:
    """One stack's part: `status` is CloudFormation's, None before the stack is made.

    `other_changes` and `output_changes` count the further resources and the outputs that change.
    `refusals` say why the deploy of this stack fails.
    """

    name: str
    status: str | None
    endpoints: Sequence[EndpointPlan] = ()
    notebooks: Sequence[NotebookPlan] = ()
    schedules: Sequence[SchedulePlan] = ()
    other_changes: int = 0
    output_changes: int = 0
    refusals: Sequence[str] = field(default_factory=list)


def plan_stack(
    settings: Settings, template: Template, deployed: Deployed, state: AwsState
) -> StackPlan:
    """What the deploy of one stack does, without AWS."""
    name = deployed.stack.name
    endpoints: dict[str, EndpointPlan] = {}

    def answered(change: ResourceChange) -> Mapping[str, str] | None:
        if change.kind != ENDPOINT or change.change_type is ChangeType.REMOVED:
            return None
        if change.logical_id not in endpoints:
            cluster = str(change.after["ClusterKey"])
            before = deployed.stack.endpoints().get(cluster, {})
            endpoints[change.logical_id] = plan_endpoint(
                change,
                name,
                before,
                state.live_endpoints[cluster],
                state.records.get(cluster),
            )
        return attributes_after(endpoints[change.logical_id], change.after)

    diff = TemplateDiff(deployed, template, answered)
    for each in diff.of_type(ENDPOINT):
        answered(each)
    outputs_before = deployed.stack.template.get("Outputs", {})
    outputs_after = template.get("Outputs", {})
    names = outputs_before.keys() | outputs_after.keys()
    changed = [each for each in diff.all() if each.change_type is not ChangeType.SAME]
    return StackPlan(
        name,
        deployed.stack.status,
        list(endpoints.values()),
        _notebooks(settings, diff, name, state),
        plan_schedules(diff),
        sum(not (each.kind in UNCOUNTED or is_of_notebook(each)) for each in changed),
        sum(outputs_before.get(each) != outputs_after.get(each) for each in names),
        [*_stuck_rollback(deployed), *_guard_refusals(diff)],
    )


def _notebooks(
    settings: Settings, diff: TemplateDiff, stack: str, state: AwsState
) -> list[NotebookPlan]:
    keys = {each.name: each.key for each in settings.resolved_notebooks}
    facts = Facts(
        state.notebook_states,
        frozenset(key for key, each in settings.notebooks.items() if each.replace),
        _scripts(diff),
        {
            notebook: (key, name)
            for name, each in state.stacks.items()
            for notebook, key in each.stack.notebook_keys().items()
        },
        state.makers,
        renamed(diff.of_type(NOTEBOOK)),
    )
    found = []
    for each in diff.of_type(NOTEBOOK):
        name = str((each.after or each.before).get(NAME, ""))
        key = keys.get(name, name) if each.after else name
        found.append(plan_notebook(each, key=key, stack=stack, facts=facts))
    return found


def _scripts(diff: TemplateDiff) -> dict[str, tuple[str, str]]:
    """Each notebook's start script before and after, in base64, by its logical id."""
    named = "NotebookInstanceLifecycleConfigName"
    before, after = {}, {}
    for each in diff.of_type(LIFECYCLE):
        physical = diff.reference(each.logical_id, named)
        before[physical[0]] = _content(each.before)
        after[physical[1]] = _content(each.after)
    used = "LifecycleConfigName"
    return {
        each.logical_id: (
            before.get(each.before.get(used), ""),
            after.get(each.after.get(used), ""),
        )
        for each in diff.of_type(NOTEBOOK)
    }


def _content(properties: Mapping[str, Any]) -> str:
    hooks = properties.get("OnStart") or [{}]
    content = hooks[0].get("Content", "")
    return content if isinstance(content, str) else ""


def _stuck_rollback(deployed: Deployed) -> list[str]:
    if deployed.stack.status != "UPDATE_ROLLBACK_FAILED":
        return []
    name = deployed.stack.name
    why = f"stack {name} is UPDATE_ROLLBACK_FAILED, and can be changed only after its rollback."
    return [f"{why} Next: aws cloudformation continue-update-rollback --stack-name {name}"]


def _guard_refusals(diff: TemplateDiff) -> list[str]:
    """The guard's refusal of the update, if it refuses it."""
    found = []
    for each in diff.of_type(GUARD):
        if each.change_type not in (ChangeType.CHANGED, ChangeType.REPLACED):
            continue
        event = {
            "RequestType": "Update",
            "OldResourceProperties": each.before,
            "ResourceProperties": each.after,
        }
        try:
            guard(event, lambda: False)
        except Refusal as refusal:
            found.append(str(refusal))
    return found
