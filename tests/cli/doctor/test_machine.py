"""What is on this machine."""

import json
import os
import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from emr_notebook.cli.doctor.machine import OLDEST_NODE, Machine, inspect_machine, machine_lines
from emr_notebook.cli.doctor.report import State
from tests.conftest import ROOT

FIT = Machine("3.12.4", (), "24.19.0", "2.1148.1")


def failing(machine: Machine) -> dict[str, tuple[str, ...]]:
    """What fails, and the commands that mend it."""
    found = machine_lines(machine)
    assert [line.subject for line in found] == ["Python", "Node", "CDK CLI"]
    return {line.subject: line.commands for line in found if line.state is State.FAILED}


def test_what_the_project_installs_is_ok() -> None:
    assert failing(FIT) == {}


def test_this_checkout_has_what_a_deploy_needs() -> None:
    assert failing(inspect_machine(ROOT)) == {}
    pinned = json.loads((ROOT / "package.json").read_text())["devDependencies"]["aws-cdk"]
    assert inspect_machine(ROOT).cdk == pinned


@pytest.mark.parametrize("version", ["3.10.14", "3.14.0"])
def test_a_python_that_the_app_does_not_run_on_fails(version: str) -> None:
    assert failing(replace(FIT, python=version)) == {"Python": ("make install PYTHON=python3.13",)}


def test_a_python_without_the_cdks_library_fails() -> None:
    assert failing(replace(FIT, missing=("aws-cdk-lib",))) == {"Python": ("make install",)}


@pytest.mark.parametrize("version", ["", "18.20.4", "20.20.2", "not a version"])
def test_no_node_or_an_old_one_fails(version: str) -> None:
    assert failing(replace(FIT, node=version)) == {"Node": ("make install",)}


@pytest.mark.parametrize("page", ["README.md", "docs/doctor.md"])
def test_the_pages_name_the_node_that_is_asked_for(page: str) -> None:
    named = re.findall(r"\bNode (\d+)", (ROOT / page).read_text(encoding="utf-8"))

    assert named == [str(OLDEST_NODE)]
    assert failing(replace(FIT, node=f"{OLDEST_NODE}.0.0")) == {}


@pytest.mark.parametrize("version", ["", "2.1147.9", "3.0.0"])
def test_no_cdk_cli_or_one_that_reads_no_such_assembly_fails(version: str) -> None:
    assert failing(replace(FIT, cdk=version)) == {"CDK CLI": ("make install",)}


def test_a_cli_on_path_is_found_where_the_checkout_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "cdk"
    program.write_text("#!/bin/sh\necho '2.1150.0 (build 0a1b2c3)'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")

    assert inspect_machine(tmp_path).cdk == "2.1150.0"


def test_a_program_that_does_not_run_is_as_good_as_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "node"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert inspect_machine(tmp_path).node == ""


def test_node_beside_this_python_is_found_without_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "node").write_text("#!/bin/sh\necho v22.1.0\n")
    (tmp_path / "node").chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))

    assert inspect_machine(tmp_path).node == "22.1.0"
