"""The page and the plot of `make bench`: they say what was measured, whoever it favours."""

from dataclasses import replace
from pathlib import Path

import pytest

from bench import published
from bench.beside.results import ARTICLE, OURS, Outcome, Results
from bench.goals import Goal
from bench.page import first_screen, page, with_first_screen
from bench.pairs import Summary
from bench.plot import plot
from bench.published import PAGE, README, RESULTS, Run

FOUND = Summary(ratio=1.5, low=1.4, high=1.6, noise=1.02, subject=6.0, baseline=4.0)
GOAL = Goal(subject="a start", baseline="a bare one", unit="s", goal=2.0)
BESIDE = Results(
    times=dict.fromkeys(("deployed", "first_result", "restarted"), FOUND),
    calls={OURS: 77, ARTICLE: 16},
    commands={OURS: ["cdk deploy"], ARTICLE: ["python article.py"]},
    replaced={OURS: 7.0, ARTICLE: 13.0},
    replaced_commands={OURS: [], ARTICLE: ["aws emr list-instances"]},
    faults={"a fleet": {OURS: Outcome("works"), ARTICLE: Outcome("fails", "a | b <c>")}},
)
RUN = Run("2026-11-29", 2, 0.1, 11.0, {"start": (GOAL, FOUND)}, BESIDE)


def row(text: str, start: str) -> str:
    [found] = [line for line in text.splitlines() if line.startswith(f"| {start}")]
    return found


def test_the_page_in_the_docs_has_the_figures_of_the_last_run() -> None:
    assert PAGE.read_text() == page(published.from_text(RESULTS.read_text()))


def test_the_readme_has_the_figures_of_the_last_run() -> None:
    text = README.read_text()

    assert text == with_first_screen(text, published.from_text(RESULTS.read_text()))
    assert first_screen(published.from_text(RESULTS.read_text())) in text


def test_the_readme_says_what_each_of_the_two_needs_and_which_is_slower() -> None:
    replaced, faults, deploy = first_screen(RUN).splitlines()

    assert "after 7 s, with nothing typed. With the script: 1 steps by hand and 13 s" in replaced
    assert "Of 1 faults**, such as an ended cluster, 1 do not matter here" in faults
    assert "With the script: 0 do not matter" in faults
    assert "takes 6 s in the sandbox, where the script takes 4 s" in deploy


def test_a_fault_that_is_not_told_with_the_next_step_is_not_said_to_be() -> None:
    both = {
        "one": {OURS: Outcome("fails", "it broke"), ARTICLE: Outcome("works")},
        "two": {OURS: Outcome("fails", "it broke. Next: mend it"), ARTICLE: Outcome("works")},
    }

    said = first_screen(replace(RUN, beside=replace(BESIDE, faults=both)))

    assert "0 do not matter here and 1 of the others are told with the next step" in said


def test_what_is_written_down_is_read_as_it_was() -> None:
    assert published.from_text(published.to_json(RUN)) == RUN


def test_the_article_is_shown_where_it_is_faster() -> None:
    assert "| 6.0 s | 4.0 s | 1.50 | 1.02 |" in row(page(RUN), "one command")


@pytest.mark.parametrize(
    ("ratio", "outcome"),
    [
        (2.0, "2.00 reached"),
        (2.03, "2.00 missed, within the noise"),
        (2.05, "2.00 **missed**"),
    ],
)
def test_a_goal_is_reached_up_to_itself_and_the_noise_is_told(ratio: float, outcome: str) -> None:
    measures = {"start": (GOAL, replace(FOUND, ratio=ratio))}

    assert outcome in row(page(replace(RUN, measures=measures)), "`start`")


def test_what_a_program_said_breaks_no_table() -> None:
    assert row(page(RUN), "a fleet") == "| a fleet | **works** | **fails**: a \\| b &lt;c> |"


def test_what_needs_no_command_says_so() -> None:
    assert "| nothing | `aws emr list-instances` |" in row(page(RUN), "after a cluster")


def test_the_plot_has_both_and_is_the_same_for_the_same_figures(tmp_path: Path) -> None:
    one, two = tmp_path / "one.svg", tmp_path / "two.svg"
    plot(RUN, one)
    plot(RUN, two)

    assert one.read_bytes() == two.read_bytes()
    for text in (OURS, ARTICLE, "13.0 s", "7.0 s"):
        assert text in one.read_text()
