"""`python -m bench`: measure, show a table, and write .sandbox/bench.json."""

import argparse
import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.children import BenchError
from bench.measures import MEASURES, Measure
from bench.pairs import Summary, measure_pairs, summarize

RESULTS = Path(".sandbox/bench.json")


def measure(wanted: Measure, pairs: int | None) -> Summary:
    """One measure's summary, of its own number of pairs or this one. Raises BenchError."""
    with wanted.prepared() as (subject, baseline):
        # The first of each reads files that the others find in memory.
        subject(), baseline()
        return summarize(measure_pairs(subject, baseline, pairs or wanted.pairs))


def as_json(found: Mapping[str, Summary]) -> dict[str, dict[str, float]]:
    """The results as they are written down."""
    return {
        name: {
            **{part: round(getattr(each, part), 4) for part in ("ratio", "low", "high", "noise")},
            "goal": MEASURES[name].goal,
        }
        for name, each in found.items()
    }


def table(found: Mapping[str, Summary]) -> Table:
    """The results as they are shown."""
    shown = Table(title="Eight of ten pairs lie between low and high")
    for column in ("measure", "ratio", "low", "high", "noise", "goal"):
        shown.add_column(column)
    for name, each in found.items():
        wanted = MEASURES[name]
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
    parser.add_argument(
        "--only", choices=MEASURES, action="append", help="this measure; repeatable"
    )
    parser.add_argument("--pairs", type=int, help="at least 2 (default: the measure's own)")
    given = parser.parse_args(None if arguments is None else list(arguments))
    if given.pairs is not None and given.pairs < 2:
        parser.error(f"--pairs {given.pairs}: a spread needs at least 2")
    console = Console()
    found = {}
    for name in given.only or MEASURES:
        with console.status(f"Measuring {name}"):
            try:
                found[name] = measure(MEASURES[name], given.pairs)
            except BenchError as error:
                sys.exit(f"error: {name}: {error}")
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(as_json(found), indent=2) + "\n")
    console.print(table(found))
    console.print(f"Written to {RESULTS}")


if __name__ == "__main__":
    main()
