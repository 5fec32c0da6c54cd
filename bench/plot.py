"""Draws the seconds of both, so that it can be read on a light and on a dark page."""

from pathlib import Path

import matplotlib as mpl
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from bench.beside.results import ARTICLE, OURS
from bench.published import Run

# Each has a contrast of 3 or more to white and to GitHub's dark page.
TEXT = "#7d8590"
COLOURS = {OURS: "#2f81f7", ARTICLE: "#d4762c"}
STORIES = {
    "deployed": "deployed",
    "first_result": "first Spark result",
    "restarted": "restarted",
    "replaced": "cluster replaced,\nto the next result",
}
HEIGHT = 0.36


def plot(run: Run, path: Path) -> None:
    """Write the SVG; the same figures give the same file."""
    figure = Figure(figsize=(8, 3.4))
    FigureCanvasSVG(figure)
    axes = figure.add_subplot()
    for number, label in enumerate((OURS, ARTICLE)):
        seconds = [_seconds(run, story, label) for story in STORIES]
        places = [row + (number - 0.5) * HEIGHT for row in range(len(STORIES))]
        bars = axes.barh(places, seconds, height=HEIGHT, color=COLOURS[label], label=label)
        axes.bar_label(bars, [f"{each:.1f} s" for each in seconds], padding=3, color=TEXT)
    axes.set_yticks(range(len(STORIES)), STORIES.values())
    axes.invert_yaxis()
    axes.margins(x=0.12)
    axes.tick_params(colors=TEXT)
    axes.set_xlabel("seconds in the sandbox", color=TEXT)
    for name, spine in axes.spines.items():
        spine.set_visible(name in ("left", "bottom"))
        spine.set_color(TEXT)
    axes.legend(frameon=False, labelcolor=TEXT, loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    figure.tight_layout()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "benchmarks"}):
        figure.savefig(path, transparent=True, metadata={"Date": None})


def _seconds(run: Run, story: str, label: str) -> float:
    if story == "replaced":
        return run.beside.replaced[label]
    found = run.beside.times[story]
    return found.subject if label == OURS else found.baseline
