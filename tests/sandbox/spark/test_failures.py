"""Whoever runs the demo is told why Java failed, out of a log of hundreds of lines."""

import pytest

from sandbox.spark.failures import java_cause

NO_SPACE = """\
stderr:
26/11/29 12:00:00 ERROR SparkContext: Error initializing SparkContext.
org.apache.spark.SparkException: Could not make a directory
\tat org.apache.spark.util.Utils$.createDirectory(Utils.scala:326)
Caused by: java.io.IOException: No space left on device
\tat java.base/java.io.FileOutputStream.writeBytes(Native Method)
"""
OPEN_FILES = 'Exception in thread "main" java.io.IOException: /x.jar: Too many open files\n'
NO_HEAP = """\
Error: Could not create the Java Virtual Machine.
# There is insufficient memory for the Java Runtime Environment to continue.
"""


@pytest.mark.parametrize(
    ("log", "cause"),
    [
        (NO_SPACE, "java.io.IOException: No space left on device"),
        (OPEN_FILES, "java.io.IOException: /x.jar: Too many open files"),
        (NO_HEAP, "# There is insufficient memory for the Java Runtime Environment to continue."),
        ("Traceback (most recent call last):\nValueError: not Java's\n", None),
    ],
)
def test_the_last_cause_is_told(log: str, cause: str | None) -> None:
    assert java_cause(log) == cause
