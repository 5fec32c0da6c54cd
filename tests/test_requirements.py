"""Pins: complete, hashed, the same everywhere, and naming no address."""

import json
import re
from pathlib import Path

import pytest

from tests.conftest import ROOT

PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)(?:\[[^]]*\])?==(\S+)", re.M)
FILES = [ROOT / "requirements.txt", ROOT / "requirements-dev.txt"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_requirement_is_pinned_with_a_hash(file: Path) -> None:
    blocks = re.split(r"\n(?=[a-z0-9])", re.sub(r"^ *#.*\n", "", file.read_text(), flags=re.M))

    assert len(blocks) > 20
    assert [
        block for block in blocks if not PIN.match(block) or "--hash=sha256:" not in block
    ] == []


def test_synth_and_the_development_environment_use_the_same_versions() -> None:
    synth, everything = (set(PIN.findall(file.read_text())) for file in FILES)

    assert synth <= everything


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt", "package-lock.json"])
def test_no_file_of_pins_names_an_address(name: str) -> None:
    assert "://" not in (ROOT / name).read_text()


def test_the_cdk_cli_is_pinned_exactly_and_is_no_version_3() -> None:
    pinned = json.loads((ROOT / "package.json").read_text())["devDependencies"]["aws-cdk"]
    locked = json.loads((ROOT / "package-lock.json").read_text())
    installed = locked["packages"]["node_modules/aws-cdk"]

    assert pinned == installed["version"]
    assert re.fullmatch(r"2\.\d+\.\d+", pinned)
