"""Puts a plan into words: what it says of each cluster, notebook and price."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from emr_notebook.cli.aws.notebooks import FAILED
from emr_notebook.cli.plan.costs import VOLUME, Costs
from emr_notebook.cli.plan.endpoint import EndpointPlan, EndpointVerdict
from emr_notebook.cli.plan.notebook import STOPPED, NotebookChange, NotebookPlan
from emr_notebook.cli.plan.template_diff import POLICIES, PropertyChange

# A Failed notebook cannot be stopped, and CloudFormation waits for it to come into service.
START_FIRST = (
    "it is Failed, and the deploy fails if it does not start: unless this change is what mends it, "
    "start it first"
)
FAILS = ": the deploy fails, see below"
REFRESH = "-c refresh=$(date +%s)"
# An endpoint's values that are shown when they change; LivyUrl has a column of its own.
REPORTED_FIELDS = ("ClusterId", "ReleaseLabel", "SparkVersion", "LivyVersion")


def endpoint_words(endpoint: EndpointPlan) -> str:
    """What this deploy makes of an endpoint."""
    kept = "" if endpoint.is_looked_up else "; this deploy does not look it up"
    words: Mapping[EndpointVerdict, Callable[[], str]] = {
        EndpointVerdict.UNCHANGED: lambda: "unchanged" if kept else "looked up again, unchanged",
        EndpointVerdict.FOUND: lambda: f"will be found: {_differences({}, endpoint.live)}",
        EndpointVerdict.CHANGES: lambda: f"changes{_moved(endpoint)}",
        EndpointVerdict.NOT_TAKEN: lambda: (
            f"stays as deployed{_moved(endpoint)}: the live one is taken with {REFRESH}"
        ),
        EndpointVerdict.FOLLOWED: lambda: "stays as deployed: the name leads to the live one",
        EndpointVerdict.AWAITED: lambda: (
            f"there is none yet, its notebooks are deployed and wait for it: {endpoint.why}"
        ),
        EndpointVerdict.GONE: lambda: (
            f"the cluster is gone, the deployed address is kept: {endpoint.why}"
        ),
        EndpointVerdict.UNUSABLE: lambda: f"cannot be used{kept}: {endpoint.why}",
        EndpointVerdict.REFUSED: lambda: f"CANNOT BE USED{FAILS}",
        EndpointVerdict.NOT_CHECKED: lambda: f"not checked: {endpoint.why} is missing{kept}",
        EndpointVerdict.NOT_READY: lambda: f"not known yet{kept}: {endpoint.why}",
    }
    said = words[endpoint.verdict]()
    # One that is not there yet is made by the deploy.
    shown = endpoint.record is not None and (endpoint.record.record or endpoint.record.denied)
    return f"{said}; {endpoint.record}" if shown else said


def notebook_words(notebook: NotebookPlan) -> str:
    """What this deploy does to a notebook."""
    changes = changes_words(notebook.changes)
    words: Mapping[NotebookChange, Callable[[], str]] = {
        NotebookChange.UNCHANGED: lambda: "unchanged",
        NotebookChange.NEXT_START: lambda: f"at its next start: {_at_next_start(notebook)}",
        NotebookChange.IN_PLACE: lambda: f"changed in place, without a stop: {changes}",
        NotebookChange.WHILE_STOPPED: lambda: f"{_stop(notebook)}: {changes}",
        NotebookChange.CREATED: lambda: _created(notebook),
        NotebookChange.REPLACED: lambda: _replaced(notebook),
        NotebookChange.REMOVED: lambda: _removed(notebook),
    }
    said = words[notebook.change_type]()
    if notebook.at_next_start and notebook.change_type is not NotebookChange.NEXT_START:
        when = "the restart brings" if notebook.restarts else "at its next start"
        said += f"; {when}: {_at_next_start(notebook)}"
    if notebook.state == FAILED and notebook.change_type is NotebookChange.WHILE_STOPPED:
        said += f"; {START_FIRST}"
    return f"{said}{FAILS}" if notebook.refusal else said


def changes_words(changes: Sequence[PropertyChange]) -> str:
    """The changes on one line, the keeping policies as one."""
    others = [each for each in changes if each.name not in POLICIES]
    words = [f"{each.name} {_shown(each.before)} → {_shown(each.after)}" for each in others]
    kept = [each for each in changes if each.name == POLICIES[0]]
    words += ["deleted with its entry" if x.after == "Delete" else "kept" for x in kept]
    return ", ".join(words) or "how it is replaced"


def notebook_counts(notebooks: Sequence[NotebookPlan]) -> str:
    """How many notebooks each change is for, those that restart apart from the others."""
    others = [each for each in notebooks if not each.restarts]
    counted = [("RESTARTED", len(notebooks) - len(others))]
    counted += [(kind, sum(each.change_type is kind for each in others)) for kind in NotebookChange]
    return ", ".join(f"{number} {words}" for words, number in counted if number)


def without_a_price(costs: Costs) -> str:
    """What has no price, in words; "" when all has."""
    words = []
    for what, number in costs.without_a_price.items():
        unit = "volume" if what == VOLUME else "notebook"
        words.append(f"{what} ({number} {unit}{'' if number == 1 else 's'})")
    return ", ".join(words)


def _moved(endpoint: EndpointPlan) -> str:
    differences = _differences(endpoint.before, endpoint.live)
    return f" ({differences})" if differences else ""


def _differences(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """The values that are not the same; all of them where there were none."""
    pairs = [(before.get(name), after.get(name)) for name in REPORTED_FIELDS]
    return ", ".join(
        f"{old} → {new}" if old else str(new) for old, new in pairs if new and old != new
    )


def _at_next_start(notebook: NotebookPlan) -> str:
    return changes_words(notebook.at_next_start)


def _stop(notebook: NotebookPlan) -> str:
    if notebook.state is None:
        return "stopped for a change, and started again if it runs"
    if notebook.state == STOPPED:
        return "changed, stays stopped"
    if notebook.state == FAILED:
        return "changed and started"
    return "RESTARTS" if notebook.restarts else "changed"


def _created(notebook: NotebookPlan) -> str:
    if not notebook.renamed_from:
        return "created"
    return (
        f"created, EMPTY: {notebook.renamed_from} RENAMED, and SageMaker renames nothing; its "
        "files are not carried over. To keep them, leave the entry its old key and name"
    )


def _replaced(notebook: NotebookPlan) -> str:
    files = (
        f"its files are not carried over: they stay on {notebook.old_name}, which is kept"
        if notebook.keeps_old
        else f"its files are DELETED with {notebook.old_name}"
    )
    allowed = "NOT ALLOWED" if notebook.refusal else "allowed by replace: true"
    by = f"{changes_words(notebook.changes)}"
    return f"REPLACED by an empty one ({by}); {files}; {allowed}"


def _removed(notebook: NotebookPlan) -> str:
    if notebook.keeps_old:
        return "removed from the settings: kept with its files, and still paid for"
    return "removed from the settings: DELETED with its files"


def _shown(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ", ".join(value)
    return value if isinstance(value, str) else json.dumps(value)
