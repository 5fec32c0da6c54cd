"""Tests `decide` in replacement_guard/guard.py: which updates it refuses, and in which words."""

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from refusal import MOST_BYTES, Refusal
from replacement_guard.guard import decide
from replacement_guard.properties import immutable_properties, replaceable
from tests.assets.replacement_guard.guard_events import (
    COMMON,
    KEY_ARN,
    NAME,
    guard_event,
    properties,
)

REPLACED, TAKEN = "notebook-replaced", "notebook-name-taken"
BEFORE = properties()
RENAMED = {NAME: "lab-alice-2"}


def decided(before: dict[str, Any], asked: dict[str, Any]) -> Refusal | None:
    update = guard_event("Update", asked, before)
    old, new = (
        immutable_properties(update, "OldResourceProperties"),
        immutable_properties(update, "ResourceProperties"),
    )
    return decide(old, new, replaceable(update))


def said(before: dict[str, Any], asked: dict[str, Any]) -> str:
    return str(decided(before, asked))


PASSED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "nothing changes": (BEFORE, BEFORE),
    "groups in another order": (BEFORE, properties(SecurityGroupIds=["sg-2", "sg-1"])),
    "no key before and after": (properties(KmsKeyId=None), properties(KmsKeyId=None)),
    "another token and time limit": (BEFORE, {**BEFORE, "ServiceToken": "b", "ServiceTimeout": 1}),
    "common value written as an override": (BEFORE, properties(overrides={"SubnetId": "subnet-1"})),
    "override instead of the common value": (
        BEFORE,
        properties(SubnetId="subnet-2", overrides={"SubnetId": "subnet-1"}),
    ),
    "one more notebook": (BEFORE, properties("alice", "bob")),
    "one notebook less": (properties("alice", "bob"), BEFORE),
    "another notebook elsewhere": (properties("bob"), properties("alice", SubnetId="subnet-2")),
    "new name, may be replaced": (BEFORE, properties(overrides=RENAMED, replace=("alice",))),
    "new name and subnet, may be replaced": (
        BEFORE,
        properties(overrides=RENAMED, SubnetId="subnet-2", replace=("alice",)),
    ),
    "no name, may be replaced": (
        properties(overrides={NAME: None}),
        properties(overrides={NAME: None}, SubnetId="subnet-2", replace=("alice",)),
    ),
    "nothing changes, may be replaced": (BEFORE, properties(replace=("alice", "gone"))),
}
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "subnet": (properties(SubnetId="subnet-2"), REPLACED),
    "subnet of its own": (properties(overrides={"SubnetId": "subnet-2"}), REPLACED),
    "one group more": (properties(SecurityGroupIds=["sg-1", "sg-2", "sg-3"]), REPLACED),
    "one group less": (properties(SecurityGroupIds=["sg-1"]), REPLACED),
    "another key": (properties(KmsKeyId="arn:other"), REPLACED),
    "key taken away": (properties(KmsKeyId=None), REPLACED),
    "internet access": (properties(overrides={"DirectInternetAccess": "Enabled"}), REPLACED),
    "platform": (properties(PlatformIdentifier="notebook-al2024-v1"), REPLACED),
    "name": (properties(overrides=RENAMED), REPLACED),
    "a property of a later app": (properties(IpAddressType="ipv6"), REPLACED),
    "another notebook may be replaced": (
        properties("alice", "bob", SubnetId="subnet-2", replace=("bob",)),
        REPLACED,
    ),
    "may be replaced, same name": (properties(SubnetId="subnet-2", replace=("alice",)), TAKEN),
}


@pytest.mark.parametrize(("before", "asked"), PASSED.values(), ids=PASSED)
def test_what_replaces_nothing_unasked_passes(
    before: dict[str, Any], asked: dict[str, Any]
) -> None:
    assert decided(before, asked) is None


@pytest.mark.parametrize(("asked", "code"), REFUSED.values(), ids=REFUSED)
def test_what_replaces_a_notebook_unasked_is_refused(asked: dict[str, Any], code: str) -> None:
    refusal = decided(BEFORE, asked)

    assert refusal is not None
    assert refusal.code == code


@dataclass(frozen=True)
class Notebook:
    """One notebook through an update."""

    key: str
    was_there: bool
    is_there: bool
    changes: frozenset[str]
    may_be_replaced: bool

    @property
    def is_replaced(self) -> bool:
        return self.was_there and self.is_there and bool(self.changes)

    def overrides(self, common: frozenset[str], *, after: bool) -> dict[str, Any]:
        values = {**COMMON, NAME: self.key}
        if after:
            groups = "SecurityGroupIds"
            values |= {name: ["sg-9"] if name == groups else "new" for name in self.changes}
        return {
            name: value
            for name, value in values.items()
            if name not in common or value != COMMON[name]
        }


@st.composite
def notebooks(draw: st.DrawFn) -> list[Notebook]:
    names = st.frozensets(st.sampled_from([*COMMON, NAME]))
    keys = draw(st.lists(st.sampled_from("abcdefgh"), unique=True))
    return [
        Notebook(key, draw(st.booleans()), draw(st.booleans()), draw(names), draw(st.booleans()))
        for key in keys
    ]


@settings(max_examples=4 * settings().max_examples, deadline=None, database=None)
@given(notebooks(), st.frozensets(st.sampled_from(sorted(COMMON))))
def test_it_refuses_exactly_when_a_notebook_would_be_replaced_that_may_not(
    asked: list[Notebook], common_before: frozenset[str]
) -> None:
    # Which values are everyone's, and which each notebook's own, makes no difference.
    common_after = frozenset(COMMON) - common_before
    before = {
        "Shared": {name: COMMON[name] for name in common_before},
        "Notebooks": {
            each.key: each.overrides(common_before, after=False) for each in asked if each.was_there
        },
    }
    after = {
        "Shared": {name: COMMON[name] for name in common_after},
        "Notebooks": {
            each.key: each.overrides(common_after, after=True) for each in asked if each.is_there
        },
        "Replace": [each.key for each in asked if each.may_be_replaced],
    }

    refusal = decided(before, after)

    replaced = [each for each in asked if each.is_replaced]
    expected = None
    if any(NAME not in each.changes for each in replaced):
        expected = TAKEN
    if any(not each.may_be_replaced for each in replaced):
        expected = REPLACED
    event(str(expected))
    assert (refusal and refusal.code) == expected


class TestWords:
    def test_a_change_is_named_with_both_values_and_where_the_files_are(self) -> None:
        assert said(BEFORE, properties(SubnetId="subnet-2", KmsKeyId=None)) == (
            f"[{REPLACED}] CloudFormation would replace alice (KmsKeyId from {KEY_ARN} to "
            "SageMaker's own key, SubnetId from subnet-1 to subnet-2). A replaced notebook's files "
            "stay on the old instance, which is kept unless opt_outs.delete_volumes is set; the "
            "new one starts empty. Next: put the old value back, or give each notebook that may "
            "start empty `replace: true`."
        )

    def test_lists_are_shown_whole_and_what_is_not_there_as_none(self) -> None:
        asked = properties(SecurityGroupIds=[f"sg-0a1b2c3d4e5f6071{n}" for n in range(5)])
        groups = ", ".join(asked["Shared"]["SecurityGroupIds"])

        assert f"(SecurityGroupIds from sg-1, sg-2 to {groups})" in said(BEFORE, asked)
        assert "(SubnetId from subnet-1 to none)" in said(BEFORE, properties(SubnetId=None))

    def test_a_long_value_is_shown_by_its_beginning_and_hides_no_other(self) -> None:
        before = properties(KmsKeyId="k" * 2000)

        text = said(before, properties(KmsKeyId="x", SubnetId="subnet-2"))

        assert f"(KmsKeyId from {'k' * 120} … to x, SubnetId from subnet-1 to subnet-2)" in text

    def test_forty_notebooks_with_one_change_are_ten_names_and_a_number(self) -> None:
        keys = [f"n{number:02d}" for number in range(40)]

        text = said(properties(*keys), properties(*keys, SubnetId="subnet-2"))

        ten = ", ".join(keys[:10])
        assert f"replace {ten} and 30 more (SubnetId from subnet-1 to subnet-2)." in text

    def test_forty_notebooks_with_a_change_each_are_three_and_a_number(self) -> None:
        keys = [f"n{number:02d}" for number in range(40)]
        asked = properties(*keys)
        asked["Notebooks"] = {key: {NAME: f"x-{key}"} for key in keys}

        assert (
            f"replace n00 ({NAME} from lab-n00 to x-n00); n01 ({NAME} from lab-n01 to x-n01); "
            f"n02 ({NAME} from lab-n02 to x-n02); and 37 more. A replaced"
        ) in said(properties(*keys), asked)

    def test_the_change_of_most_notebooks_comes_first(self) -> None:
        before = properties("alice", "bob", "carol")
        asked = properties("alice", "bob", "carol", SubnetId="subnet-2", overrides=RENAMED)

        assert "replace bob, carol (SubnetId from" in said(before, asked)

    def test_a_taken_name_is_named(self) -> None:
        asked = properties(SubnetId="subnet-2", replace=("alice",))

        assert said(BEFORE, asked) == (
            f"[{TAKEN}] CloudFormation makes a notebook's new instance before it lets go of the "
            "old one, and two cannot have one name: alice (named lab-alice). Next: give the "
            "notebook a new `name`, or remove `name` so that one is made."
        )

    def test_forty_taken_names_are_ten_and_a_number(self) -> None:
        keys = tuple(f"n{number:02d}" for number in range(40))

        text = said(properties(*keys), properties(*keys, SubnetId="subnet-2", replace=keys))

        assert text.count("(named lab-n") == 10
        assert "n09 (named lab-n09) and 30 more. Next:" in text

    def test_unasked_replacements_are_told_before_taken_names(self) -> None:
        asked = properties("alice", "bob", SubnetId="subnet-2", replace=("alice",))

        text = said(properties("alice", "bob"), asked)

        assert "would replace bob (SubnetId" in text
        assert "alice" not in text

    @pytest.mark.parametrize("replace", [(), tuple(f"{'k' * 30}{n:02d}" for n in range(99))])
    def test_the_longest_is_one_line_that_keeps_its_end(self, replace: tuple[str, ...]) -> None:
        keys = [f"{'k' * 30}{number:02d}" for number in range(99)]
        x: dict[str, Any] = dict.fromkeys(COMMON, "x\n" * 2000)
        y: dict[str, Any] = dict.fromkeys(COMMON, "y\n" * 2000)
        before, after = properties(*keys, **x), properties(*keys, **y, replace=replace)

        text = said(before, after)

        found, _, end = text.partition(" Next: ")
        assert text.isprintable()
        assert len(found.encode()) <= MOST_BYTES + len("[notebook-name-taken]  …".encode())
        assert "cannot have one name" in found if replace else "the new one starts empty." in found
        assert end
