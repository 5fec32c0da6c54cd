"""Runs Livy's three magics: %json, %table and %matplot, each followed by a variable's name."""

import base64
import datetime
import decimal
import io
from collections.abc import Callable
from typing import Any

Json = dict[str, Any]

NULL = "NULL_TYPE"
_TYPES: dict[type, tuple[str, Callable[[Any], Any]]] = {
    type(None): (NULL, lambda value: value),
    bool: ("BOOLEAN_TYPE", bool),
    int: ("INT_TYPE", int),
    float: ("DOUBLE_TYPE", float),
    datetime.date: ("DATE_TYPE", str),
    datetime.datetime: ("TIMESTAMP_TYPE", str),
    decimal.Decimal: ("DECIMAL_TYPE", str),
}


class UnknownMagic(Exception):
    """A line that begins with % and names none of the magics."""

    __module__ = "builtins"  # a traceback then shows its bare name, as Livy's does


def json_magic(value: object) -> Json:
    """The value itself, as JSON."""
    return {"application/json": value}


def table_magic(value: object) -> Json:
    """Rows (lists, dicts, Spark Rows or single values) as Livy's typed table.

    ValueError when a column holds values of different types; None fits every type.
    """
    headers: dict[Any, dict[str, str]] = {}
    data = []
    for row in value if isinstance(value, list | tuple) else [value]:
        cells = []
        for name, item in _columns(row):
            kind, cell = _cell(item)
            header = headers.setdefault(name, {"name": str(name), "type": kind})
            if header["type"] == NULL:
                header["type"] = kind
            elif kind not in (NULL, header["type"]):
                raise ValueError("table rows have different types")
            cells.append(cell)
        data.append(cells)
    ordered = [header for _, header in sorted(headers.items())]
    return {"application/vnd.livy.table.v1+json": {"headers": ordered, "data": data}}


def matplot_magic(pyplot: Any) -> Json:
    """The current figure of matplotlib.pyplot as a PNG."""
    image = io.BytesIO()
    pyplot.gcf().savefig(image, format="png")
    return {"image/png": base64.b64encode(image.getvalue()).decode(), "text/plain": ""}


MAGICS: dict[str, Callable[[Any], Json]] = {
    "json": json_magic,
    "table": table_magic,
    "matplot": matplot_magic,
}


def _columns(row: Any) -> list[tuple[Any, Any]]:
    if hasattr(row, "asDict"):
        row = row.asDict()
    if isinstance(row, dict):
        return sorted(row.items())
    return list(enumerate(row if isinstance(row, list | tuple) else [row]))


def _cell(value: Any) -> tuple[str, Any]:
    if isinstance(value, list | tuple):
        return "ARRAY_TYPE", [_cell(item)[1] for item in value]
    if isinstance(value, dict):
        return "MAP_TYPE", {_cell(key)[1]: _cell(item)[1] for key, item in value.items()}
    kind, convert = _TYPES.get(type(value), ("STRING_TYPE", str))
    return kind, convert(value)
