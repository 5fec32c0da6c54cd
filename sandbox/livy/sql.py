"""Runs statements of kind sql: rows as JSON, as Livy's SQL interpreter answers them."""

import datetime
import decimal
from typing import Any

from pyspark.sql import Row, SparkSession

Json = dict[str, Any]

# livy.rsc.sql.num-rows, Livy's default.
MAX_ROWS = 1000


def run_sql(spark: SparkSession, query: str) -> Json:
    """The schema and the first 1,000 rows of a query, or the error with its Java frames."""
    try:
        frame = spark.sql(query)
        rows = [[_plain(value) for value in row] for row in frame.take(MAX_ROWS)]
        schema = frame.schema.jsonValue()
    except Exception as error:
        return {
            "status": "error",
            "ename": "Error",
            "evalue": str(error),
            "traceback": _java_frames(error),
        }
    return {"status": "ok", "data": {"application/json": {"schema": schema, "data": rows}}}


def _java_frames(error: Exception) -> list[str]:
    """The stack of the Java exception behind a Python one; empty when there is none."""
    origin = getattr(error, "_origin", None) or getattr(error, "java_exception", None)
    return [frame.toString() for frame in origin.getStackTrace()] if origin is not None else []


def _plain(value: Any) -> Any:
    if isinstance(value, Row):
        return {name: _plain(item) for name, item in value.asDict().items()}
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, decimal.Decimal):
        return float(value)
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, datetime.date | datetime.timedelta):
        return str(value)
    if isinstance(value, bytes | bytearray):
        return list(value)
    return value
