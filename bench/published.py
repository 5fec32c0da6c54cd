"""Reads and writes the last whole run: docs/benchmarks.json, and the page and the plot of it."""

import json
import os
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.beside.results import Results, as_json, from_json
from bench.goals import Goal
from bench.pairs import Summary

DOCS = Path(__file__).parent.parent / "docs"
RESULTS, PAGE, PLOT = (DOCS / f"benchmarks.{kind}" for kind in ("json", "md", "svg"))


@dataclass(frozen=True)
class Run:
    """A whole run: when and on what, each measure with its goal, and the comparison.

    `load` is the machine's one-minute load average before, `minutes` what the run took.
    """

    date: str
    cores: int
    load: float
    minutes: float
    measures: Mapping[str, tuple[Goal, Summary]]
    beside: Results


def machine() -> dict[str, Any]:
    """What a run says of its time and place."""
    return {
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "cores": len(os.sched_getaffinity(0)),
        "load": round(os.getloadavg()[0], 1),
    }


def to_json(run: Run) -> str:
    """As it is written down; `from_text` reads it again."""
    measures = {
        name: {"goal": asdict(goal), "found": asdict(found)}
        for name, (goal, found) in run.measures.items()
    }
    written = {**vars(run), "measures": measures, "beside": as_json(run.beside)}
    return json.dumps(written, indent=1, ensure_ascii=False) + "\n"


def from_text(text: str) -> Run:
    """The run that `to_json` wrote."""
    read = json.loads(text)
    measures = {
        name: (Goal(**each["goal"]), Summary(**each["found"]))
        for name, each in read["measures"].items()
    }
    return Run(**{**read, "measures": measures, "beside": from_json(read["beside"])})
