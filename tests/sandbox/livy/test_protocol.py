"""What Livy accepts as a request's body, and its words for the rest."""

import json
from typing import Any

import pytest

from sandbox.livy.protocol import (
    LivyError,
    duration_seconds,
    parse_session,
    parse_statement,
    statement_kind,
)


def refusal(text: str) -> LivyError:
    with pytest.raises(LivyError) as caught:
        parse_session(text)
    return caught.value


def test_a_kind_is_known_by_its_other_name_too() -> None:
    assert parse_session('{"kind": "python"}')["kind"] == "pyspark"


def test_a_session_without_a_kind_is_shared() -> None:
    assert parse_session("{}")["kind"] == "shared"


@pytest.mark.parametrize("kind", ["spark", "sparkr"])
def test_a_session_in_scala_or_r_is_refused_with_the_way_out(kind: str) -> None:
    error = refusal(json.dumps({"kind": kind}))

    assert error.status == 400
    assert f"not {kind}. Use the PySpark kernel, or set LIVY_HOME" in str(error.body)


def test_the_place_of_an_unknown_field_is_counted_as_jackson_counts_it() -> None:
    error = refusal('{\n "colour": "blue"}')

    assert 'Unrecognized field "colour"' in str(error.body)
    assert "line: 2, column: 13]" in str(error.body)


@pytest.mark.parametrize(
    ("field", "value", "wanted"),
    [
        ("conf", ["a"], "Map"),
        ("jars", "a.jar", "List"),
        ("driverCores", "two", "int"),
        ("driverCores", True, "int"),
        ("driverMemory", 2, "java.lang.String"),
    ],
)
def test_a_field_of_the_wrong_type_is_named(field: str, value: Any, wanted: str) -> None:
    error = refusal(json.dumps({field: value}))

    assert error.status == 400
    assert f"type `{wanted}`" in str(error.body)
    assert f'["{field}"]' in str(error.body)


def test_a_property_that_livy_decides_is_refused_by_name() -> None:
    conf = {"spark.yarn.jars": "x", "spark.a": "1", "spark.master": "yarn"}

    error = refusal(json.dumps({"conf": conf}))

    assert (error.status, error.body) == (
        400,
        {
            "msg": "Rejected, Reason: Blacklisted configuration values in session config: "
            "spark.yarn.jars, spark.master"
        },
    )


def test_a_livy_of_0_8_knows_no_idle_timeout() -> None:
    body = json.dumps({"ttl": "1h", "idleTimeout": "1h"})

    assert parse_session(body)["idleTimeout"] == "1h"
    with pytest.raises(LivyError) as refused:
        parse_session(body, "0.8.0-incubating")
    said = str(refused.value.body)
    assert said.startswith('Unrecognized field "idleTimeout" (class org.apache.livy.server')
    # As recorded of a real one, for another field.
    assert '(16 known properties: "executorCores", "conf", "driverMemory", "name", "driver' in said


def test_an_empty_body_is_refused() -> None:
    assert str(refusal("").body).startswith("No content to map due to end-of-input")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("10m", 600), ("1h", 3600), ("90s", 90), ("500ms", 0.5), ("2000", 2), ("1d", 86_400)],
)
def test_durations_are_written_as_livy_writes_them(text: str, seconds: float) -> None:
    assert duration_seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "10 fortnights"])
def test_a_time_to_live_that_is_no_duration_is_refused(text: str) -> None:
    error = refusal(json.dumps({"ttl": text}))

    assert error.body == {"msg": f"Invalid time string: {text}"}


def test_a_statements_own_kind_comes_before_its_sessions() -> None:
    assert statement_kind("sql", "pyspark") == "sql"
    assert statement_kind(None, "pyspark") == "pyspark"


def test_a_statement_in_a_shared_session_needs_a_kind() -> None:
    with pytest.raises(LivyError, match="Code type should be specified if session kind is shared"):
        statement_kind(None, "shared")


def test_a_statement_has_no_other_fields() -> None:
    with pytest.raises(LivyError, match=r'2 known properties: "kind", "code"'):
        parse_statement('{"code": "1", "cursor": 1}')
