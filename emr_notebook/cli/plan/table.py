"""Prints a plan on a terminal, or as plain text."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from rich.console import Console
from rich.text import Text

from emr_notebook.cli.output import make_table, print_table
from emr_notebook.cli.plan.costs import Costs
from emr_notebook.cli.plan.endpoint import EndpointPlan, EndpointVerdict
from emr_notebook.cli.plan.notebook import LEAVES_FILES_BEHIND, NotebookChange, NotebookPlan
from emr_notebook.cli.plan.schedule import SchedulePlan
from emr_notebook.cli.plan.stack import StackPlan
from emr_notebook.cli.plan.stage import StagePlan
from emr_notebook.cli.plan.wording import (
    endpoint_words,
    notebook_counts,
    notebook_words,
    without_a_price,
)
from emr_notebook.settings.schedule import acts_next, times_in_words

PLAIN = frozenset({EndpointVerdict.UNCHANGED, EndpointVerdict.FOLLOWED, EndpointVerdict.FOUND})
NOTHING = "Nothing changes."


def print_plan(console: Console, plan: StagePlan) -> None:
    """Stack by stack, then what it costs, what is not known, and why the deploy fails."""
    for stack in plan.stacks:
        _print_stack(console, stack, plan.now)
    if plan.costs is not None:
        _print_costs(console, plan.costs)
    for each in plan.unknown():
        console.print(Text(f"Not known: {each}.", "yellow"), soft_wrap=True)
    for each in plan.refusals():
        console.print(Text(f"The deploy fails: {each}", "red"), soft_wrap=True)
    if not plan.is_different and not plan.unknown() and not plan.refusals():
        console.print(NOTHING)


def _print_stack(console: Console, stack: StackPlan, now: datetime) -> None:
    console.print(Text(f"{stack.name} ({stack.status or 'not deployed'})", "bold"), soft_wrap=True)
    clusters = make_table("Cluster", "Deployed", "Live", "This deploy")
    for each in stack.endpoints:
        clusters.add_row(*map(Text, _endpoint_row(each)), style=_endpoint_style(each))
    print_table(console, clusters)
    unchanged = [x for x in stack.notebooks if x.change_type is NotebookChange.UNCHANGED]
    changed = [x for x in stack.notebooks if x.change_type is not NotebookChange.UNCHANGED]
    notebooks = make_table("Notebook", "State", "This deploy")
    for notebook in changed:
        notebooks.add_row(*map(Text, _notebook_row(notebook)), style=_notebook_style(notebook))
    if changed:
        console.print()
        print_table(console, notebooks)
    if unchanged:
        names = ", ".join(each.name for each in unchanged)
        console.print(Text(f"unchanged: {names}", "dim"), soft_wrap=True)
    _print_schedules(console, stack.schedules, now)
    for line in _others(stack):
        console.print(line, soft_wrap=True)
    if changed:
        console.print(f"notebooks: {notebook_counts(stack.notebooks)}", soft_wrap=True)
    console.print()


def _print_schedules(console: Console, schedules: Sequence[SchedulePlan], now: datetime) -> None:
    """A row for all notebooks that have the same times, before and after."""
    rows: dict[tuple[str, str, str], list[str]] = {}
    for each in schedules:
        row = (times_in_words(each.after) or "none", acts_next(each.after, now), each.words)
        rows.setdefault(row, []).append(each.key)
    table = make_table("Schedule of", "Times", "Acts next", "This deploy")
    for row, keys in rows.items():
        table.add_row(*map(Text, (", ".join(keys), *row)))
    if rows:
        console.print()
        print_table(console, table)


def _others(stack: StackPlan) -> list[str]:
    counts = {"other resource": stack.other_changes, "output": stack.output_changes}
    parts = [f"{n} {word}{'' if n == 1 else 's'}" for word, n in counts.items() if n]
    verb = "changes" if sum(counts.values()) == 1 else "change"
    return [f"and {' and '.join(parts)} {verb}: see cdk diff"] if parts else []


def _endpoint_row(endpoint: EndpointPlan) -> list[str]:
    address = "LivyUrl"
    live = endpoint.live.get(address, "not checked" if endpoint.why else "")
    if endpoint.why and endpoint.verdict is not EndpointVerdict.NOT_CHECKED:
        live = "none"
    deployed = endpoint.before.get(address, "none")
    return [endpoint.cluster, deployed, live, endpoint_words(endpoint)]


def _endpoint_style(endpoint: EndpointPlan) -> str:
    if endpoint.verdict is EndpointVerdict.REFUSED:
        return "red"
    return "" if endpoint.verdict in PLAIN else "yellow"


def _notebook_row(notebook: NotebookPlan) -> list[str]:
    missing = "" if notebook.change_type is NotebookChange.CREATED else "not in SageMaker"
    state = "not known" if notebook.state is None else notebook.state or missing
    return [notebook.name, state, notebook_words(notebook)]


def _notebook_style(notebook: NotebookPlan) -> str:
    if notebook.refusal:
        return "red"
    leaves = notebook.change_type in LEAVES_FILES_BEHIND or notebook.renamed_from
    return "yellow" if leaves else ""


def _print_costs(console: Console, costs: Costs) -> None:
    table = make_table("Costs a month", "Units", "Price", "Deployed", "Planned")
    for each in costs.lines:
        units = f"{_number(each.units_before)} → {_number(each.units_after)}"
        row = (each.what, units, f"{each.price}", _money(each.before), _money(each.after))
        table.add_row(*map(Text, row))
    difference = costs.after - costs.before
    table.add_row(
        "total", "", "", _money(costs.before), f"{_money(costs.after)} ({difference:+.2f})"
    )
    print_table(console, table)
    missing = without_a_price(costs)
    if missing:
        console.print(f"no price was given for {missing}", soft_wrap=True)
    console.print()


def _number(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _money(value: Decimal) -> str:
    return f"{value:.2f}"
