"""The demo's data set and the reading of what Spark prints of it."""

import nbformat

from sandbox import data
from sandbox.jupyter.outputs import output_of, spark_table

SHOWN = """
+--------+-----+----------+
|zone    |trips|average_km|
+--------+-----+----------+
|old town|3419 |6.42      |
|station |3448 |6.0       |
+--------+-----+----------+
"""


def test_the_data_set_is_the_same_at_every_call() -> None:
    assert data.make_trips() == data.make_trips()
    assert len(data.make_trips()) == 20_000


def test_sums_by_zone_are_the_rows_added_up() -> None:
    rows = [
        data.Trip("harbour", 1, 2.0, 500),
        data.Trip("museum", 2, 3.0, 700),
        data.Trip("harbour", 3, 4.0, 900),
    ]

    assert data.expected_by_zone(rows) == {"harbour": (2, 1400), "museum": (1, 700)}


def test_a_table_that_spark_shows_is_read_with_its_numbers() -> None:
    assert spark_table(f"wrote it\n{SHOWN}") == [
        {"zone": "old town", "trips": 3419, "average_km": 6.42},
        {"zone": "station", "trips": 3448, "average_km": 6.0},
    ]


def test_no_table_is_no_rows() -> None:
    assert spark_table("nothing here") == []


def test_a_cells_output_is_what_it_printed_and_displayed() -> None:
    cell = nbformat.v4.new_code_cell("")  # type: ignore[no-untyped-call]
    cell.outputs = [
        nbformat.v4.new_output("stream", name="stdout", text="printed\n"),  # type: ignore[no-untyped-call]
        nbformat.v4.new_output("execute_result", data={"text/plain": "shown"}),  # type: ignore[no-untyped-call]
    ]

    assert output_of(cell) == "printed\nshown"
