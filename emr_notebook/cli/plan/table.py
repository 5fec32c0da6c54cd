"""A plan on a terminal, or as plain text."""

from collections.abc import Sequence
from decimal import Decimal

from rich.console import Console
from rich.text import Text

from emr_notebook.cli.output import make_table, print_table
from emr_notebook.cli.plan.costs import Costs
from emr_notebook.cli.plan.endpoint import EndpointPlan, Verdict
from emr_notebook.cli.plan.notebook import NotebookFate, NotebookPlan
from emr_notebook.cli.plan.stack import StackPlan
from emr_notebook.cli.plan.stage import StagePlan
from emr_notebook.cli.plan.wording import endpoint_words, notebook_words, summary, without_a_price

CALM = frozenset({Verdict.UNCHANGED, Verdict.FOUND})
QUIET = frozenset({NotebookFate.UNCHANGED})
GRAVE = frozenset({NotebookFate.REPLACED, NotebookFate.REMOVED})
NOTHING = "Nothing changes."


def print_plan(console: Console, plan: StagePlan) -> None:
    """Stack by stack, then what it costs, what is not known, and why the deploy fails."""
    for stack in plan.stacks:
        _print_stack(console, stack)
    if plan.costs is not None:
        _print_costs(console, plan.costs)
    for each in plan.unknown():
        console.print(Text(f"Not known: {each}.", "yellow"), soft_wrap=True)
    for each in plan.refusals():
        console.print(Text(f"The deploy fails: {each}", "red"), soft_wrap=True)
    if not plan.is_different and not plan.unknown() and not plan.refusals():
        console.print(NOTHING)


def _print_stack(console: Console, stack: StackPlan) -> None:
    console.print(Text(f"{stack.name} ({stack.status or 'not deployed'})", "bold"), soft_wrap=True)
    clusters = make_table("Cluster", "Deployed", "Live", "This deploy")
    for each in stack.endpoints:
        clusters.add_row(*map(Text, _endpoint_row(each)), style=_endpoint_style(each))
    print_table(console, clusters)
    told = [each for each in stack.notebooks if each.fate not in QUIET]
    notebooks = make_table("Notebook", "State", "This deploy")
    for notebook in told:
        style = "red" if notebook.refusal else "yellow" if notebook.fate in GRAVE else ""
        notebooks.add_row(*map(Text, _notebook_row(notebook)), style=style)
    if told:
        console.print()
        print_table(console, notebooks)
    _print_quiet(console, stack.notebooks)
    for line in _others(stack):
        console.print(line, soft_wrap=True)
    if told:
        console.print(f"notebooks: {summary(stack.notebooks)}", soft_wrap=True)
    console.print()


def _print_quiet(console: Console, notebooks: Sequence[NotebookPlan]) -> None:
    quiet = [each.name for each in notebooks if each.fate in QUIET]
    if quiet:
        console.print(Text(f"unchanged: {', '.join(quiet)}", "dim"), soft_wrap=True)


def _others(stack: StackPlan) -> list[str]:
    parts = [
        f"{number} {word}{'' if number == 1 else 's'}"
        for number, word in ((stack.others, "other resource"), (stack.outputs, "output"))
        if number
    ]
    verb = "changes" if stack.others + stack.outputs == 1 else "change"
    return [f"and {' and '.join(parts)} {verb}: see cdk diff"] if parts else []


def _endpoint_row(endpoint: EndpointPlan) -> list[str]:
    address = "LivyUrl"
    live = endpoint.live.get(address, "not checked" if endpoint.why else "")
    if endpoint.why and endpoint.verdict is not Verdict.NOT_CHECKED:
        live = "none"
    deployed = endpoint.before.get(address, "none")
    return [endpoint.cluster, deployed, live, endpoint_words(endpoint)]


def _endpoint_style(endpoint: EndpointPlan) -> str:
    if endpoint.verdict is Verdict.REFUSED:
        return "red"
    return "" if endpoint.verdict in CALM else "yellow"


def _notebook_row(notebook: NotebookPlan) -> list[str]:
    missing = "" if notebook.fate is NotebookFate.CREATED else "not in SageMaker"
    state = "not known" if notebook.state is None else notebook.state or missing
    return [notebook.name, state, notebook_words(notebook)]


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
