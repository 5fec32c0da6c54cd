"""`python -m bench`: measure, show a table, and write .sandbox/bench.json.

All of it writes docs/benchmarks.md, too.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench import published
from bench.beside.results import Results, from_json
from bench.children import BenchError
from bench.goals import Goal
from bench.measures import BESIDE, GOALS, MEASURES, Measure
from bench.page import write
from bench.pairs import Summary, measure_pairs, summarize

RESULTS = Path(".sandbox/bench.json")


def measure(wanted: Measure, pairs: int | None) -> Summary:
    """One measure's summary, of its own number of pairs or this one. Raises BenchError."""
    with wanted.prepared() as (subject, baseline):
        # The first of each reads files that the others find in memory.
        subject(), baseline()
        return summarize(measure_pairs(subject, baseline, pairs or wanted.pairs))


def beside(pairs: int | None) -> Results:
    """The project and the article in one sandbox. Raises BenchError.

    In a process of its own, which has no threads yet: it is contained, and leaves nothing behind.
    """
    with tempfile.NamedTemporaryFile() as file:
        command = [sys.executable, "-m", "bench.beside", file.name]
        command += ["--pairs", str(pairs)] if pairs else []
        if subprocess.run(command, check=False).returncode != 0:
            raise BenchError("the comparison was not possible; the reason stands above")
        return from_json(json.loads(Path(file.name).read_text()))


def as_json(found: Mapping[str, Summary]) -> dict[str, dict[str, float]]:
    """The results as they are written down."""
    return {
        name: {
            **{part: round(getattr(each, part), 4) for part in ("ratio", "low", "high", "noise")},
            "goal": GOALS[name].goal,
        }
        for name, each in found.items()
    }


def table(found: Mapping[str, Summary]) -> Table:
    """The results as they are shown."""
    shown = Table(title="Eight of ten pairs lie between low and high")
    for column in ("measure", "ratio", "low", "high", "noise", "goal"):
        shown.add_column(column)
    for name, each in found.items():
        wanted = GOALS[name]
        shown.add_row(
            f"{name}\n"
            f"  {each.subject:.3g} {wanted.unit}: {wanted.subject}\n"
            f"  {each.baseline:.3g} {wanted.unit}: {wanted.baseline}",
            *(f"{part:.2f}" for part in (each.ratio, each.low, each.high, each.noise)),
            f"{wanted.goal:.2f} {'reached' if each.ratio <= wanted.goal else 'missed'}",
        )
    return shown


def main(arguments: Iterable[str] | None = None) -> None:
    """Measure all, or those named."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", choices=GOALS, action="append", help="this measure; repeatable")
    parser.add_argument("--pairs", type=int, help="at least 2 (default: the measure's own)")
    given = parser.parse_args(None if arguments is None else list(arguments))
    if given.pairs is not None and given.pairs < 2:
        parser.error(f"--pairs {given.pairs}: a spread needs at least 2")
    console, begun, machine = Console(), time.monotonic(), published.machine()
    found: dict[str, Summary] = {}
    compared: Results | None = None
    for name in given.only or GOALS:
        try:
            if name == BESIDE:
                compared = beside(given.pairs)
                found[name] = compared.times[name]
            else:
                with console.status(f"Measuring {name}"):
                    found[name] = measure(MEASURES[name], given.pairs)
        except BenchError as error:
            sys.exit(f"error: {name}: {error}")
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(as_json(found), indent=2) + "\n")
    console.print(table(found))
    console.print(f"Written to {RESULTS}")
    if compared and not given.only:
        minutes = round((time.monotonic() - begun) / 60, 1)
        measures = {name: (described(GOALS[name]), each) for name, each in found.items()}
        run = published.Run(**machine, minutes=minutes, measures=measures, beside=compared)
        published.RESULTS.write_text(published.to_json(run))
        write(run)
        console.print(f"Written to {published.PAGE}")


def described(goal: Goal) -> Goal:
    """The words and the figure alone, without how it is measured."""
    return Goal(goal.subject, goal.baseline, goal.unit, goal.goal)


if __name__ == "__main__":
    main()
