"""Sessions that Livy reads and rejects."""

import re
from typing import Any

import pytest

from sandbox.livy.rejections import check_session

JAR = "requirement failed: Local path /jars/a.jar cannot be added to user sessions."


@pytest.mark.parametrize(
    ("request_fields", "reason"),
    [
        pytest.param(
            {"conf": {"spark.a": "1", "spark.submit.deployMode": "cluster"}},
            "Blacklisted configuration values in session config: spark.submit.deployMode",
            id="deploy-mode",
        ),
        pytest.param({"jars": ["s3://b/b.jar", "file:///jars/a.jar"]}, JAR, id="local-jar"),
        pytest.param({"pyFiles": ["/jars/a.jar"]}, JAR, id="no-scheme"),
        pytest.param({"conf": {"spark.jars": "s3://b/b.jar, /jars/a.jar"}}, JAR, id="jar-in-conf"),
        pytest.param(
            {"files": ["jars/a.jar"]},
            "requirement failed: Path 'jars/a.jar' is not absolute.",
            id="relative",
        ),
        pytest.param({"name": "2024"}, "Invalid session name: 2024", id="name-of-digits"),
        pytest.param({"ttl": "soon"}, "Invalid time string: soon", id="ttl"),
        pytest.param({"idleTimeout": "10 weeks"}, "Invalid time string: 10 weeks", id="idle"),
    ],
)
def test_a_session_is_rejected_in_livys_words(request_fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(reason)}$"):
        check_session({"kind": "pyspark", **request_fields})


@pytest.mark.parametrize(
    "request_fields",
    [
        {"conf": {"spark.master": "yarn", "spark.jars": "s3://b/b.jar"}},
        {"jars": ["s3://b/b.jar"], "name": "2024-report", "ttl": "1h"},
    ],
)
def test_what_livy_takes_is_not_rejected(request_fields: dict[str, Any]) -> None:
    check_session(request_fields)
