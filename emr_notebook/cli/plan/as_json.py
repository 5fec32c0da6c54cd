"""Writes a plan as JSON for other programs."""

from collections.abc import Sequence
from typing import Any

from emr_notebook.cli.plan.costs import Costs
from emr_notebook.cli.plan.endpoint import EndpointPlan
from emr_notebook.cli.plan.notebook import LEAVES_FILES_BEHIND, NotebookPlan
from emr_notebook.cli.plan.stage import StagePlan
from emr_notebook.cli.plan.template_diff import PropertyChange
from emr_notebook.settings.schedule import acts_next, times_in_words


def plan_json(plan: StagePlan) -> dict[str, Any]:
    """The whole plan; what is not known is null."""
    return {
        "stage": plan.stage,
        "refresh": plan.refresh or None,
        "status": plan.exit_status,
        "stacks": [
            {
                "name": each.name,
                "status": each.status,
                "other_resources": each.other_changes,
                "outputs": each.output_changes,
            }
            for each in plan.stacks
        ],
        "clusters": [_endpoint(each) for each in plan.endpoints],
        "notebooks": [_notebook(each) for each in plan.notebooks],
        "schedules": [
            {
                "key": each.key,
                "stack": stack.name,
                "before": times_in_words(each.before) or None,
                "after": times_in_words(each.after) or None,
                "next": acts_next(each.after, plan.now) or None,
            }
            for stack in plan.stacks
            for each in stack.schedules
        ],
        "refusals": plan.refusals(),
        "unknown": plan.unknown(),
        "costs": None if plan.costs is None else _costs(plan.costs),
    }


def _endpoint(endpoint: EndpointPlan) -> dict[str, Any]:
    return {
        "cluster": endpoint.cluster,
        "stack": endpoint.stack,
        "verdict": endpoint.verdict.value,
        "looked_up": endpoint.is_looked_up,
        "deployed": dict(endpoint.before) or None,
        "live": dict(endpoint.live) or None,
        "after": dict(endpoint.after) or None,
        "why": endpoint.why or None,
        "followed": str(endpoint.record) if endpoint.record else None,
    }


def _notebook(notebook: NotebookPlan) -> dict[str, Any]:
    return {
        "key": notebook.key,
        "name": notebook.name,
        "stack": notebook.stack,
        "state": notebook.state,
        "change_type": notebook.change_type.value,
        "restarts": notebook.restarts,
        "changes": _changes(notebook.changes),
        "at_next_start": _changes(notebook.at_next_start),
        "replaces": notebook.old_name or None,
        "renamed_from": notebook.renamed_from or None,
        "old_is_kept": notebook.keeps_old if notebook.change_type in LEAVES_FILES_BEHIND else None,
        "refusal": notebook.refusal or None,
    }


def _changes(changes: Sequence[PropertyChange]) -> dict[str, Any]:
    return {each.name: {"before": each.before, "after": each.after} for each in changes}


def _costs(costs: Costs) -> dict[str, Any]:
    return {
        "lines": [
            {
                "what": each.what,
                "units": {"before": float(each.units_before), "after": float(each.units_after)},
                "price": float(each.price),
                "before": float(each.before),
                "after": float(each.after),
            }
            for each in costs.lines
        ],
        "before": float(costs.before),
        "after": float(costs.after),
        "without_a_price": dict(costs.without_a_price),
    }
