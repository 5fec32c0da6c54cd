"""What a session's request means for Spark, and how long a session may live."""

import time
from pathlib import Path
from typing import Any

import pytest

from sandbox.livy.session import Session


@pytest.mark.parametrize(
    ("request_fields", "expired_after"),
    [
        ({"heartbeatTimeoutInSecond": 60}, 60),
        ({"idleTimeout": "2m"}, 120),
        ({"ttl": "5m"}, 300),
        ({}, 3600),
        ({"heartbeatTimeoutInSecond": 0, "ttl": "2h"}, 3600),
    ],
)
def test_a_session_that_nobody_asks_about_expires(
    tmp_path: Path, request_fields: dict[str, Any], expired_after: float
) -> None:
    session = Session(0, {"kind": "pyspark", **request_fields}, tmp_path)
    now = time.monotonic()

    assert not session.expired(now + expired_after - 5)
    assert session.expired(now + expired_after + 5)


def test_the_ttl_of_a_livy_of_0_8_is_the_time_without_a_statement(tmp_path: Path) -> None:
    request = {"kind": "pyspark", "ttl": "2h"}
    session = Session(0, request, tmp_path, "0.8.0-incubating")
    now = time.monotonic()

    assert not session.expired(now + 7190)  # past the hour that holds without a ttl
    assert session.expired(now + 7210)
