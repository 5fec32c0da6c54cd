"""Each value in a file is what it looks like, or it is refused; whichever parser there is."""

import time
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from emr_notebook.settings.yaml_reader import UnreadableError, read

# PyYAML's parser in C is missing where it was built without libyaml.
PARSERS = [yaml.SafeLoader, yaml.CSafeLoader]


@pytest.fixture(params=PARSERS, ids=lambda parser: parser.__name__)
def parser(request: pytest.FixtureRequest) -> Any:
    return request.param


def refused(text: str, parser: Any) -> str:
    with pytest.raises(UnreadableError) as error:
        read(text, parser)
    return str(error.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("text", "text"),
        ("'42'", "42"),
        ("42", 42),
        ("-7", -7),
        ("1.10", 1.1),
        ("true", True),
        ("False", False),
        ("", None),
        ("~", None),
        ("null", None),
        ("[a, 1]", ["a", 1]),
        # What older YAML takes for dates, truth values, octal, hexadecimal and base 60.
        ("2024-01-02", "2024-01-02"),
        ("2024-13-45", "2024-13-45"),
        ("no", "no"),
        ("on", "on"),
        ("0123", "0123"),
        ("0x1f", "0x1f"),
        ("1_000", "1_000"),
        ("10:30", "10:30"),
        ("1e3", "1e3"),
        # What Python would refuse to read as a number.
        ("9" * 5000, "9" * 5000),
        ("!!str 42", "42"),
        ("! 42", "42"),
    ],
)
def test_a_scalar_is_what_yaml_1_2_says(text: str, value: object, parser: Any) -> None:
    found = read(f"a: {text}\n", parser)

    assert found == {"a": value}
    assert type(found["a"]) is type(value)


def test_a_key_is_the_text_that_is_written(parser: Any) -> None:
    assert read("2024: a\non: b\n~: c\n1.5: d\n", parser) == {
        "2024": "a",
        "on": "b",
        "~": "c",
        "1.5": "d",
    }


def test_an_alias_stands_for_what_its_anchor_names(parser: Any) -> None:
    assert read("a: &x {b: 1}\nc: *x\nd: [*x, *x]\n", parser) == {
        "a": {"b": 1},
        "c": {"b": 1},
        "d": [{"b": 1}, {"b": 1}],
    }


class TestMerge:
    def test_own_keys_win_wherever_they_stand(self, parser: Any) -> None:
        text = "a: &x {b: 1, c: 2}\nd: {c: 3, <<: *x, e: 4}\nf: {<<: *x, b: 5}\n"

        assert read(text, parser) == {
            "a": {"b": 1, "c": 2},
            "d": {"b": 1, "c": 3, "e": 4},
            "f": {"b": 5, "c": 2},
        }

    def test_of_several_mappings_the_first_wins(self, parser: Any) -> None:
        assert read("{<<: [{a: 1, b: 2}, {a: 3, c: 4}]}", parser) == {"a": 1, "b": 2, "c": 4}

    def test_in_quotes_it_is_a_key_like_others(self, parser: Any) -> None:
        assert read("{'<<': 5}", parser) == {"<<": 5}

    @pytest.mark.parametrize("text", ["<<: 5", "<<:", "<<: [{a: 1}, b]"])
    def test_takes_mappings_only(self, text: str, parser: Any) -> None:
        assert refused(text, parser).startswith("line 1: << takes a mapping")


def test_a_key_that_stands_twice_is_refused_with_both_lines(parser: Any) -> None:
    text = "notebooks:\n  alice: {cluster: a}\n  bob: {cluster: a}\n  'alice': {}\n"

    assert refused(text, parser) == (
        "line 4: the key 'alice' stands twice, first in line 2: rename or remove one"
    )


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
MERGE_BOMB = "a: &a {k: 1}\n" + "".join(
    f"{name}: &{name} {{<<: [{', '.join([f'*{before}'] * 99)}]}}\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
DEEP = r"more than 20 levels deep; settings are at most 5"
ALIAS = "an alias names what stands above it; a text that begins with * or ! goes in quotes"
TAG = "no tags but !!str are used here; a text that begins with * or ! goes in quotes"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: !!python/object/apply:os.system [reboot]", f"line 1: {TAG}"),
        ("a: !!int x", f"line 1: {TAG}"),
        ("a: !!timestamp x", f"line 1: {TAG}"),
        ("a: !!set {x, y}", f"line 1: {TAG}"),
        ("a: !!binary aGk=", f"line 1: {TAG}"),
        ("a: 1\nb: !mine x", f"line 2: {TAG}"),
        ("a: 1\nb: *c", f"line 2: {ALIAS}"),
        ("a: &a [*a]", f"line 1: {ALIAS}"),
        ("a: &a {<<: *a}", f"line 1: {ALIAS}"),
        ("? [a]\n: b", "line 1: a key is a text"),
        ("a: 1\n---\nb: 2", "line 2: a second document begins: a file holds one stage"),
        ("{a: " * 100_000, f"line 1: {DEEP}"),
        ("- " * 100_000, f"line 1: {DEEP}"),
        (BOMB, "line 6: more than 100,000 values, with what aliases stand for"),
        (MERGE_BOMB, "line 4: more than 100,000 values, with what aliases stand for"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_what_settings_do_not_use_is_refused_at_once(text: str, said: str, parser: Any) -> None:
    began = time.monotonic()

    assert refused(text, parser) == said
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "text",
    [
        "a: [",
        "a: 1\n\tb: 2",
        "a: \0",
        'a: "\\ud800"',
        "\ud800",
        "a: b: c",
        "%YAML 9.9\n---\na: 1",
        "a: " + "[" * 9999,
    ],
    ids=lambda value: repr(value)[:20],
)
def test_what_is_no_yaml_is_refused_in_words(text: str, parser: Any) -> None:
    assert refused(text, parser).startswith(("not YAML: ", f"line 1: {DEEP}"))


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("a:\n\tb: 1", 2, 1),
        ("a:\n  b: 1\n \tc: 2", 3, 2),
        ("\ta: 1", 1, 1),
        ("a:\n-\tb\n- c", 2, 2),
        ("a: |\n\tx", 2, 1),
        ("a:\n  - x: 1\n\t  y: 2", 3, 1),
    ],
)
def test_a_tab_is_called_a_tab(text: str, line: int, column: int, parser: Any) -> None:
    assert refused(text, parser) == (
        f"not YAML: line {line}, column {column}: "
        "a tab: YAML is indented with spaces; put spaces in its place"
    )


@pytest.mark.parametrize("text", ["", "# words\n", "---\n"])
def test_a_file_without_anything_holds_nothing(text: str, parser: Any) -> None:
    assert read(text, parser) is None


SCALARS = st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.text(max_size=12)
DATA = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(data=DATA, flow=st.booleans())
def test_what_pyyaml_writes_is_read_as_it_was_by_either_parser(data: Any, flow: bool) -> None:
    text = yaml.safe_dump(data, default_flow_style=flow)

    assert [read(text, parser) for parser in PARSERS] == [data, data]


@given(text=st.text(alphabet="ab01:-,.[]{}&*!|>'\"#%@?<~ \n\t\\\0\ud800é", max_size=40))
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    for parser in PARSERS:
        try:
            read(text, parser)
        except UnreadableError as error:
            said = str(error)
        else:
            said = "line"
        assert said.startswith(("not YAML: ", "line"))
