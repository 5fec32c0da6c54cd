"""What a session's request means for Spark, and how long a session may live."""

import time
from pathlib import Path
from typing import Any

import pytest

from sandbox.livy.session import Session, spark_conf


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


def test_a_request_becomes_spark_settings() -> None:
    request = {
        "conf": {"spark.executor.memory": "1g", "spark.ui.port": 4040},
        "executorMemory": "2g",
        "numExecutors": 3,
        "jars": ["a.jar", "b.jar"],
        "driverMemory": None,
    }

    assert spark_conf(7, request) == {
        "spark.app.name": "livy-session-7",
        "spark.executor.memory": "2g",
        "spark.ui.port": "4040",
        "spark.executor.instances": "3",
        "spark.jars": "a.jar,b.jar",
    }
