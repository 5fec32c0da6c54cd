"""The table of all keys is the model's: no key more or less, and the same defaults and bounds."""

import re
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

import pytest
from pydantic.fields import FieldInfo

from emr_notebook.settings.consistency import MOST_TAGS
from emr_notebook.settings.keys import Place, dotted_path, keys
from emr_notebook.settings.types import IntegerRange
from tests.conftest import ROOT
from tests.settings.changes import refusal

PAGE = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
CHANGES = (
    r"nothing|next start|restart|replaced(, if .+)?|must not change|made, or .+|everything .+|"
)
NOTHING = "—"


@dataclass(frozen=True)
class Row:
    key: str
    accepted: str
    default: str
    meaning: str
    change: str


def rows() -> list[Row]:
    """The rows of the table under "Every key"."""
    section = PAGE.split("\n## Every key\n")[1].split("\n## ")[0]
    cells = [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in section.splitlines()
        if line.startswith("| `")
    ]
    return [Row(key.strip("`"), *rest) for key, *rest in cells]


ROWS = rows()
MODEL = {dotted_path(path): field for path, field in keys()}


def test_every_key_has_one_row_and_no_other_has() -> None:
    listed = [row.key for row in ROWS]
    inherited = [
        key.replace("defaults", "notebooks.<key>", 1) for key in listed if "defaults." in key
    ]

    assert sorted([*listed, *inherited]) == sorted(MODEL)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.key)
class TestRow:
    def test_default_is_the_models(self, row: Row) -> None:
        assert row.default == default(MODEL[row.key])

    def test_says_what_is_accepted(self, row: Row) -> None:
        field = MODEL[row.key]
        place = Place.of(field.annotation, tuple(field.metadata))

        assert row.accepted
        for each in place.narrowed_by:
            if isinstance(each, IntegerRange):
                assert re.search(rf"\b{each.low} to {each.high}\b", row.accepted)
        for text in words_of(place):
            assert f"`{text}`" in row.accepted

    def test_says_what_it_means_and_what_a_change_does(self, row: Row) -> None:
        assert row.meaning
        assert re.fullmatch(CHANGES, row.change)


def words_of(place: Place) -> list[str]:
    """The words that a place accepts, and no others."""
    if get_origin(place.kind) is Literal:
        return [str(text) for text in get_args(place.kind)]
    if get_origin(place.kind) is tuple:
        return words_of(Place.of(get_args(place.kind)[0]))
    return ["true", "false"] if place.kind is bool else []


def default(field: FieldInfo) -> str:
    """How the page writes what is so without the key."""
    if field.is_required():
        return "required"
    value: Any = field.get_default(call_default_factory=True)
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value}`" if isinstance(value, str | int) else NOTHING


def test_what_is_fixed_at_birth_is_marked_so() -> None:
    assert {row.key for row in ROWS if row.change.startswith("replaced")} == {
        "network.vpc_id",
        "network.subnet_id",
        "network.security_group_ids",
        "kms_key_arn",
        "defaults.opt_outs.direct_internet_access",
        "notebooks.<key>.name",
        "notebooks.<key>.subnet_id",
        "notebooks.<key>.replace",
        "opt_outs.aws_managed_key",
    }


def test_the_number_of_tags_is_the_apps() -> None:
    assert f"at most {MOST_TAGS} tags" in PAGE
    assert f"at most {MOST_TAGS} with" in PAGE


def old_names() -> list[str]:
    """The parameters in the table of what a boto3 script takes."""
    section = PAGE.split("\n## Coming from a boto3 script\n")[1].split("\nAnd it has")[0]
    return re.findall(r"^\| `([A-Za-z_]+)", section, re.MULTILINE)


def test_every_parameter_and_prerequisite_has_its_row() -> None:
    assert len(old_names()) == 13
    assert (
        len(PAGE.split("And it has prerequisites:")[1].split("\n## ")[0].strip().split("\n")) == 9
    )


@pytest.mark.parametrize("name", [name for name in old_names() if name != "stack_name"])
def test_an_old_name_in_a_file_is_refused_with_a_name_that_its_row_has(name: str) -> None:
    (row,) = (line for line in PAGE.splitlines() if line.startswith(f"| `{name}"))
    said = refusal(lambda data: data.update({name: "x"}))

    hint = said.split("there is no such key; ")[1].split("accepted:")[0]
    meant = set(re.findall(r"\w+", hint)) & {path[-1] for path, _ in keys()}
    assert meant & set(re.findall(r"\w+", row)) or name == "OnFailure"
