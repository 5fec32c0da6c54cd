"""The pages that say where things are name what is there, and all of it."""

import re
from pathlib import Path

import pytest

from tests.conftest import ROOT

ARCHITECTURE = ROOT / "docs/architecture.md"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
# Not config: pages name the files that a user is to make.
FOLDERS = (".github", "assets", "bench", "codebuild", "docs", "emr_notebook", "sandbox", "scripts")
# Their entries are all on the page.
FULLY_LISTED = ("emr_notebook", "assets", "assets/lambda")
NO_ROOM = {"__init__.py", "__main__.py", "__pycache__"}


def named_on(page: Path, pattern: str) -> set[str]:
    """What stands in backticks on the page and is of that form as a whole."""
    return set(re.findall(rf"`({pattern})`", page.read_text()))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_path_on_a_page_exists(page: Path) -> None:
    paths = named_on(page, rf"(?:{'|'.join(map(re.escape, (*FOLDERS, 'tests')))})/[\w./-]*")

    assert {each for each in paths if not (ROOT / each).exists()} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_module_on_a_page_exists_somewhere(page: Path) -> None:
    modules = {path.name for top in (*FOLDERS, "tests") for path in (ROOT / top).rglob("*.py")}

    assert named_on(page, r"\w+\.py") - modules - {"app.py"} == set()


def test_the_pages_for_contributors_name_paths() -> None:
    for page in (ARCHITECTURE, ROOT / "CONTRIBUTING.md"):
        assert len(named_on(page, r"[\w.]+/[\w./-]*")) > 20


def entries(folder: str) -> set[str]:
    found = (each for each in (ROOT / folder).iterdir() if each.name not in NO_ROOM)
    return {f"{folder}/{each.name}{'/' if each.is_dir() else ''}" for each in found}


@pytest.mark.parametrize("folder", FULLY_LISTED)
def test_every_room_of_the_app_is_on_the_page(folder: str) -> None:
    assert {each for each in entries(folder) if f"`{each}" not in ARCHITECTURE.read_text()} == set()


def test_whoever_opens_the_app_sees_thirteen_entries_at_most() -> None:
    assert len(entries("emr_notebook")) <= 13


def test_every_room_of_the_app_has_a_room_of_tests() -> None:
    rooms = {each.name for each in (ROOT / "emr_notebook").iterdir() if each.is_dir()}
    tested = {each.name for each in (ROOT / "tests").iterdir() if each.is_dir()}

    assert rooms - NO_ROOM <= tested
