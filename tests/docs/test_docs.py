"""The pages cannot promise what is not there."""

import json
import re
from itertools import pairwise
from pathlib import Path

import pytest
import typer

from emr_notebook.cli.main import app
from emr_notebook.settings import schema
from tests.conftest import ROOT

NAMES = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")
PAGES = [*(ROOT / name for name in NAMES), *sorted((ROOT / "docs").rglob("*.md"))]
MAKEFILE = (ROOT / "Makefile").read_text()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_make_command_on_a_page_exists(page: Path) -> None:
    named = set(
        re.findall(
            r"`(?:[A-Z_]+=\S+ )?make ([a-z][a-z0-9-]*)|^\$ make ([a-z0-9-]+)",
            page.read_text(),
            re.M,
        )
    )
    targets = {first or second for first, second in named}

    assert {name for name in targets if not re.search(rf"^{name}:", MAKEFILE, re.M)} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_of_emr_notebook_on_a_page_has_the_options_that_it_is_given(
    page: Path,
) -> None:
    called = re.findall(r"(?:`|\$ |^ +|, then )emr-notebook ([^`\n#]+)", page.read_text(), re.M)

    assert [each for each in called if not set(words_of(each)) <= known_words(each)] == []


def words_of(call: str) -> list[str]:
    """The command of a call, and its options."""
    return [call.split()[0], *re.findall(r"(?<=\s)--?[a-z][a-z-]*", call)]


def known_words(call: str) -> set[str]:
    """What a call of that command may hold: its name and its options."""
    group = typer.main.get_group(app)
    command = group.commands.get(call.split()[0], group)
    named = {command.name or ""} if command is not group else set()
    return named | {"--version", "--help"} | {x for each in command.params for x in each.opts}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_inside_the_project_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text())
    links += re.findall(r"\bsrc(?:set)?=\"([^\"]+)\"", page.read_text())

    local = [link for link in links if "://" not in link]
    assert [link for link in local if not (page.parent / link).exists()] == []


def sections(page: Path) -> set[str]:
    """The anchors of its headings, as GitHub makes them."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.M | re.S)
    headings = re.findall(r"^#+ (.*)", text, re.M)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_section_leads_to_one(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]*)#([^)\s]+)\)", page.read_text())

    local = [(page.parent / name if name else page, at) for name, at in links if ":" not in name]
    assert [(each.name, at) for each, at in local if at not in sections(each)] == []


def test_every_page_is_found_from_the_first_two() -> None:
    first = "".join((ROOT / name).read_text() for name in ("README.md", "CONTRIBUTING.md"))

    assert [
        x for x in PAGES if x.parent == ROOT / "docs" and f"](docs/{x.name})" not in first
    ] == []


def test_every_settings_key_is_explained() -> None:
    model = json.loads(schema.schema_text())
    keys = {key for part in (model, *model["$defs"].values()) for key in part.get("properties", {})}
    page = (ROOT / "docs/configuration.md").read_text()

    assert {key for key in keys if not re.search(rf"\b{key}\b", page)} == set()


def test_the_readme_offers_two_commands_first() -> None:
    readme = (ROOT / "README.md").read_text()

    assert re.findall(r"^\$ (make \w+)", readme, re.M)[:2] == ["make demo", "make test"]


def test_the_help_lists_every_target_that_a_person_calls() -> None:
    phony = next(line for line in MAKEFILE.splitlines() if line.startswith(".PHONY:")).split()[1:]
    explained = set(re.findall(r"^([a-z0-9-]+):.* ## ", MAKEFILE, re.M))

    assert set(phony) - explained == {"forget", "linux"}


def test_recipes_are_one_line_each() -> None:
    recipes = [line.startswith("\t") for line in MAKEFILE.splitlines()]

    assert not any(one and other for one, other in pairwise(recipes))
