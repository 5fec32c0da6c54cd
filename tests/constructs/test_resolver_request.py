"""What the template asks of the resolver, and what it may do for that."""

from typing import Any, get_args

import pytest

from cluster_endpoint.aws import OPERATIONS
from cluster_endpoint.livy import LivyPreferences
from cluster_endpoint.request import MOST_WAIT_MINUTES, Selector, parse
from emr_notebook.constructs.resolver_request import (
    ANY_CLUSTER,
    THIS_STACK,
    Grant,
    grants,
    properties,
    record_grants,
)
from emr_notebook.settings.cluster import Cluster
from emr_notebook.settings.types import WaitMinutes
from tests.conftest import template
from tests.templates import ENDPOINT, resources, two_notebooks

EMR = "elasticmapreduce"
READ_CLUSTER = (f"{EMR}:DescribeCluster", f"{EMR}:ListInstances")
READ = (*READ_CLUSTER, f"{EMR}:ListInstanceFleets", f"{EMR}:ListInstanceGroups")
TEAM = {"team": "risk", "stage": "live"}
OWN_STACK = (("cloudformation:DescribeStacks",), (THIS_STACK,))
ID: dict[str, Any] = {"id": "j-2AXXXXXXGAPLF"}
NAME: dict[str, Any] = {"name": "nightly-spark"}
TAGS: dict[str, Any] = {"tags": TEAM}


def cluster(**settings: Any) -> Cluster:
    return Cluster.model_validate(settings)


def granted(*clusters: dict[str, Any]) -> set[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Actions and resources, conditions left out."""
    found = grants(cluster(**each) for each in clusters)
    return {(grant.actions, grant.resources) for grant in found}


def asked(**settings: Any) -> dict[str, str]:
    return properties("analytics", cluster(**settings), opened_port=None, refresh="")


class TestGrants:
    def test_an_id_needs_actions_on_its_own_cluster_alone(self) -> None:
        assert granted(ID) == {OWN_STACK, (READ, ("j-2AXXXXXXGAPLF",))}

    def test_several_ids_are_each_named(self) -> None:
        other = {"id": "j-OTHER"}

        assert granted(ID, other, ID) == {OWN_STACK, (READ, ("j-2AXXXXXXGAPLF", "j-OTHER"))}

    def test_a_name_needs_the_list_and_any_clusters_reading(self) -> None:
        assert granted(NAME) == {
            OWN_STACK,
            (READ, (ANY_CLUSTER,)),
            ((f"{EMR}:ListClusters",), ("*",)),
        }

    def test_tags_need_the_tagging_api_besides(self) -> None:
        assert granted(TAGS) == {
            OWN_STACK,
            (READ, (ANY_CLUSTER,)),
            ((f"{EMR}:ListClusters",), ("*",)),
            (("tag:GetResources",), ("*",)),
        }

    def test_a_cluster_by_its_tags_is_read_only_with_all_of_them(self) -> None:
        [reading] = [grant for grant in grants([cluster(**TAGS)]) if grant.actions == READ]

        assert reading.conditions == {
            "StringEquals": {"aws:ResourceTag/team": "risk", "aws:ResourceTag/stage": "live"}
        }

    def test_clusters_by_different_tags_are_read_under_a_condition_each(self) -> None:
        found = grants([cluster(**TAGS), cluster(tags={"team": "fraud"}), cluster(**TAGS)])

        conditions = [grant.conditions for grant in found if grant.actions == READ]
        assert len(conditions) == 2
        assert all(conditions)

    def test_an_id_beside_tags_stays_readable_without_them(self) -> None:
        reading = grants([cluster(**ID), cluster(**TAGS)])

        assert Grant(READ, ("j-2AXXXXXXGAPLF",)) in reading

    def test_detect_needs_the_security_configurations(self) -> None:
        more = granted({**ID, "scheme": "detect"}) - granted(ID)

        assert more == {((f"{EMR}:DescribeSecurityConfiguration",), ("*",))}

    @pytest.mark.parametrize("scheme", ["http", "https"])
    def test_a_forced_scheme_needs_nothing_more(self, scheme: str) -> None:
        assert granted({**ID, "scheme": scheme}) == granted(ID)

    def test_a_cluster_that_declines_its_groups_configurations_is_read_without_them(self) -> None:
        found = granted({**ID, "group_configurations": False}, {"id": "j-OTHER"})

        assert found == {
            OWN_STACK,
            (READ, ("j-OTHER",)),
            (READ_CLUSTER, ("j-2AXXXXXXGAPLF",)),
        }

    def test_a_wildcard_has_a_reason(self) -> None:
        everything = [cluster(**each, scheme="detect") for each in (NAME, TAGS)]

        wild = [g for g in grants(everything) if {"*", ANY_CLUSTER} & set(g.resources)]
        assert wild
        assert all(grant.because for grant in wild)

    def test_every_action_of_the_resolver_is_granted_for_some_settings_and_no_other(self) -> None:
        everything = [cluster(**each, scheme="detect") for each in (ID, NAME, TAGS)]

        held = [*grants(everything), *record_grants(["a.internal"], checks_zone=True)]
        named = {action for grant in held for action in grant.actions}
        assert named == {operation.action for operation in OPERATIONS.values()}


class TestProperties:
    @pytest.mark.parametrize(
        ("settings", "selector"),
        [
            (ID, Selector(cluster_id="j-2AXXXXXXGAPLF")),
            (NAME, Selector(name="nightly-spark")),
            (TAGS, Selector(tags=(("stage", "live"), ("team", "risk")))),
        ],
    )
    def test_the_resolver_reads_the_selector_that_the_settings_hold(
        self, settings: dict[str, Any], selector: Selector
    ) -> None:
        assert parse(asked(**settings)).selector == selector

    def test_the_resolver_reads_which_newer_session_fields_a_clusters_notebooks_ask_for(
        self,
    ) -> None:
        def change(data: dict[str, Any]) -> None:
            two_notebooks(data)
            data["clusters"]["second"] = {"id": "j-SECOND"}
            data["defaults"] = {"spark": {"ttl": "8h"}}
            data["notebooks"]["bob"]["spark"] = {"idleTimeout": "1h", "executorMemory": "4g"}
            data["notebooks"]["carol"] = {"cluster": "second", "spark": {}}

        asked_for = {
            each["Properties"]["ClusterKey"]: parse(each["Properties"]).session_fields
            for each in resources(template(change), ENDPOINT).values()
            if each["Properties"].pop("ServiceToken") and each["Properties"].pop("LastValueOutput")
        }
        assert asked_for == {"analytics": ("idleTimeout", "ttl"), "second": ()}

    def test_the_resolver_reads_of_which_clusters_a_notebook_names_a_proxy_user(self) -> None:
        def change(data: dict[str, Any]) -> None:
            two_notebooks(data)
            data["clusters"]["second"] = {"id": "j-SECOND"}
            data["notebooks"]["bob"] |= {"cluster": "second", "spark": {"proxyUser": "bob"}}

        asked_for = {
            each["Properties"]["ClusterKey"]: each["Properties"].get("HasProxyUser")
            for each in resources(template(change), ENDPOINT).values()
        }
        assert asked_for == {"analytics": None, "second": "true"}

    def test_the_resolver_reads_how_livy_is_reached(self) -> None:
        settings = cluster(**ID, scheme="https", port=9000, tls={"verify": "system"})
        request = parse(properties("analytics", settings, opened_port=9000, refresh="1"))

        assert request.preferences == LivyPreferences(
            scheme="https", port=9000, opened_port=9000, trust_is_given=True
        )

    def test_the_resolver_reads_how_long_to_wait(self) -> None:
        assert parse(asked(**ID, wait_minutes=13)).wait_seconds == 13 * 60

    def test_the_resolver_reads_what_is_left_out_as_not_wished_for(self) -> None:
        request = parse(asked(**ID))

        assert request.preferences == LivyPreferences(
            scheme=None, port=8998, opened_port=None, trust_is_given=False
        )
        assert request.read_group_configurations

    def test_the_resolver_reads_that_groups_configurations_are_declined(self) -> None:
        request = parse(asked(**ID, group_configurations=False))

        assert not request.read_group_configurations

    def test_all_of_them_are_texts_as_cloudformation_makes_them(self) -> None:
        everything = {**ID, "group_configurations": False, "tls": {"verify": "system"}}

        assert {type(value) for value in asked(**everything).values()} == {str}

    def test_the_order_of_tags_changes_nothing(self) -> None:
        turned = dict(reversed(TEAM.items()))

        assert asked(tags=turned) == asked(tags=TEAM)

    def test_another_refresh_is_another_request(self) -> None:
        first, second = (
            properties("analytics", cluster(**ID), opened_port=None, refresh=each)
            for each in ("1", "2")
        )

        assert first != second


def test_the_resolver_takes_the_waits_that_the_settings_do() -> None:
    _, waits = get_args(WaitMinutes)

    assert (waits.low, waits.high) == (0, MOST_WAIT_MINUTES)
