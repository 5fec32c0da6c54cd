"""`python -m bench.page`: write docs/benchmarks.md and .svg from the last run's figures."""

from collections.abc import Iterable, Sequence

from bench.beside.results import ARTICLE, OURS, WORKS, Outcome
from bench.goals import Goal
from bench.pairs import Summary
from bench.plot import plot
from bench.published import PAGE, PLOT, README, RESULTS, Run, from_text

HEAD = """# Benchmarks

`make bench` writes this page, its plot and [the figures](benchmarks.json). This run: {date}, on
{cores} cores, with a load average of {load} before it, in {minutes:.0f} minutes.

Each pair is measured in turns, and each subject twice: the noise is how far the same thing differs
from itself, and a ratio nearer to 1 than that says nothing.

## Beside the article's method

AWS's article on notebooks backed by Spark in EMR does the same with boto3: it looks up the first
running master, renders a start script with sed and a template, and creates the lifecycle
configuration and the stack. `bench/article/` is its method, written anew. Where it leaves a choice,
the kinder one was taken: SparkMagic's configuration stands in the script and does not come from the
internet. Role and security group, which the article asks for, are there before.

Both run in one [sandbox](architecture.md#the-sandbox). Its notebooks start in seconds; on AWS each
deploy and each start takes minutes more, for both.

![Seconds of both](benchmarks.svg)

"""
BEGIN, END = "<!-- figures: make bench -->\n", "<!-- end of figures -->"
COMPARED = {
    "deployed": "one command, from nothing to a notebook in service",
    "first_result": "opening a kernel, to Spark's first result",
    "restarted": "starting a stopped notebook",
}
MEASURED = """
## Goals

| measure | measured | beside | ratio | eight of ten pairs | noise | goal |
|---|---|---|---|---|---|---|
"""


def page(run: Run) -> str:
    """The whole page."""
    return "".join([HEAD.format(**vars(run)), *_beside(run), MEASURED, *_measures(run)])


def _beside(run: Run) -> Iterable[str]:
    found = run.beside
    yield _row(["", OURS, ARTICLE, "ratio", "noise"]) + _row(["---"] * 5)
    for name, words in COMPARED.items():
        each = found.times[name]
        yield _row(
            [
                words,
                *(_seconds(part) for part in (each.subject, each.baseline)),
                *(f"{part:.2f}" for part in (each.ratio, each.noise)),
            ]
        )
    yield _row(
        ["a replaced cluster, to the next first result; the article's by hand, without the typing"]
        + [_seconds(found.replaced[label]) for label in (OURS, ARTICLE)]
        + ["", ""]
    )
    yield _row(
        ["calls of AWS for the first deploy"]
        + [str(found.calls[label]) for label in (OURS, ARTICLE)]
        + ["", ""]
    )
    yield "\n" + _row(["what a person types", OURS, ARTICLE]) + _row(["---"] * 3)
    for words, commands in (
        ("for a first notebook", found.commands),
        ("after a cluster's replacement", found.replaced_commands),
    ):
        yield _row([words, *(_listed(commands[label]) for label in (OURS, ARTICLE))])
    yield "\n### Ten faults\n\n" + _row(["what is wrong", OURS, ARTICLE]) + _row(["---"] * 3)
    for fault, outcomes in found.faults.items():
        both = [outcomes[label] for label in (OURS, ARTICLE)]
        yield _row([fault, *(_said(each) for each in both)])


def _measures(run: Run) -> Iterable[str]:
    for name, (goal, found) in run.measures.items():
        yield _measure(name, goal, found)


def _measure(name: str, goal: Goal, found: Summary) -> str:
    return _row(
        [
            f"`{name}`",
            f"{found.subject:.3g} {goal.unit}: {goal.subject}",
            f"{found.baseline:.3g} {goal.unit}: {goal.baseline}",
            f"{found.ratio:.2f}",
            f"{found.low:.2f} to {found.high:.2f}",
            f"{found.noise:.2f}",
            f"{goal.goal:.2f} {_outcome(goal, found)}",
        ]
    )


def _outcome(goal: Goal, found: Summary) -> str:
    if found.ratio <= goal.goal:
        return "reached"
    return "missed, within the noise" if found.ratio <= goal.goal * found.noise else "**missed**"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s"


def _listed(commands: Sequence[str]) -> str:
    return "<br>".join(f"`{each}`" for each in commands) or "nothing"


def _said(outcome: Outcome) -> str:
    words = outcome.says.replace("|", "\\|").replace("<", "&lt;").replace("`", "'")
    after = f" after {_seconds(outcome.seconds)}" if outcome.seconds else ""
    return f"**{outcome.result}**{after}" + (f": {words}" if words else "")


def first_screen(run: Run) -> str:
    """The three figures of the README, one of which is the article's gain."""
    found, deployed = run.beside, run.beside.times["deployed"]
    typed = len(found.replaced_commands[ARTICLE])
    works = {
        label: sum(each[label].result == WORKS for each in found.faults.values())
        for label in (OURS, ARTICLE)
    }
    others = [each[OURS] for each in found.faults.values() if each[OURS].result != WORKS]
    told = sum("next: " in each.says.lower() for each in others)
    how_many = "the others" if told == len(others) else f"{told} of the others"
    replaced = (
        f"- **A replaced cluster**: the next first result after {found.replaced[OURS]:.0f} s,"
        f" with nothing typed. With the script: {typed} steps by hand and"
        f" {found.replaced[ARTICLE]:.0f} s."
    )
    faults = (
        f"- **Of {len(found.faults)} faults**, such as an ended cluster, {works[OURS]} do not"
        f" matter here and {how_many} are told with the next step. With the script:"
        f" {works[ARTICLE]} do not matter."
    )
    deploy = (
        f"- **A first deploy** takes {deployed.subject:.0f} s in the sandbox, where the script"
        f" takes {deployed.baseline:.0f} s: it also makes role, group and name, and checks"
        " the cluster."
    )
    return "\n".join([replaced, faults, deploy, ""])


def with_first_screen(readme: str, run: Run) -> str:
    """The README with the run's figures between its two marks."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    return f"{before}{begin}{first_screen(run)}{end}{after}"


def write(run: Run) -> None:
    """Write the page, the plot and the README's figures."""
    PAGE.write_text(page(run))
    plot(run, PLOT)
    README.write_text(with_first_screen(README.read_text(), run))


if __name__ == "__main__":
    write(from_text(RESULTS.read_text()))
