"""Tests find.py: which calls find a cluster's endpoint, in which order, and for how long."""

import json
import logging
import re
from typing import Any

import pytest

from cluster_endpoint.find import PROPAGATION_SECONDS, ArnScope, find_endpoint
from cluster_endpoint.request import parse
from refusal import Refusal
from tests.assets.cluster_endpoint.emr_records import (
    ACCOUNT,
    CLUSTER_ID,
    REGION,
    cluster,
    cluster_arn,
    event,
    instance,
    livy_conf,
    refused,
    status,
)
from tests.assets.cluster_endpoint.emr_world import World

TEAM = [{"Key": "team", "Value": "risk"}]
BY_NAME: dict[str, Any] = {"ClusterId": None, "ClusterName": "nightly-spark"}
BY_TAGS: dict[str, Any] = {"ClusterId": None, "ClusterTags": json.dumps({"team": "risk"})}
STARTING = status("STARTING")
LDAP_CONF = livy_conf(livy_server_auth_type="ldap")
ENCRYPTED = json.dumps({"EncryptionConfiguration": {"EnableInTransitEncryption": True}})
RUNNING_PRIMARIES = {
    "ClusterId": CLUSTER_ID,
    "InstanceGroupTypes": ["MASTER"],
    "InstanceStates": ["RUNNING"],
}


def find(
    world: World, *, propagation_seconds: float = PROPAGATION_SECONDS, **changes: Any
) -> dict[str, str]:
    request = parse(event(**changes)["ResourceProperties"])
    scope = ArnScope("aws", REGION, ACCOUNT)
    return find_endpoint(
        request,
        world.gateway(),
        scope,
        world.time,
        propagation_seconds=propagation_seconds,
    )


def refusal_of(world: World, **changes: Any) -> Refusal:
    with pytest.raises(Refusal) as refusal:
        find(world, **changes)
    return refusal.value


def fleet(**changes: Any) -> World:
    node = {name: value for name, value in instance().items() if name != "InstanceGroupId"}
    return World(
        clusters=[cluster(InstanceCollectionType="INSTANCE_FLEET", **changes)],
        instances={CLUSTER_ID: [{**node, "InstanceFleetId": "MASTER"}]},
    )


class TestSelection:
    @pytest.mark.parametrize(
        ("declined", "more"),
        [
            ({}, [("ListInstanceGroups", {"ClusterId": CLUSTER_ID})]),
            ({"ReadGroupConfigurations": "false"}, []),
        ],
    )
    def test_a_cluster_by_its_id_takes_three_calls_or_two(
        self, declined: dict[str, Any], more: list[Any]
    ) -> None:
        world = World()

        assert find(world, **declined)["LivyUrl"] == "http://10.0.0.5:8998"
        assert world.requests == [
            ("DescribeCluster", {"ClusterId": CLUSTER_ID}),
            ("ListInstances", RUNNING_PRIMARIES),
            *more,
        ]

    def test_a_livy_too_old_for_the_sessions_is_refused_without_a_further_call(self) -> None:
        world = World()

        refused = refusal_of(world, SessionFields="idleTimeout,ttl")

        assert refused.code == "session-fields-unknown"
        assert world.requests == [("DescribeCluster", {"ClusterId": CLUSTER_ID})]

    @pytest.mark.parametrize("page_size", [1, 2, 50])
    @pytest.mark.parametrize("selector", [BY_NAME, BY_TAGS])
    def test_it_is_found_on_whatever_page(self, page_size: int, selector: dict[str, Any]) -> None:
        others = [cluster(Id=f"j-OTHER{number}", Name=f"other-{number}") for number in range(5)]
        world = World(clusters=[*others, cluster(Tags=TEAM)], page_size=page_size)

        assert find(world, **selector)["ClusterId"] == CLUSTER_ID

    def test_by_name_active_clusters_alone_are_asked_for(self) -> None:
        world = World(clusters=[cluster(Id="j-DEAD", Status=status("TERMINATED")), cluster()])

        assert find(world, **BY_NAME)["ClusterId"] == CLUSTER_ID
        assert world.requests[0] == (
            "ListClusters",
            {"ClusterStates": ["BOOTSTRAPPING", "RUNNING", "STARTING", "WAITING"]},
        )

    def test_by_tags_the_tagging_api_is_asked_for_all_of_them(self) -> None:
        world = World(clusters=[cluster(Tags=[*TEAM, {"Key": "env", "Value": ""}])])
        tags = json.dumps({"team": "risk", "env": ""})

        assert find(world, ClusterId=None, ClusterTags=tags)["ClusterId"] == CLUSTER_ID
        assert world.requests[1][1]["TagFilters"] == [
            {"Key": "env", "Values": [""]},
            {"Key": "team", "Values": ["risk"]},
        ]

    def test_by_tags_a_page_is_as_large_as_the_tagging_api_makes_them(self) -> None:
        world = World(clusters=[cluster(Tags=TEAM)])

        find(world, **BY_TAGS)

        assert world.requests[1][1]["ResourcesPerPage"] == 100

    @pytest.mark.parametrize("seconds", [1, 20, 55])
    def test_a_cluster_that_the_tag_index_does_not_know_yet_is_asked_for_again(
        self, seconds: float
    ) -> None:
        dead = cluster(Id="j-DEAD", Status=status("TERMINATED"), Tags=TEAM)
        world = World(clusters=[dead, cluster(Tags=TEAM)], indexed={CLUSTER_ID: seconds})

        assert find(world, WaitMinutes="0", **BY_TAGS)["ClusterId"] == CLUSTER_ID
        assert seconds <= world.spent <= 60

    def test_tags_that_nothing_has_are_refused_a_minute_later(self) -> None:
        world = World()

        assert refusal_of(world, **BY_TAGS).code == "cluster-none"
        assert 45 <= world.spent <= 60

    def test_where_nothing_is_waited_for_they_are_refused_at_once(self) -> None:
        world = World()

        with pytest.raises(Refusal, match="cluster-none"):
            find(world, propagation_seconds=0, **BY_TAGS)
        assert world.spent == 0

    def test_a_name_that_nothing_has_is_refused_at_once(self) -> None:
        world = World()

        assert refusal_of(world, ClusterId=None, ClusterName="absent").code == "cluster-none"
        assert world.spent == 0

    def test_a_dead_cluster_that_still_has_the_tags_is_passed_over(self) -> None:
        dead = cluster(Id="j-DEAD", Status=status("TERMINATED"), Tags=TEAM)

        world = World(clusters=[dead, cluster(Tags=TEAM)])

        assert find(world, **BY_TAGS)["ClusterId"] == CLUSTER_ID

    @pytest.mark.parametrize("selector", [BY_NAME, BY_TAGS])
    def test_several_are_refused_with_each(self, selector: dict[str, Any]) -> None:
        second = cluster(Id="j-SECOND", Tags=TEAM, Status=status("RUNNING"))

        refusal = refusal_of(World(clusters=[cluster(Tags=TEAM), second], page_size=1), **selector)

        assert refusal.code == "cluster-several"
        assert f"{CLUSTER_ID} (WAITING, created 2026-01-02 03:04 UTC)" in str(refusal)
        assert "j-SECOND (RUNNING, created 2026-01-02 03:04 UTC)" in str(refusal)

    @pytest.mark.parametrize(
        ("selector", "said"),
        [(BY_NAME, "name 'nightly-spark'"), (BY_TAGS, "tags team=risk")],
    )
    def test_none_is_refused_with_the_names_of_those_that_there_are(
        self, selector: dict[str, Any], said: str
    ) -> None:
        world = World(clusters=[cluster(Name="Nightly-Spark"), cluster(Id="j-B", Name="b")])

        refusal = refusal_of(world, **selector)

        assert refusal.code == "cluster-none"
        assert f"has the {said}; active clusters are named: Nightly-Spark, b." in str(refusal)

    def test_the_choice_is_in_the_log(self, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.INFO):
            find(World(), **BY_NAME)

        assert caplog.messages[0] == (
            f"analytics: the cluster with the name 'nightly-spark' is {CLUSTER_ID}"
        )

    @pytest.mark.parametrize("operation", ["ListClusters", "GetResources"])
    def test_a_denied_list_names_the_action_and_that_it_has_no_narrower_resource(
        self, operation: str
    ) -> None:
        world = World(failures={operation: refused("AccessDeniedException")})

        refusal = refusal_of(world, **BY_TAGS)

        assert refusal.code == "access-denied"
        assert f":{operation} on *." in str(refusal)


class TestPrimaries:
    def test_a_fleet_is_asked_for_by_its_own_filter(self) -> None:
        world = fleet()

        assert find(world)["LivyUrl"] == "http://10.0.0.5:8998"
        assert world.requests[1] == (
            "ListInstances",
            {
                "ClusterId": CLUSTER_ID,
                "InstanceFleetType": "MASTER",
                "InstanceStates": ["RUNNING"],
            },
        )

    @pytest.mark.parametrize("page_size", [1, 2, 3, 4])
    @pytest.mark.parametrize("named", [5, 6, 7])
    def test_of_three_on_any_pages_it_is_the_one_that_the_cluster_names(
        self, named: int, page_size: int
    ) -> None:
        nodes = [instance(1, "TERMINATED"), instance(7), instance(5), instance(6)]
        name = f"ip-10-0-0-{named}.eu-west-1.compute.internal"
        world = World(
            clusters=[cluster(MasterPublicDnsName=name)],
            instances={CLUSTER_ID: nodes},
            page_size=page_size,
        )

        assert find(world)["LivyUrl"] == f"http://10.0.0.{named}:8998"

    def test_a_core_node_is_no_primary(self) -> None:
        world = World(instances={CLUSTER_ID: [instance(4, InstanceGroupId="CORE")]})

        assert refusal_of(world).code == "primary-not-running"


class TestWaiting:
    def test_a_starting_cluster_is_waited_for_and_the_log_says_what_for(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        world = World(
            clusters=[cluster(Status=STARTING)],
            later=[
                (10, CLUSTER_ID, {"Status": status("BOOTSTRAPPING")}),
                (100, CLUSTER_ID, {"Status": status("WAITING")}),
            ],
        )

        with caplog.at_level(logging.INFO):
            assert find(world)["LivyUrl"] == "http://10.0.0.5:8998"

        assert 100 <= world.spent <= 115
        said = [record.getMessage() for record in caplog.records]
        assert said[0] == (
            f"analytics: waiting for {CLUSTER_ID}, which is STARTING; 0 of at most 600 s"
        )
        assert said[1] == (
            f"analytics: waiting for {CLUSTER_ID}, which is BOOTSTRAPPING; 15 of at most 600 s"
        )
        assert said[-1] == f"analytics: Livy of {CLUSTER_ID} is at http://10.0.0.5:8998"

    @pytest.mark.parametrize("minutes", [1, 10, 13])
    def test_the_wait_ends_when_its_minutes_are_over(self, minutes: int) -> None:
        world = World(clusters=[cluster(Status=STARTING)])

        refusal = refusal_of(world, WaitMinutes=str(minutes))

        assert refusal.code == "cluster-not-ready"
        assert f"{CLUSTER_ID} was still STARTING after {60 * minutes} s" in str(refusal)
        assert world.spent == 60 * minutes

    def test_no_minutes_mean_no_wait(self) -> None:
        world = World(clusters=[cluster(Status=STARTING)])

        assert refusal_of(world, WaitMinutes="0").code == "cluster-not-ready"
        assert world.operations == ["DescribeCluster"]
        assert world.spent == 0

    def test_a_cluster_that_dies_while_starting_is_refused_with_emrs_reason(self) -> None:
        dead = status("TERMINATED_WITH_ERRORS", Code="BOOTSTRAP_FAILURE", Message="it returned 1")
        world = World(
            clusters=[cluster(Status=STARTING)], later=[(40, CLUSTER_ID, {"Status": dead})]
        )

        refusal = refusal_of(world)

        assert refusal.code == "cluster-ended"
        assert "BOOTSTRAP_FAILURE: it returned 1" in str(refusal)
        assert world.spent == 45

    @pytest.mark.parametrize("seconds_a_call", [0.5, 4, 7])
    @pytest.mark.parametrize("minutes", [1, 10])
    def test_all_of_its_minutes_are_used(self, minutes: int, seconds_a_call: float) -> None:
        ready = 60.0 * minutes - seconds_a_call
        world = World(
            clusters=[cluster(Status=STARTING)],
            later=[(ready, CLUSTER_ID, {"Status": status("WAITING")})],
            seconds_a_call=seconds_a_call,
        )

        assert find(world, WaitMinutes=str(minutes))["LivyUrl"] == "http://10.0.0.5:8998"

    def test_one_by_its_name_that_dies_is_to_be_started_with_that_name(self) -> None:
        dead = status("TERMINATED_WITH_ERRORS")
        world = World(
            clusters=[cluster(Status=STARTING)], later=[(40, CLUSTER_ID, {"Status": dead})]
        )

        refusal = refusal_of(world, **BY_NAME)

        assert refusal.code == "cluster-ended"
        assert "Next: start a cluster with the name 'nightly-spark', and" in str(refusal)

    def test_the_time_that_the_lists_take_is_taken_off_the_wait(self) -> None:
        throttled = refused("ThrottlingException", "Rate exceeded")
        world = World(
            clusters=[cluster(Status=STARTING)], failures={"ListClusters": [throttled] * 8}
        )

        assert refusal_of(world, WaitMinutes="1", **BY_NAME).code == "cluster-not-ready"
        assert world.spent == 60


class TestTime:
    def test_a_failure_in_passing_is_retried_after_ever_longer_pauses(self) -> None:
        throttled = refused("ThrottlingException", "Rate exceeded")
        world = World(failures={"DescribeCluster": [throttled] * 8})

        assert find(world)["LivyUrl"] == "http://10.0.0.5:8998"
        assert world.spent == 0.5 + 1 + 2 + 4 + 8 + 10 + 10 + 10

    @pytest.mark.parametrize("minutes", [0, 13])
    def test_throttling_is_given_up_a_minute_after_the_wait(self, minutes: int) -> None:
        world = World(failures={"DescribeCluster": refused("ThrottlingException")})

        refusal = refusal_of(world, WaitMinutes=str(minutes))

        assert refusal.code == "aws-unavailable"
        assert "AWS did not answer DescribeCluster in time" in str(refusal)
        assert 60 * minutes + 50 <= world.spent <= 60 * minutes + 60

    def test_pages_that_each_take_long_are_given_up_in_time(self) -> None:
        clusters = [cluster(Id=f"j-OTHER{number}", Name="other") for number in range(90)]
        world = World(clusters=clusters, page_size=1, seconds_a_call=19)

        assert refusal_of(world, WaitMinutes="0", **BY_NAME).code == "aws-unavailable"
        assert world.spent <= 60 + 19

    def test_a_page_in_the_middle_that_fails_in_passing_is_asked_for_again(self) -> None:
        nodes = [instance(number) for number in (7, 6, 5)]
        world = World(instances={CLUSTER_ID: nodes}, page_size=1)
        call, failures = world.call, [refused("InternalServerError", status=500)]

        def call_fails_at_the_second_page(operation: str, arguments: Any) -> Any:
            if arguments.get("Marker") == "1" and failures:
                raise failures.pop()
            return call(operation, arguments)

        world.call = call_fails_at_the_second_page  # type: ignore[method-assign]

        assert find(world)["LivyUrl"] == "http://10.0.0.5:8998"
        assert failures == []

    def test_pages_without_end_are_refused(self) -> None:
        page = {"Instances": [], "Marker": "again"}
        world = World(lies={"ListInstances": page})

        refusal = refusal_of(world)

        assert refusal.code == "answer-endless"
        assert "AWS's answer to ListInstances has more than 100 pages." in str(refusal)
        assert world.operations.count("ListInstances") == 100


class TestPropagation:
    @pytest.mark.parametrize(
        "operation", ["ListClusters", "GetResources", "DescribeCluster", "ListInstances"]
    )
    def test_a_permission_that_was_just_granted_is_waited_for(self, operation: str) -> None:
        denied = refused("AccessDeniedException")
        world = World(clusters=[cluster(Tags=TEAM)], failures={operation: [denied] * 7})

        assert find(world, WaitMinutes="0", **BY_TAGS)["ClusterId"] == CLUSTER_ID

    def test_one_that_never_comes_is_refused_after_a_minute(self) -> None:
        world = World(failures={"DescribeCluster": refused("AccessDeniedException")})

        assert refusal_of(world, WaitMinutes="13").code == "access-denied"
        assert 50 <= world.spent <= 60

    def test_where_nothing_is_waited_for_it_is_refused_at_once(self) -> None:
        world = World(failures={"DescribeCluster": refused("AccessDeniedException")})

        with pytest.raises(Refusal, match="access-denied"):
            find(world, propagation_seconds=0)
        assert world.spent == 0


class TestConfiguration:
    def test_the_port_is_the_clusters_livy_conf_s(self) -> None:
        world = World(clusters=[cluster(Configurations=livy_conf(livy_server_port="9000"))])

        assert find(world)["LivyUrl"] == "http://10.0.0.5:9000"

    def test_without_one_it_is_the_settings(self) -> None:
        found = find(World(), Port="9443", OpenedPort="9443")

        assert found["LivyUrl"] == "http://10.0.0.5:9443"

    def test_one_that_no_rule_opens_is_refused_and_its_advice_helps(self) -> None:
        world = World(clusters=[cluster(Configurations=livy_conf(livy_server_port="9000"))])

        refusal = refusal_of(world, OpenedPort="8998")

        assert refusal.code == "port-closed"
        assert f"Livy of cluster {CLUSTER_ID} listens on port 9000" in str(refusal)
        assert "set the cluster's port to 9000." in str(refusal)
        advised = find(world, Port="9000", OpenedPort="9000")
        assert advised["LivyUrl"] == "http://10.0.0.5:9000"

    @pytest.mark.parametrize("page_size", [1, 50])
    def test_the_primarys_own_group_overrides(self, page_size: int) -> None:
        conf = livy_conf(livy_server_port="9000", livy_keystore="/k")
        own = livy_conf(livy_server_port="9001")
        groups = [
            {"InstanceGroupType": "CORE", "Configurations": livy_conf(livy_server_port="1")},
            {"InstanceGroupType": "MASTER", "Configurations": own},
        ]
        world = World(
            clusters=[cluster(Configurations=conf)],
            groups={CLUSTER_ID: groups},
            page_size=page_size,
        )

        found = find(world, TrustIsGiven="true")

        assert found["LivyUrl"] == "https://ip-10-0-0-5.eu-west-1.compute.internal:9001"
        assert ("ListInstanceGroups", {"ClusterId": CLUSTER_ID}) in world.requests

    def test_it_does_not_where_the_settings_decline(self) -> None:
        own = {"InstanceGroupType": "MASTER", "Configurations": livy_conf(livy_server_port="9001")}
        world = World(groups={CLUSTER_ID: [own]})

        found = find(world, ReadGroupConfigurations="false")

        assert found["LivyUrl"] == "http://10.0.0.5:8998"

    @pytest.mark.parametrize(
        ("kind", "port"), [("m5.large", 9001), ("m5.xlarge", 9002), ("m5.2xlarge", 8998)]
    )
    def test_a_fleets_own_overrides_by_the_type_that_the_primary_is(
        self, kind: str, port: int
    ) -> None:
        world = fleet()
        world.instances[CLUSTER_ID][0]["InstanceType"] = kind
        types = [
            {"InstanceType": "m5.large", "Configurations": livy_conf(livy_server_port="9001")},
            {"InstanceType": "m5.xlarge", "Configurations": livy_conf(livy_server_port="9002")},
        ]
        world.groups[CLUSTER_ID] = [
            {"InstanceFleetType": "MASTER", "InstanceTypeSpecifications": types}
        ]

        found = find(world)

        assert found["LivyUrl"] == f"http://10.0.0.5:{port}"
        assert "ListInstanceFleets" in world.operations

    def test_a_login_of_the_primarys_own_group_is_refused(self) -> None:
        own = {"InstanceGroupType": "MASTER", "Configurations": LDAP_CONF}
        world = World(groups={CLUSTER_ID: [own]})

        assert refusal_of(world).code == "login-ldap"

    def test_a_login_is_refused_before_the_nodes_are_asked_for(self) -> None:
        conf = livy_conf(livy_server_auth_type="ldap")
        world = World(clusters=[cluster(Configurations=conf)])

        assert refusal_of(world).code == "login-ldap"
        assert world.operations == ["DescribeCluster"]

    def test_one_by_its_tags_without_livy_is_to_be_made_anew_with_those_tags(self) -> None:
        world = World(clusters=[cluster(Applications=[], Tags=TEAM)])

        refusal = refusal_of(world, **BY_TAGS)

        assert refusal.code == "livy-missing"
        assert "and with the tags team=risk, and terminate this one." in str(refusal)

    def test_a_cluster_without_livy_is_refused_before_the_nodes_are_asked_for(self) -> None:
        world = World(clusters=[cluster(Applications=[{"Name": "Spark", "Version": "3.5.5"}])])

        assert refusal_of(world).code == "livy-missing"
        assert world.operations == ["DescribeCluster"]


class TestSecurityConfiguration:
    def world(self, document: str = ENCRYPTED) -> World:
        return World(
            clusters=[cluster(SecurityConfiguration="strict")], security={"strict": document}
        )

    def test_it_decides_about_tls_where_the_settings_let_it_be_read(self) -> None:
        world = self.world()

        found = find(world, Scheme="detect", TrustIsGiven="true")

        assert found["LivyUrl"] == "https://ip-10-0-0-5.eu-west-1.compute.internal:8998"
        assert world.requests[3] == ("DescribeSecurityConfiguration", {"Name": "strict"})

    def test_where_they_do_not_the_cluster_is_refused(self) -> None:
        world = self.world()

        refusal = refusal_of(world, TrustIsGiven="true")

        assert refusal.code == "security-configuration-unread"
        assert f"Cluster {CLUSTER_ID} has the security configuration 'strict'" in str(refusal)
        assert "DescribeSecurityConfiguration" not in world.operations

    @pytest.mark.parametrize(
        ("scheme", "url"),
        [
            ("http", "http://10.0.0.5:8998"),
            ("https", "https://ip-10-0-0-5.eu-west-1.compute.internal:8998"),
        ],
    )
    def test_where_they_force_the_scheme_it_is_not_read(self, scheme: str, url: str) -> None:
        world = self.world()

        assert find(world, Scheme=scheme, TrustIsGiven="true")["LivyUrl"] == url
        assert world.operations == ["DescribeCluster", "ListInstances", "ListInstanceGroups"]

    def test_without_one_nothing_is_read(self) -> None:
        world = World()

        assert find(world, Scheme="detect")["LivyUrl"] == "http://10.0.0.5:8998"
        assert world.operations == ["DescribeCluster", "ListInstances", "ListInstanceGroups"]

    def test_one_that_asks_for_a_login_is_refused(self) -> None:
        runtime_roles = {"IAMConfiguration": {"EnableApplicationScopedIAMRole": True}}
        world = self.world(json.dumps({"AuthorizationConfiguration": runtime_roles}))

        refusal = refusal_of(world, Scheme="detect")

        assert refusal.code == "login-runtime-roles"
        assert CLUSTER_ID in str(refusal)

    def test_one_that_is_gone_is_refused_with_emrs_words(self) -> None:
        refusal = refusal_of(
            World(clusters=[cluster(SecurityConfiguration="lost")]), Scheme="detect"
        )

        assert refusal.code == "aws-call-failed"
        assert "'lost' does not exist." in str(refusal)


class TestRefusals:
    def test_an_unknown_id_is_refused_with_id_and_region(self) -> None:
        refusal = refusal_of(World(clusters=[]))

        assert refusal.code == "cluster-unknown"
        assert f"EMR knows no cluster {CLUSTER_ID} in {REGION}" in str(refusal)

    @pytest.mark.parametrize("operation", ["DescribeCluster", "ListInstances"])
    def test_denied_access_names_the_action_and_the_clusters_arn(self, operation: str) -> None:
        refusal = refusal_of(World(failures={operation: refused("AccessDeniedException")}))

        assert refusal.code == "access-denied"
        assert f"elasticmapreduce:{operation} on {cluster_arn()}." in str(refusal)

    def test_an_answer_about_another_cluster_is_refused(self) -> None:
        world = World(lies={"DescribeCluster": {"Cluster": cluster(Id="j-OTHER")}})

        refusal = refusal_of(world)

        assert refusal.code == "answer-unfit"
        said = f"AWS answered DescribeCluster with 'j-OTHER' for Id, which is not {CLUSTER_ID}."
        assert said in str(refusal)

    @pytest.mark.parametrize(
        ("operation", "resource"),
        [
            ("ListInstanceGroups", cluster_arn()),
            ("DescribeSecurityConfiguration", "*"),
        ],
    )
    def test_a_denied_further_look_names_the_action_and_its_resource(
        self, operation: str, resource: str
    ) -> None:
        world = World(
            clusters=[cluster(SecurityConfiguration="strict")],
            security={"strict": "{}"},
            failures={operation: refused("AccessDeniedException")},
        )

        refusal = refusal_of(world, Scheme="detect")

        assert refusal.code == "access-denied"
        assert f"elasticmapreduce:{operation} on {resource}." in str(refusal)

    def test_an_address_that_is_none_is_in_no_log_line(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        hostile = instance(PrivateIpAddress="10.0.0.5\nSTATE: live")

        with caplog.at_level(logging.DEBUG):
            refusal = refusal_of(World(instances={CLUSTER_ID: [hostile]}))

        assert refusal.code == "primary-address-unfit"
        assert "STATE" not in caplog.text


class TestHuge:
    def test_200_kilobytes_of_configurations_do_not_hide_livys(self) -> None:
        others = [
            {"Classification": f"c{number}", "Properties": {"p": "v" * 100}}
            for number in range(2000)
        ]
        own = livy_conf(livy_server_port="9000")
        world = World(clusters=[cluster(Configurations=[*others, *own, *others])])

        assert len(json.dumps(others)) > 200_000
        assert find(world)["LivyUrl"] == "http://10.0.0.5:9000"

    @pytest.mark.parametrize(
        "changes",
        [
            {"Status": status("TERMINATED", Message="é" * 200_000)},
            {"Status": {"State": "x" * 200_000}},
            {"Applications": [{"Name": "\x1b[2Jé" * 20, "Version": "1"}] * 2000},
            {"Configurations": livy_conf(livy_server_auth_type="x" * 200_000)},
            {"Configurations": livy_conf(livy_server_port="x" * 200_000)},
            {"SecurityConfiguration": "x" * 200_000},
        ],
        ids=lambda changes: ", ".join(changes),
    )
    def test_what_is_refused_fits_into_cloudformations_answer(
        self, changes: dict[str, Any]
    ) -> None:
        said = str(refusal_of(World(lies={"DescribeCluster": {"Cluster": cluster(**changes)}})))

        assert len(said.encode()) < 2500
        assert said.isprintable()
        assert " Next: " in said

    @pytest.mark.parametrize("selector", [BY_NAME, {"ClusterId": None, "ClusterName": "absent"}])
    def test_so_does_what_lists_500_clusters(self, selector: dict[str, Any]) -> None:
        listed = [cluster(Id=f"j-{number:013d}") for number in range(250)]
        listed += [cluster(Id=f"j-B{number:012d}", Name=f"é-{number}") for number in range(250)]

        refusal = refusal_of(World(clusters=listed), **selector)

        assert refusal.code in ("cluster-several", "cluster-none")
        assert len(str(refusal).encode()) < 2500
        assert re.search(r" and \d+ more\. Next: ", str(refusal))
