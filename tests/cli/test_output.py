"""Tables on a terminal: whatever its width, each cell is there, and each word whole."""

from collections.abc import Sequence
from io import StringIO

import pytest
from rich.console import Console
from rich.text import Text

from emr_notebook.cli.health.table import ACTS_NEXT, COLUMNS
from emr_notebook.cli.output import make_table, print_table

NAME = "emr-notebooks-production-a-notebook-of-the-longest-name-there-is"
OTHER = "emr-notebooks-production-another"
ADDRESS = "https://ip-10-200-100-177.eu-central-1.compute.internal:8998"
TIMES = "start 08:00 mon-fri America/Argentina/Buenos_Aires, stop 19:30 mon-fri Europe/Berlin"
NEXT = "start 2026-11-30 08:00 America/Argentina/Buenos_Aires"
STARTED = "2026-11-25T04:00:00Z failed, Livy: waits for its cluster"
REPLACED = (
    "REPLACED by an empty one (SubnetId subnet-0a1b2c3d4e5f60718 → subnet-00000000000000002); its "
    f"files are not carried over: they stay on {NAME}, which is kept"
)

# Headings and two rows, with the longest that is plausible in each cell.
TABLES: dict[str, list[tuple[str, ...]]] = {
    "clusters": [
        ("Cluster", "Deployed", "Live", "This deploy"),
        ("analytics-production", ADDRESS, "not checked", "stays as deployed: see below"),
        ("science", "none", ADDRESS, "will be found: j-2AXXXXXXGAPLF, emr-7.9.0, 3.5.5, 0.8.0"),
    ],
    "notebooks": [
        ("Notebook", "State", "This deploy"),
        (NAME, "not in SageMaker", REPLACED),
        (OTHER, "InService", "created"),
    ],
    "schedules": [
        ("Schedule of", "Times", "Acts next", "This deploy"),
        ("alice, bob, carol, dave, erin", TIMES, NEXT, f"was {TIMES}"),
        ("frank", "none", "stop 2026-11-30 19:30 Europe/Berlin", "new"),
    ],
    "costs": [
        ("Costs a month", "Units", "Price", "Deployed", "Planned"),
        ("ml.p4d.24xlarge, 160 hours a month", "1600 → 3200", "37.68", "60288.00", "120576.00"),
        ("total", "", "", "60288.00", "120576.00 (+60288.00)"),
    ],
    "status": [
        COLUMNS,
        (NAME, "not deployed", "alice@example.com", "analytics", f"→ {ADDRESS}", "0a1b", STARTED),
        (OTHER, "InService, kept, not in the settings", "carol", "", "", "", ""),
    ],
    "status with times": [
        (*COLUMNS, ACTS_NEXT),
        ("n-alice", "InService", "alice", "science", "http://10.0.0.5:8998", "0a1b", STARTED, NEXT),
        (OTHER, "Stopping", "carol", "analytics", "http://10.0.0.5:8998", "0a1b", "no report", ""),
    ],
}


def printed(rows: Sequence[tuple[str, ...]], width: int) -> str:
    table = make_table(*rows[0])
    for row in rows[1:]:
        table.add_row(*map(Text, row))
    text = StringIO()
    print_table(Console(file=text, width=width, force_terminal=True, color_system=None), table)
    return text.getvalue()


@pytest.mark.parametrize("width", [20, 80, 120, 170, 200, 300])
@pytest.mark.parametrize("name", TABLES)
def test_no_width_loses_a_cell_or_cuts_a_word(name: str, width: int) -> None:
    words = printed(TABLES[name], width).split()

    for row in TABLES[name][1:]:
        for cell in row:
            for word in cell.split():
                assert word in words, (cell, word)


@pytest.mark.parametrize("width", [80, 120, 170, 200])
@pytest.mark.parametrize("name", TABLES)
def test_only_the_last_column_is_ever_broken_into_lines(name: str, width: int) -> None:
    text = printed(TABLES[name], width)

    if ":" in text.splitlines()[0]:
        return  # The form of a list, whose lines are as long as their cells.
    for row in TABLES[name][1:]:
        assert all(cell in text for cell in row[:-1]), row


def test_what_fits_by_breaking_the_last_column_stays_a_table() -> None:
    lines = printed([("Notebook", "Change"), ("alice", "one two three")], 17).splitlines()

    assert [line.split() for line in lines] == [
        ["Notebook", "Change"],
        ["alice", "one", "two"],
        ["three"],
    ]


def test_what_follows_a_list_stands_apart_from_it() -> None:
    rows = [("Notebook", "State"), ("alice", "InService"), ("bob", "Stopped")]

    assert printed(rows, 12) == (
        "Notebook: alice\nState: InService\n\nNotebook: bob\nState: Stopped\n\n"
    )
