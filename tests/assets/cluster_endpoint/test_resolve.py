"""Tests resolve.py: decisions about a cluster, from EMR's answers alone."""

import datetime
from typing import Any

import pytest

from cluster_endpoint import resolve
from cluster_endpoint.livy import LivyPreferences
from refusal import Refusal
from tests.assets.cluster_endpoint.emr_records import (
    CLUSTER_ID,
    cluster,
    instance,
    livy_conf,
    status,
)

OTHER_ID = "j-OTHER"
ENCRYPTED = {"EncryptionConfiguration": {"EnableInTransitEncryption": True}}


def endpoint(
    node: dict[str, Any], *, port: int = 8998, tls: bool = False, **changes: Any
) -> resolve.Endpoint:
    return resolve.endpoint(cluster(**changes), node, port=port, tls=tls)


class TestState:
    @pytest.mark.parametrize(
        ("state", "waits"),
        [("STARTING", True), ("BOOTSTRAPPING", True), ("RUNNING", False), ("WAITING", False)],
    )
    def test_a_cluster_is_waited_for_only_while_it_starts(self, state: str, waits: bool) -> None:
        assert resolve.is_starting(cluster(Status=status(state)), "") is waits

    @pytest.mark.parametrize("state", ["TERMINATING", "TERMINATED", "TERMINATED_WITH_ERRORS"])
    @pytest.mark.parametrize(
        ("reason", "said"),
        [
            ({"Code": "USER_REQUEST", "Message": "By the user."}, "USER_REQUEST: By the user"),
            ({"Code": "USER_REQUEST"}, "USER_REQUEST"),
            ({"Message": "By user X"}, "By user X"),
            ({}, "EMR gives no reason"),
        ],
    )
    def test_an_ended_cluster_is_refused_with_its_state_and_emrs_own_reason(
        self, state: str, reason: dict[str, str], said: str
    ) -> None:
        ended = cluster(Status=status(state, **reason))

        with pytest.raises(Refusal) as refusal:
            resolve.is_starting(ended, "")

        assert refusal.value.code == "cluster-ended"
        assert f"Cluster {CLUSTER_ID} is {state}: {said}. Next:" in str(refusal.value)

    @pytest.mark.parametrize(
        ("given", "shown"), [({"State": "SLEEPING"}, "SLEEPING"), ({}, ""), (None, ""), ("x", "")]
    )
    def test_a_state_that_the_api_does_not_list_is_refused(self, given: Any, shown: str) -> None:
        with pytest.raises(Refusal) as refusal:
            resolve.is_starting(cluster(Status=given), "")

        assert refusal.value.code == "cluster-state-unknown"
        assert f"Cluster {CLUSTER_ID} is in a state that EMR's API does not list: {shown!r}." in (
            str(refusal.value)
        )

    def test_clusters_are_listed_in_every_state_from_which_notebooks_can_be_served(self) -> None:
        assert {"STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING"} == resolve.ACTIVE_STATES


class TestChoice:
    def test_one_fitting_cluster_is_chosen(self) -> None:
        active = [cluster(), cluster(Id=OTHER_ID)]

        assert resolve.choose_cluster("name 'a'", [cluster()], active) == CLUSTER_ID

    def test_a_cluster_that_stands_on_two_pages_is_one(self) -> None:
        assert resolve.choose_cluster("name 'a'", [cluster(), cluster()], []) == CLUSTER_ID

    def test_several_are_refused_with_id_state_and_creation_time_of_each(self) -> None:
        later = datetime.datetime(2026, 7, 8, 9, 10, tzinfo=datetime.UTC)
        starting = {"State": "STARTING", "Timeline": {"CreationDateTime": later}}
        found = [cluster(Id=OTHER_ID, Status=starting), cluster()]

        with pytest.raises(Refusal) as refusal:
            resolve.choose_cluster("name 'a'", found, found)

        assert refusal.value.code == "cluster-several"
        assert (
            f"2 active clusters have the name 'a': {CLUSTER_ID} (WAITING, created 2026-01-02 03:04 "
            f"UTC), {OTHER_ID} (STARTING, created 2026-07-08 09:10 UTC)."
        ) in str(refusal.value)

    @pytest.mark.parametrize("timeline", [{}, None, {"CreationDateTime": "yesterday"}])
    def test_a_creation_time_that_emr_does_not_give_is_a_question_mark(self, timeline: Any) -> None:
        odd = cluster(Id=OTHER_ID, Status={"State": "WAITING", "Timeline": timeline})

        with pytest.raises(Refusal, match=r"j-OTHER \(WAITING, created \?\)"):
            resolve.choose_cluster("name 'a'", [cluster(), odd], [])

    def test_none_is_refused_with_the_names_of_the_active_ones(self) -> None:
        active = [cluster(Name="b"), cluster(Name="a"), cluster(Name="b")]

        with pytest.raises(Refusal) as refusal:
            resolve.choose_cluster("tags team=risk", [], active)

        assert refusal.value.code == "cluster-none"
        said = "No active cluster has the tags team=risk; active clusters are named: a, b."
        assert said in str(refusal.value)

    def test_none_among_none_says_so(self) -> None:
        with pytest.raises(Refusal, match="active clusters are named: none"):
            resolve.choose_cluster("name 'a'", [], [])

    @pytest.mark.parametrize("cluster_id", [None, "", "j-1;reboot", ["j-2AXXXXXXGAPLF"]])
    def test_an_id_that_is_none_is_refused(self, cluster_id: Any) -> None:
        with pytest.raises(Refusal, match="answer-unfit") as refusal:
            resolve.choose_cluster("name 'a'", [cluster(Id=cluster_id)], [])

        said = (
            f"AWS answered ListClusters with {str(cluster_id)!r} for Id, which is not a cluster's"
        )
        assert said in str(refusal.value)


class TestApplications:
    @pytest.mark.parametrize("missing", ["Livy", "Spark"])
    def test_a_missing_one_is_named_with_those_that_are_there(self, missing: str) -> None:
        there = [app for app in cluster()["Applications"] if app["Name"] != missing]

        with pytest.raises(Refusal) as refusal:
            resolve.require_applications(cluster(Applications=there), "")

        assert refusal.value.code == f"{missing.lower()}-missing"
        names = ", ".join(sorted(app["Name"] for app in there))
        said = f"Cluster {CLUSTER_ID} has no {missing}; its applications are {names}."
        assert said in str(refusal.value)

    @pytest.mark.parametrize("listed", [None, [], "Livy", 5, {"Livy": "0.8.0"}, ["Livy"]])
    def test_a_list_without_applications_has_none(self, listed: Any) -> None:
        with pytest.raises(Refusal, match=r"livy-missing.*its applications are none\."):
            resolve.require_applications(cluster(Applications=listed), "")

    @pytest.mark.parametrize(
        ("livy", "spark"), [("Livy", "Spark"), ("LIVY", "spark"), ("livy", "SPARK")]
    )
    def test_they_are_found_in_any_letter_case(self, livy: str, spark: str) -> None:
        listed = [{"Name": livy, "Version": "0.8.0"}, {"Name": spark, "Version": "3.5.5"}, "odd"]

        assert resolve.application_versions(cluster(Applications=listed)) == {
            "livy": "0.8.0",
            "spark": "3.5.5",
        }

    @pytest.mark.parametrize("version", [{}, {"Version": None}])
    def test_one_without_a_version_has_an_empty_one(self, version: dict[str, Any]) -> None:
        listed = [{"Name": "Livy", **version}, {"Name": "Spark", "Version": "3.5.5"}]
        listed.append({"Version": "1"})

        assert resolve.application_versions(cluster(Applications=listed)) == {
            "livy": "",
            "spark": "3.5.5",
            "": "1",
        }


class TestFilter:
    @pytest.mark.parametrize(
        ("kind", "wanted"),
        [
            ("INSTANCE_GROUP", {"InstanceGroupTypes": ["MASTER"]}),
            (None, {"InstanceGroupTypes": ["MASTER"]}),
            ("INSTANCE_FLEET", {"InstanceFleetType": "MASTER"}),
        ],
    )
    def test_running_primaries_are_asked_for_by_the_clusters_own_kind(
        self, kind: str | None, wanted: dict[str, Any]
    ) -> None:
        asked = resolve.primary_filter(cluster(InstanceCollectionType=kind))

        assert asked == {**wanted, "InstanceStates": ["RUNNING"]}


class TestPrimaries:
    def test_one_that_is_not_running_is_no_primary(self) -> None:
        dead = [instance(4, "TERMINATED"), instance(5, "BOOTSTRAPPING"), instance(6, Status=None)]

        with pytest.raises(Refusal) as refusal:
            resolve.primary(cluster(), dead)

        assert refusal.value.code == "primary-not-running"
        ids = [node["Ec2InstanceId"] for node in dead]
        seen = f"{ids[0]} TERMINATED, {ids[1]} BOOTSTRAPPING, {ids[2]} ."
        said = f"Cluster {CLUSTER_ID} has no running primary node; EMR lists {seen}"
        assert said in str(refusal.value)

    def test_no_instance_at_all_is_refused(self) -> None:
        with pytest.raises(Refusal, match=r"primary-not-running.*lists none\."):
            resolve.primary(cluster(), [])

    @pytest.mark.parametrize("kind", ["PrivateDnsName", "PublicDnsName"])
    @pytest.mark.parametrize("order", [(4, 9, 5), (9, 5, 4), (5, 4, 9)])
    def test_it_is_the_one_that_the_cluster_names(self, kind: str, order: tuple[int, ...]) -> None:
        nodes = {number: instance(number) for number in order}
        nodes[9][kind] = "primary.example.com"

        found = resolve.primary(
            cluster(MasterPublicDnsName="primary.example.com"), list(nodes.values())
        )

        assert found == nodes[9]

    @pytest.mark.parametrize("named", ["", None, "gone.example.com"])
    def test_when_the_cluster_names_none_of_them_it_is_the_first_by_address(
        self, named: str | None
    ) -> None:
        # A node in a private subnet has an empty public name, or none.
        nodes = [instance(6, PublicDnsName=""), instance(5, PublicDnsName="")]

        found = resolve.primary(cluster(MasterPublicDnsName=named), nodes)

        assert found["PrivateIpAddress"] == "10.0.0.5"

    @pytest.mark.parametrize(
        ("named", "own"),
        [
            ("ip-10-0-0-9.corp.example", "ip-10-0-0-9.corp.example other.example"),
            ("ip-10-0-0-9.corp.example other.example", "ip-10-0-0-9.corp.example"),
            ("ip-10-0-0-9.Corp.Example", "IP-10-0-0-9.corp.example."),
        ],
    )
    def test_names_are_compared_as_name_servers_do(self, named: str, own: str) -> None:
        nodes = [instance(4), instance(9, PrivateDnsName=own), instance(5)]

        found = resolve.primary(cluster(MasterPublicDnsName=named), nodes)

        assert found == nodes[1]

    def test_names_that_cannot_be_read_are_no_match(self) -> None:
        nodes = [instance(6, PrivateDnsName=None), instance(5, PrivateDnsName=" ")]

        assert resolve.primary(cluster(MasterPublicDnsName="."), nodes) == nodes[1]

    @pytest.mark.parametrize(
        "listed",
        [
            [instance(5), instance(6), instance(7), instance(8)],
            [instance(5), instance(5)],
            [instance(6), instance(5), instance(6), instance(5), instance(7)],
        ],
    )
    def test_four_or_one_twice_are_no_reason_to_refuse(self, listed: list[dict[str, Any]]) -> None:
        # While one of three is being replaced; and where a page begins anew between two calls.
        assert resolve.primary(cluster(), listed) == instance(5)

    def test_a_named_one_that_has_died_is_passed_over(self) -> None:
        nodes = [instance(5, "TERMINATED"), instance(6)]

        assert resolve.primary(cluster(), nodes) == instance(6)


class TestEndpoint:
    def test_http_goes_to_the_address(self) -> None:
        found = endpoint(instance(5), port=9000)

        assert found.outputs() == {
            "LivyUrl": "http://10.0.0.5:9000",
            "ClusterId": CLUSTER_ID,
            "ReleaseLabel": "emr-7.9.0",
            "SparkVersion": "3.5.5",
            "LivyVersion": "0.8.0",
        }

    def test_https_goes_to_the_name_which_the_certificate_holds(self) -> None:
        found = endpoint(instance(5), tls=True)

        assert found.livy_url == "https://ip-10-0-0-5.eu-west-1.compute.internal:8998"

    @pytest.mark.parametrize(
        ("said", "name"),
        [
            ("ip-10-0-0-5.one.example two.example", "ip-10-0-0-5.one.example"),
            ("IP-10-0-0-5.Corp.Example.COM.", "ip-10-0-0-5.corp.example.com"),
            ("primary", "primary"),
        ],
    )
    def test_a_name_as_option_sets_make_it_is_normalised(self, said: str, name: str) -> None:
        found = endpoint(instance(PrivateDnsName=said), tls=True)

        assert found.outputs()["LivyUrl"] == f"https://{name}:8998"

    @pytest.mark.parametrize(
        "value",
        [
            "10.0.0.5; reboot",
            "10.0.0.256",
            "10.0.0.5\n",
            "١٠.0.0.5",
            "10.0.0.٥",
            "ip-10-0-0-5.internal",
            "",
            None,
            ["10.0.0.5"],
        ],
    )
    def test_an_address_that_is_none_is_refused_where_the_url_needs_it(self, value: Any) -> None:
        hostile = instance(PrivateIpAddress=value)

        with pytest.raises(Refusal) as refusal:
            endpoint(hostile)
        assert refusal.value.code == "primary-address-unfit"
        said = f"gives {value!r} as the private address of cluster {CLUSTER_ID}'s primary"
        assert said in str(refusal.value)
        assert endpoint(hostile, tls=True) == endpoint(instance(), tls=True)

    @pytest.mark.parametrize(
        "value",
        [
            "$(reboot).internal",
            "a'b.internal",
            f"{'a' * 64}.internal",
            "a`id`.internal",
            "ip_10.corp_internal",
            "10.0.0.5",
            f"{'a.' * 127}bc",
            "",
            None,
        ],
    )
    def test_a_name_that_no_url_can_hold_is_refused_only_where_the_url_needs_it(
        self, value: Any
    ) -> None:
        hostile = instance(PrivateDnsName=value)

        with pytest.raises(Refusal) as refusal:
            endpoint(hostile, tls=True)
        assert refusal.value.code == "primary-name-unfit"
        assert f"{CLUSTER_ID} uses TLS" in str(refusal.value)
        assert repr(value)[:80] in str(refusal.value)
        assert "domain-name in the DHCP option set" in str(refusal.value)
        assert endpoint(hostile) == endpoint(instance())

    @pytest.mark.parametrize(
        ("said", "shown"),
        [
            ("emr-spark-8.1.0", "emr-spark-8.1.0"),
            ("emr-7.9.0-custom_2+a", "emr-7.9.0-custom_2+a"),
            ("EMR-7.9.0", "EMR-7.9.0"),
            (" emr-7.9.0\n", "emr-7.9.0"),
            ("7.9.0", "7.9.0"),
            ("", "unknown"),
            ("emr-7.9.0`id`", "unknown"),
            ("emr-" + "9" * 61, "unknown"),
            ("emr-٧", "unknown"),
            (None, "unknown"),
            (["emr-7.9.0"], "unknown"),
        ],
    )
    def test_what_is_only_shown_is_normalised_or_unknown_and_refuses_nothing(
        self, said: Any, shown: str
    ) -> None:
        applications = [{"Name": name, "Version": said} for name in ("Livy", "Spark")]

        found = endpoint(instance(), ReleaseLabel=said, Applications=applications).outputs()

        assert found["LivyUrl"] == "http://10.0.0.5:8998"
        assert found["ReleaseLabel"] == found["SparkVersion"] == found["LivyVersion"] == shown

    def test_a_cluster_without_a_release_label_is_not_refused(self) -> None:
        partial = {field: value for field, value in cluster().items() if field != "ReleaseLabel"}

        found = resolve.endpoint(partial, instance(), port=8998, tls=False).outputs()

        assert found["ReleaseLabel"] == "unknown"

    def test_a_missing_id_is_refused_as_empty(self) -> None:
        partial = {field: value for field, value in cluster().items() if field != "Id"}

        with pytest.raises(Refusal, match="'' of ClusterId, which"):
            resolve.endpoint(partial, instance(), port=8998, tls=False).outputs()


class TestScheme:
    @pytest.mark.parametrize(
        ("scheme", "conf", "security", "https"),
        [
            (None, {}, None, False),
            (None, {"livy.keystore": "/etc/livy.jks"}, None, True),
            ("detect", {}, None, False),
            ("detect", {"livy.keystore": "/etc/livy.jks"}, None, True),
            ("detect", {}, ENCRYPTED, True),
            ("http", {"livy.keystore": "/etc/livy.jks"}, ENCRYPTED, False),
            ("https", {}, None, True),
        ],
    )
    def test_settings_force_it_and_else_the_cluster_decides(
        self, scheme: str | None, conf: dict[str, str], security: Any, https: bool
    ) -> None:
        preferences = LivyPreferences(scheme=scheme, trust_is_given=True)

        assert resolve.uses_https(cluster(), conf, security, preferences) is https

    @pytest.mark.parametrize("scheme", [None, "detect", "https"])
    def test_tls_without_anybody_to_trust_is_refused(self, scheme: str | None) -> None:
        conf = livy_conf(livy_keystore="/etc/livy.jks")[0]["Properties"]

        with pytest.raises(Refusal, match=f"tls-trust-missing.*{CLUSTER_ID} uses TLS"):
            resolve.uses_https(cluster(), conf, None, LivyPreferences(scheme=scheme))

    def test_http_needs_nobody_to_trust(self) -> None:
        assert resolve.uses_https(cluster(), {}, None, LivyPreferences(scheme="http")) is False
