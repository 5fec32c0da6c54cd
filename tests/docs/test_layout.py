"""The pages that say where things are name what is there, and all of it."""

import re
from pathlib import Path

import pytest

from tests.conftest import ROOT

ARCHITECTURE, CONTRIBUTING = ROOT / "docs/architecture.md", ROOT / "CONTRIBUTING.md"
TOP_FOLDERS = ("app.py", "assets", "bench", "config", "docs", "emr_notebook", "sandbox", "scripts")
# A folder whose entries are all on the page.
TOLD_WHOLE = ("emr_notebook", "assets", "assets/lambda")
NO_ROOM = {"__init__.py", "__main__.py", "__pycache__"}


def paths_on(page: Path) -> set[str]:
    """What stands in backticks and begins with one of the project's folders."""
    quoted = re.findall(r"`([A-Za-z0-9_./-]+)`", page.read_text())
    return {each for each in quoted if each.split("/")[0] in (*TOP_FOLDERS, "tests")}


@pytest.mark.parametrize("page", [ARCHITECTURE, CONTRIBUTING], ids=lambda page: page.name)
def test_every_path_on_the_page_exists(page: Path) -> None:
    paths = paths_on(page)

    assert len(paths) > 5
    assert {each for each in paths if not (ROOT / each).exists()} == set()


def entries(folder: str) -> set[str]:
    found = (each for each in (ROOT / folder).iterdir() if each.name not in NO_ROOM)
    return {f"{folder}/{each.name}{'/' if each.is_dir() else ''}" for each in found}


@pytest.mark.parametrize("folder", TOLD_WHOLE)
def test_every_room_of_the_app_is_on_the_page(folder: str) -> None:
    assert {each for each in entries(folder) if f"`{each}" not in ARCHITECTURE.read_text()} == set()


def test_whoever_opens_the_app_sees_thirteen_entries_at_most() -> None:
    assert len(entries("emr_notebook")) <= 13


def test_tests_stand_where_their_subject_does() -> None:
    rooms = {each.name for each in (ROOT / "emr_notebook").iterdir() if each.is_dir()}
    tested = {each.name for each in (ROOT / "tests").iterdir() if each.is_dir()}

    assert rooms - NO_ROOM <= tested
