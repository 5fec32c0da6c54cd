"""Runs statements of kind sql with the classes that Livy's SQL interpreter runs them with.

Rows become JSON by json4s, which Spark carries, so that every value looks as it does in Livy's
answer: a struct as its schema and values, NaN as null.
"""

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from py4j.protocol import Py4JJavaError  # type: ignore[import-untyped]
from pyspark.errors.exceptions.captured import CapturedException
from pyspark.sql import SparkSession

Json = dict[str, Any]

# livy.rsc.sql.num-rows, Livy's default.
MAX_ROWS = 1000


class SqlInterpreter:
    """Livy's first Spark session, also after the session's code has stopped or replaced it."""

    def __init__(self, spark: SparkSession) -> None:
        self._session: Any = spark._jsparkSession
        self._gateway: Any = spark.sparkContext._gateway

    def run(self, query: str) -> Json:
        """The schema and the first 1,000 rows of a query, or the error with its Java frames."""
        try:
            frame = self._session.sql(query)
            schema = json.loads(frame.schema().json())
            data = self._data(
                frame.take(MAX_ROWS), [str(each["type"]) for each in schema["fields"]]
            )
        except (Py4JJavaError, CapturedException) as error:
            return _error(error)
        return {"status": "ok", "data": {"application/json": {"schema": schema, "data": data}}}

    def _data(self, rows: Sequence[Any], kinds: list[str]) -> list[list[Any]]:
        array = self._gateway.new_array(self._gateway.jvm.scala.collection.Seq, len(rows))
        dates = [column for column, kind in enumerate(kinds) if kind == "date"]
        for number, row in enumerate(rows):
            cells = row.toSeq()
            for column in dates:
                if not row.isNullAt(column):
                    cells.update(column, row.get(column).toString())
            array[number] = cells
        data: list[list[Any]] = json.loads(self._render(array))
        for column, kind in enumerate(kinds):
            if kind.startswith("decimal"):
                for row, cells in zip(rows, data, strict=True):
                    cells[column] = _number(row.get(column))
        return data

    def _render(self, rows: Any) -> str:
        json4s = self._gateway.jvm.org.json4s
        formats = getattr(json4s, "DefaultFormats$").__getattr__("MODULE$")
        methods = getattr(json4s.jackson, "JsonMethods$").__getattr__("MODULE$")
        values = json4s.Extraction.decompose(rows, formats)
        return str(methods.compact(methods.render(values, formats)))


def _number(value: Decimal | None) -> Any:
    """The number that a client reads of a decimal: all its digits, unless it has a fraction."""
    return None if value is None else json.loads(str(value))


def _error(error: Py4JJavaError | CapturedException) -> Json:
    cause = error.java_exception if isinstance(error, Py4JJavaError) else error._origin
    frames = [] if cause is None else [frame.toString() for frame in cause.getStackTrace()]
    message = str(error) if cause is None else cause.getMessage()
    return {"status": "error", "ename": "Error", "evalue": message, "traceback": frames}
