"""Tests that every refusal is on the page that explains them, in the same words."""

import inspect
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import refusal
from cluster_endpoint import handler, refusals
from cluster_record import refusals as record_refusals
from refusal import Refusal
from replacement_guard import guard as guard_refusals
from replacement_guard.guard import Change

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/troubleshooting.md").read_text()
ID = "j-2AXXXXXXGAPLF"
MODULES = (refusal, refusals, guard_refusals, record_refusals)
SUBNET = Change("SubnetId", "subnet-0a1b2c3d4e5f60718", "subnet-0f9e8d7c6b5a41322")
# The arguments of each refusal's example on the page.
EXAMPLES: Mapping[str, list[tuple[Any, ...]]] = {
    "unknown_cluster": [(ID, "eu-west-1")],
    "no_cluster": [("name 'nightly-spark'", ["adhoc", "reports"])],
    "several_clusters": [
        (
            "tags team=risk",
            [
                f"{ID} (WAITING, created 2026-01-02 03:04 UTC)",
                "j-3BXXXXXXGAPLF (STARTING, created 2026-01-03 03:04 UTC)",
            ],
        )
    ],
    "cluster_ended": [
        (ID, "TERMINATED_WITH_ERRORS", "BOOTSTRAP_FAILURE: bootstrap action 1 returned 1", "")
    ],
    "cluster_not_ready": [(ID, "BOOTSTRAPPING", 600.4)],
    "unknown_state": [(ID, "HIBERNATING")],
    "application_missing": [
        (ID, "Livy", "Hadoop, Spark", ""),
        (ID, "Spark", "Hadoop, Livy", ""),
    ],
    "session_fields_unknown": [(ID, "0.8.0-incubating", {"idleTimeout": "0.9"})],
    "kerberos": [(ID,)],
    "ldap": [(ID,)],
    "identity_center": [(ID,)],
    "runtime_roles": [(ID,)],
    "other_login": [(ID, "token")],
    "security_unread": [(ID, "strict")],
    "trust_missing": [(ID,)],
    "unfit_port": [(ID, "8998,9000")],
    "port_closed": [(ID, 9000, 8998)],
    "no_primary": [(ID, "none")],
    "unfit_primary_address": [(ID, None)],
    "unfit_primary_name": [(ID, "ip-10-0-0-5.my_company")],
    "access_denied": [
        (
            "elasticmapreduce:DescribeCluster",
            f"arn:aws:elasticmapreduce:eu-west-1:111122223333:cluster/{ID}",
        )
    ],
    "unavailable": [("DescribeCluster", "ThrottlingException: Rate exceeded", 56.4)],
    "call_failed": [
        (
            "DescribeSecurityConfiguration",
            "*",
            "InvalidRequestException: Security configuration with name 'strict' does not exist",
        )
    ],
    "incomplete_answer": [("ListInstances", "Instances")],
    "endless_answer": [("ListClusters", 100)],
    "unfit_security": [(ID, "[1, 2]")],
    "unfit_answer": [("DescribeCluster", "Id", "j-3BXXXXXXGAPLF", ID)],
    "unfit_value": [("LivyUrl", "https://ip$(id).internal:8998")],
    "record_taken": [("analytics.emr-notebooks-dev.internal", {"A": "10.0.0.9"})],
    "zone_of_another_vpc": [
        ("Z0123456789ABCDEFGHIJ", "vpc-0a1b2c3d4e5f60718", ["vpc-0f9e8d7c6b5a41322"])
    ],
    "zone_name_differs": [("Z0123456789ABCDEFGHIJ", "example.com", "data.example.com")],
    "bad_request": [("WaitMinutes", "14")],
    "replaced": [({"alice": (SUBNET,), "bob": (SUBNET,)},)],
    "name_taken": [({"alice": "risk-lab"},)],
}


CASES = [(name, given) for name, examples in EXAMPLES.items() for given in examples]
each_example = pytest.mark.parametrize(("name", "given"), CASES, ids=lambda part: str(part)[:40])


def made(name: str, given: tuple[Any, ...]) -> Refusal:
    (module,) = (each for each in MODULES if hasattr(each, name))
    found = getattr(module, name)(*given)
    assert isinstance(found, Refusal)
    return found


def codes() -> list[str]:
    return [made(name, given).code for name, given in CASES]


def sections() -> dict[str, str]:
    """The page's sections by code, each as one line."""
    first_part = PAGE.split("\n## ")[1]
    parts = re.split(r"^### `([a-z-]+)`$", first_part, flags=re.M)[1:]
    return {
        code: " ".join(re.sub(r"^> ?", "", text, flags=re.M).split())
        for code, text in zip(parts[::2], parts[1::2], strict=True)
    }


def test_every_way_to_refuse_has_an_example_here() -> None:
    functions = {
        name
        for module in MODULES
        for name, each in inspect.getmembers(module, inspect.isfunction)
        if inspect.signature(each).return_annotation is Refusal
    }

    assert set(EXAMPLES) == functions


def test_every_code_is_on_the_page_and_every_code_on_the_page_exists() -> None:
    assert sections().keys() == set(codes())


@each_example
def test_the_page_has_the_messages_words_the_cause_and_the_next_step(
    name: str, given: tuple[Any, ...]
) -> None:
    message = re.fullmatch(r"\[([a-z-]+)\] (.+) Next: (.+)", str(made(name, given)))
    assert message is not None
    code, found, next_step = message.groups()

    section = sections()[code]

    assert section.startswith(f"{found} Cause: ")
    assert f" Next: {next_step}" in section


@each_example
def test_a_message_is_one_line_of_code_found_and_next(name: str, given: tuple[Any, ...]) -> None:
    assert re.fullmatch(r"\[[a-z-]+\] [A-Z0-9].*\. Next: [a-z].*\.", str(made(name, given)))


def test_codes_are_told_apart() -> None:
    assert len(codes()) == len(set(codes()))


def test_what_vanished_means_is_in_the_catalogue() -> None:
    assert set(codes()) >= handler.CLUSTER_GONE_CODES


class TestMessage:
    def test_what_a_terminal_would_obey_is_replaced(self) -> None:
        said = str(Refusal("code", "a\x1b[2Jb\nc\u202ed\ud800e", "go on."))

        assert said == "[code] a?[2Jb c?d?e Next: go on."

    def test_what_was_found_is_cut_to_1500_bytes_and_the_next_step_is_not(self) -> None:
        said = str(Refusal("code", "é" * 750, "go on."))
        longer = str(Refusal("code", "aé" + "é" * 750, "go on."))

        assert said == f"[code] {'é' * 750} Next: go on."
        assert longer == f"[code] a{'é' * 749} … Next: go on."

    @pytest.mark.parametrize("selected", ["name 'nightly-spark'", "tags team=risk"])
    @pytest.mark.parametrize(
        "make",
        [
            lambda by: refusals.cluster_ended(ID, "TERMINATED", "by a user", by),
            lambda by: refusals.application_missing(ID, "Livy", "Spark", by),
        ],
    )
    def test_who_selects_by_name_or_tags_is_not_told_to_use_an_id(
        self, make: Any, selected: str
    ) -> None:
        step = str(make(selected)).partition(" Next: ")[2]

        assert f"with the {selected}" in step
        assert "id" not in step.split()
        assert "put its id into the settings." in str(make(""))

    @pytest.mark.parametrize(
        ("count", "end"), [(10, "name-9."), (11, "name-9 and 1 more."), (30, "and 20 more.")]
    )
    def test_at_most_ten_names_are_listed(self, count: int, end: str) -> None:
        names = [f"name-{number}" for number in range(count)]

        said = str(refusals.no_cluster("name 'a'", names))

        assert f"{end} Next:" in said
        assert said.count("name-") == min(count, 10)

    @pytest.mark.parametrize(("count", "end"), [(20, "c-19."), (21, "c-19 and 1 more.")])
    def test_at_most_twenty_candidates_are_listed(self, count: int, end: str) -> None:
        said = str(refusals.several_clusters("name 'a'", [f"c-{n}" for n in range(count)]))

        assert f"{count} active clusters have the name 'a': c-0, " in said
        assert f"{end} Next:" in said

    @pytest.mark.parametrize(
        "make",
        [
            lambda text: refusals.other_login(ID, text),
            lambda text: refusals.security_unread(ID, text),
            lambda text: refusals.unfit_port(ID, text),
            lambda text: refusals.unfit_primary_address(ID, text),
            lambda text: refusals.unfit_primary_name(ID, text),
            lambda text: refusals.unfit_answer("ListClusters", "Id", text, "a cluster's id"),
            lambda text: refusals.unfit_security(ID, text),
            lambda text: refusals.unfit_value("LivyUrl", text),
            lambda text: refusal.bad_request("ClusterName", text),
        ],
    )
    def test_a_long_value_is_shown_by_its_beginning(self, make: Any) -> None:
        assert f"'{'x' * 79}" in str(make("x" * 500))
        assert "x" * 80 not in str(make("x" * 500))
