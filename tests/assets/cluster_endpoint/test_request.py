"""Tests cluster_endpoint/request.py: what the template asks the resolver for."""

import json
import re
from typing import Any, get_args

import botocore.session
import pytest

from cluster_endpoint import request
from cluster_endpoint.livy import LivyPreferences
from cluster_endpoint.request import Request, Selector, parse
from emr_notebook.constructs import resolver_request
from emr_notebook.settings import types
from emr_notebook.settings.cluster import Cluster
from refusal import Refusal
from tests.assets.cluster_endpoint.emr_records import CLUSTER_ID, event


def asked(**changes: Any) -> Request:
    return parse(event(**changes)["ResourceProperties"])


def test_a_request_of_the_least_asks_for_an_id_and_a_wait() -> None:
    assert asked(WaitMinutes="7") == Request(
        key="analytics",
        selector=Selector(cluster_id=CLUSTER_ID),
        wait_seconds=420,
        preferences=LivyPreferences(scheme=None, port=8998, opened_port=None, trust_is_given=False),
        read_group_configurations=True,
    )


def test_everything_that_can_be_asked_for_is_read() -> None:
    found = asked(
        ClusterId=None,
        ClusterTags=json.dumps({"team": "risk", "env": ""}),
        Scheme="detect",
        OpenedPort="9000",
        Port="9001",
        TrustIsGiven="true",
        ReadGroupConfigurations="false",
        SessionFields="idleTimeout,ttl",
        HasProxyUser="true",
        LastValueOutput="ClusteranalyticsValue0A1B",
        Refresh="anything",
        ServiceToken="arn:…",
    )

    assert found.selector == Selector(tags=(("env", ""), ("team", "risk")))
    assert found.preferences == LivyPreferences(
        scheme="detect", port=9001, opened_port=9000, trust_is_given=True
    )
    assert found.read_group_configurations is False
    assert found.session_fields == ("idleTimeout", "ttl")
    assert found.has_proxy_user


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, f"id {CLUSTER_ID}"),
        ({"ClusterId": None, "ClusterName": "nightly's"}, 'name "nightly\'s"'),
        ({"ClusterId": None, "ClusterTags": '{"b": "2", "a": "1"}'}, "tags a=1, b=2"),
    ],
)
def test_a_selector_is_said_as_the_settings_say_it(given: dict[str, Any], said: str) -> None:
    assert str(asked(**given).selector) == said


@pytest.mark.parametrize("minutes", ["0", "00", "13"])
def test_a_wait_of_up_to_13_minutes_is_accepted(minutes: str) -> None:
    assert asked(WaitMinutes=minutes).wait_seconds == int(minutes) * 60


@pytest.mark.parametrize("scheme", ["http", "https", "detect"])
def test_each_scheme_of_the_settings_is_known(scheme: str) -> None:
    assert asked(Scheme=scheme).preferences.scheme == scheme


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ClusterId", "j-1;reboot"),
        ("ClusterId", f"{CLUSTER_ID}\n"),
        ("ClusterId", [CLUSTER_ID]),
        ("ClusterKey", "$(id)"),
        ("ClusterKey", ""),
        ("ClusterKey", None),
        ("ClusterKey", "a" * 33),
        ("WaitMinutes", "14"),
        ("WaitMinutes", "99"),
        ("WaitMinutes", "-1"),
        ("WaitMinutes", "ten"),
        ("WaitMinutes", "١"),
        ("WaitMinutes", 10),
        ("WaitMinutes", ""),
        ("WaitMinutes", None),
        ("Scheme", "ftp"),
        ("Scheme", "HTTP"),
        ("OpenedPort", "٨٩٩٨"),
        ("OpenedPort", "8998 "),
        ("OpenedPort", "123456"),
        ("Port", "٨٩٩٨"),
        ("Port", "8998 "),
        ("Port", "0"),
        ("Port", "65536"),
        ("TrustIsGiven", "yes"),
        ("TrustIsGiven", True),
        ("ReadGroupConfigurations", "True"),
        ("ClusterTags", "{"),
        ("ClusterTags", "[]"),
        ("ClusterTags", "null"),
        ("ClusterTags", '{"a": 1}'),
        ("ClusterTags", "[" * 200_000),
    ],
)
def test_what_the_app_never_asks_is_refused_by_its_name(name: str, value: Any) -> None:
    with pytest.raises(Refusal) as refusal:
        asked(**{name: value})

    assert refusal.value.code == "request-unfit"
    # An empty property is not told from a missing one.
    shown = "" if value is None else value
    assert f"property {name} is {repr(shown)[:80]}." in str(refusal.value)


@pytest.mark.parametrize("name", ["a" * 257, "a\x1b[31m", "a\x00", "\ud800", "a\ufffe", "\x0b"])
def test_a_name_that_emr_does_not_accept_is_refused(name: str) -> None:
    with pytest.raises(Refusal, match=r"request-unfit.*ClusterName"):
        asked(ClusterId=None, ClusterName=name)


@pytest.mark.parametrize(
    "name",
    [
        "a",
        "a" * 256,
        "nächtlich",
        "$(reboot); '`\"",
        "ＦＵＬＬ",
        "ｶﾀｶﾅ",
        "🚀 nightly",
        "a\tb\n",
        "\x7f",
    ],
)
def test_any_name_that_emr_accepts_may_be_asked_for(name: str) -> None:
    assert asked(ClusterId=None, ClusterName=name).selector == Selector(name=name)


def test_settings_and_resolver_know_emrs_own_characters() -> None:
    """As XmlStringMaxLen256 of EMR's model lists them; Java's pairs are one character here."""
    shape = botocore.session.get_session().get_service_model("emr").shape_for("XmlStringMaxLen256")
    assert shape.metadata["pattern"] == (
        r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\r\n\t]*"
    )
    low, high = (0x20, 0xD7FF), (0xE000, 0xFFFD)
    every = [*range(0x10000), 0x10000, 0x1F680, 0x10FFFF]
    emrs = {
        each
        for each in every
        if low[0] <= each <= low[1] or high[0] <= each <= high[1] or each > 0xFFFF
    } | {9, 10, 13}
    _, form = get_args(types.ClusterName)

    assert {each for each in every if re.fullmatch(request.NAME, chr(each))} == emrs
    assert {each for each in every if re.fullmatch(form.pattern, chr(each))} == emrs


@pytest.mark.parametrize(
    "given",
    [
        {"ClusterId": None},
        {"ClusterId": ""},
        {"ClusterName": "nightly"},
        {"ClusterTags": '{"a": "b"}'},
        {"ClusterId": None, "ClusterName": "nightly", "ClusterTags": '{"a": "b"}'},
        {"ClusterId": None, "ClusterTags": "{}"},
    ],
)
def test_none_or_several_selectors_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(Refusal, match="request-unfit") as refusal:
        asked(**given)

    said = "property ClusterId, ClusterName or ClusterTags is 'not exactly one'."
    assert said in str(refusal.value)


@pytest.mark.parametrize(
    "cluster",
    [
        {"id": CLUSTER_ID},
        {"name": "nightly's", "wait_minutes": 13, "scheme": "detect", "port": 9000},
        {"tags": {"team": "risk", "env": ""}, "tls": {"verify": "system"}},
        {"tags": {"aws:cloudformation:stack-name": "spark"}},
        {"name": "🚀 ｶﾀｶﾅ"},
        {"id": CLUSTER_ID, "group_configurations": False, "wait_minutes": 0},
    ],
)
@pytest.mark.parametrize("opened", [None, 9000])
def test_what_the_app_asks_is_what_the_resolver_reads(
    cluster: dict[str, Any], opened: int | None
) -> None:
    settings = Cluster(**cluster)

    found = parse(
        resolver_request.properties("analytics", settings, opened_port=opened, refresh="7")
    )

    assert found.key == "analytics"
    assert found.selector.cluster_id == (settings.id or "")
    assert found.selector.name == (settings.name or "")
    assert dict(found.selector.tags) == (settings.tags or {})
    assert found.wait_seconds == 60 * settings.wait_minutes
    assert found.read_group_configurations == settings.group_configurations
    assert found.preferences == LivyPreferences(
        settings.scheme, settings.port, opened, settings.tls is not None
    )
