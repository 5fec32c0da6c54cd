"""Prints results and tables, to a terminal or whole into a pipe."""

import os
import sys

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

# The width of what goes into a file or a pipe: nothing in it is cut.
PIPED_COLUMNS = 200
# No table is wider; a pipe gets each row on one line.
WIDEST = 10_000


def output() -> Console:
    """Where results go: a terminal, or plain text for a pipe."""
    piped = not sys.stdout.isatty()
    width = PIPED_COLUMNS if piped and "COLUMNS" not in os.environ else None
    return Console(width=width, soft_wrap=False, highlight=False, no_color=True if piped else None)


def progress_output() -> Console:
    """Where progress goes: the terminal, never the result."""
    return Console(stderr=True)


def make_table(*columns: str) -> Table:
    """An empty table with these headings; only the last column's cells are broken into lines."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column != columns[-1])
    return table


def print_table(console: Console, table: Table) -> None:
    """Print the table: to fit a terminal, with no word broken; for a pipe, each row on one line.

    A terminal that is too narrow for that gets a list for each row, and an empty line after each.
    """
    widest = console.options.update(max_width=WIDEST)
    needed = Measurement.get(console, widest, table)
    if console.is_terminal:
        if _narrowest(console, table, needed) <= console.width:
            console.print(table)
        else:
            _print_records(console, table)
        return
    for line in console.render_lines(table, widest.update(max_width=needed.maximum), pad=False):
        # Nothing stands behind a row: console.print alone would fill it up with spaces.
        console.print("".join(part.text for part in line).rstrip(), soft_wrap=True, markup=False)


def _narrowest(console: Console, table: Table, needed: Measurement) -> int:
    """The columns of a table that is whole: only its last column's cells break, between words."""
    last = table.columns[-1]
    cells = [Text(str(each)) for each in (last.header, *last.cells)]
    sizes = [Measurement.get(console, console.options.update(max_width=WIDEST), x) for x in cells]
    saved = max(each.maximum for each in sizes) - max(each.minimum for each in sizes)
    return needed.maximum - saved


def _print_records(console: Console, table: Table) -> None:
    """Each row as lines of `Heading: cell`, without empty ones: names stay whole in any width."""
    cells = [list(column.cells) for column in table.columns]
    for number, row in enumerate(table.rows):
        for column, values in zip(table.columns, cells, strict=True):
            if str(values[number]):
                line = Text.assemble((f"{column.header}: ", "bold"), str(values[number]))
                line.stylize(row.style or "")
                console.print(line, overflow="ignore", crop=False)
        console.print()
