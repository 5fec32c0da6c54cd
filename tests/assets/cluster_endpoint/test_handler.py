"""Tests cluster_endpoint/handler.py: CloudFormation's requests, and what no log line holds."""

import json
import logging
import re
from functools import partial
from typing import Any

import pytest

from cluster_endpoint import last_value, output_formats
from cluster_endpoint.handler import CLUSTER_GONE_CODES
from refusal import Refusal
from tests.assets.cluster_endpoint.emr_records import (
    BEFORE,
    CLUSTER_ID,
    FORMER,
    RESPONSE_URL,
    STACK_ID,
    cluster,
    event,
    instance,
    refused,
    status,
)
from tests.assets.cluster_endpoint.emr_world import World
from tests.assets.cluster_endpoint.test_impersonation import HADOOP, LIVY

PHYSICAL_ID = "cluster-endpoint-analytics"
LIVE = {
    "LivyUrl": "http://10.0.0.5:8998",
    "ClusterId": CLUSTER_ID,
    "ReleaseLabel": "emr-7.9.0",
    "SparkVersion": "3.5.5",
    "LivyVersion": "0.8.0",
}
ROLLING_BACK = ["UPDATE_ROLLBACK_IN_PROGRESS", "ROLLBACK_IN_PROGRESS"]
GONE = {
    "forgotten": [],
    "terminated": [cluster(Status=status("TERMINATED"))],
    "terminating": [cluster(Status=status("TERMINATING"))],
}


def update(old: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """An update of these properties, from `old` ones, or from the same."""
    asked = event("Update", LastValueOutput="LastValue", **changes)
    before = event(**(changes if old is None else old))["ResourceProperties"]
    return {**asked, "OldResourceProperties": before}


class TestCreateAndUpdate:
    @pytest.mark.parametrize("asked", [event("Create"), update()], ids=["Create", "Update"])
    def test_they_answer_where_livy_is(self, asked: dict[str, Any]) -> None:
        result = World().answer(asked)

        value = result["Data"].pop("Value")
        assert result == {"PhysicalResourceId": PHYSICAL_ID, "Data": {**LIVE, "State": "live"}}
        assert json.loads(value) == LIVE

    @pytest.mark.parametrize("make", [partial(event, "Create"), update])
    def test_they_say_that_proxy_user_does_nothing(self, make: Any) -> None:
        data = World().data(make(HasProxyUser="true"))

        assert data.pop("State").startswith("live; spark.proxyUser: no livy-conf of ")
        assert json.loads(data.pop("Value")) == data == LIVE

    def test_the_primarys_own_group_may_set_what_proxy_user_needs(self) -> None:
        own = [
            {"Classification": "livy-conf", "Properties": LIVY},
            {"Classification": "core-site", "Properties": HADOOP},
        ]
        groups = [{"InstanceGroupType": "MASTER", "Configurations": own}]
        world = World(groups={CLUSTER_ID: groups})

        assert world.data(event(HasProxyUser="true"))["State"] == "live"
        assert world.operations.count("ListInstanceGroups") == 1

    def test_another_cluster_under_the_same_key_keeps_the_physical_id(self) -> None:
        other = World(clusters=[cluster(Id="j-OTHER")], instances={"j-OTHER": [instance()]})

        result = other.answer(update(old={}, ClusterId="j-OTHER"))

        assert result["Data"]["ClusterId"] == "j-OTHER"
        assert result["PhysicalResourceId"] == PHYSICAL_ID

    def test_an_update_keeps_whatever_physical_id_there_is(self) -> None:
        asked = {**update(), "PhysicalResourceId": "of-an-older-app"}

        assert World().answer(asked)["PhysicalResourceId"] == "of-an-older-app"

    def test_what_an_update_answers_is_what_a_later_one_finds(self) -> None:
        first = World().data(event())
        world = World(clusters=[])
        world.stack["Outputs"] = [{"OutputKey": "LastValue", "OutputValue": first["Value"]}]

        later = world.data(update())

        assert later == {**first, "State": "gone"}

    def test_a_create_does_not_ask_for_the_stack(self) -> None:
        world = World()

        world.answer(event())

        assert "DescribeStacks" not in world.operations

    def test_a_partitions_own_arns_are_named(self) -> None:
        world = World(failures={"DescribeCluster": refused("AccessDeniedException")})

        with pytest.raises(Refusal, match="on arn:aws:elasticmapreduce:eu-west-1:111122223333:"):
            world.answer(event())

    def test_the_answer_stays_under_cloudformations_4096_bytes(self) -> None:
        name = ".".join(["a" * 63, "b" * 63, "c" * 63, "d" * 61])
        nodes = [instance(n, PrivateDnsName=name) for n in (5, 6, 7)]
        long = cluster(
            ReleaseLabel="emr-" + "7" * 60,
            Applications=[{"Name": n, "Version": "0" * 64} for n in ("Livy", "Spark")],
        )

        result = World(clusters=[long], instances={CLUSTER_ID: nodes}).answer(
            event(Scheme="https", TrustIsGiven="true")
        )

        envelope = {
            "Status": "SUCCESS",
            "Reason": "SUCCESS",
            "StackId": STACK_ID + "x" * (128 + 36),
            "RequestId": "x" * 36,
            "LogicalResourceId": "x" * 64,
            "NoEcho": False,
        }
        assert len(json.dumps({**envelope, **result}).encode()) < 4096


class TestDelete:
    @pytest.mark.parametrize(
        "asked",
        [event("Delete"), {"RequestType": "Delete", "PhysicalResourceId": PHYSICAL_ID}],
        ids=["as created", "of anything else"],
    )
    def test_it_asks_nobody_and_answers_the_id_it_was_given(self, asked: dict[str, Any]) -> None:
        world = World(failures={"DescribeCluster": refused("AccessDenied")}, clusters=[])

        assert world.answer(asked) == {"PhysicalResourceId": PHYSICAL_ID}
        assert world.requests == []


class TestRollback:
    @pytest.mark.parametrize("stack_status", ROLLING_BACK)
    @pytest.mark.parametrize("gone", GONE)
    def test_it_keeps_the_last_deployed_value_whatever_the_cluster_is(
        self, gone: str, stack_status: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        world = World(clusters=GONE[gone], stack={"StackStatus": stack_status})
        world.deployed(BEFORE)

        with caplog.at_level(logging.INFO):
            data = world.data(update())

        assert data == {**BEFORE, "State": "kept", "Value": last_value.as_output(BEFORE)}
        assert world.operations == ["DescribeStacks"]
        assert caplog.messages == [f"The stack rolls back: {PHYSICAL_ID} keeps its last value"]

    def test_of_an_earlier_versions_stack_it_keeps_what_is_used(self) -> None:
        world = World(clusters=[], stack={"StackStatus": ROLLING_BACK[0]})
        world.deployed({**BEFORE, **FORMER})

        data = world.data(update())

        assert data == {**BEFORE, "State": "kept", "Value": last_value.as_output(BEFORE)}

    @pytest.mark.parametrize("held", [None, {**BEFORE, "LivyUrl": "http://`id`:1"}])
    def test_without_a_last_value_it_answers_a_placeholder(
        self, held: dict[str, str] | None
    ) -> None:
        world = World(clusters=[], stack={"StackStatus": ROLLING_BACK[0]})
        if held:
            world.deployed(held)

        data = world.data(update())

        assert data.pop("State") == "kept"
        assert json.loads(data.pop("Value")) == data == last_value.PLACEHOLDER

    @pytest.mark.parametrize(
        "properties", [{}, {"WaitMinutes": "20"}, {"ClusterKey": "$(id)"}, {"LastValueOutput": []}]
    )
    def test_properties_of_an_older_app_do_not_fail_it(self, properties: dict[str, Any]) -> None:
        world = World(stack={"StackStatus": ROLLING_BACK[0]})

        result = world.answer({**event("Update"), "ResourceProperties": properties})

        assert result["PhysicalResourceId"] == PHYSICAL_ID
        assert result["Data"]["State"] == "kept"

    @pytest.mark.parametrize("failure", [refused("Throttling"), refused("", status=503)])
    def test_it_asks_for_the_stack_again_when_that_fails_in_passing(
        self, failure: Exception
    ) -> None:
        world = World(clusters=[], stack={"StackStatus": ROLLING_BACK[0]})
        world.failures["DescribeStacks"] = [failure] * 6

        assert world.data(update())["State"] == "kept"

    def test_a_forward_update_is_no_rollback(self) -> None:
        world = World(stack={"StackStatus": "UPDATE_IN_PROGRESS"})
        world.deployed(BEFORE)

        assert world.data(update())["LivyUrl"] == LIVE["LivyUrl"]


class TestRefresh:
    @pytest.mark.parametrize("gone", GONE)
    def test_of_a_vanished_cluster_it_answers_the_last_value_and_says_gone(
        self, gone: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        world = World(clusters=GONE[gone])
        world.deployed(BEFORE)

        data = world.data(update(old={"Refresh": "1"}, Refresh="2"))

        assert data == {**BEFORE, "State": "gone", "Value": last_value.as_output(BEFORE)}
        said = r"analytics: the last value is kept: \[cluster-(unknown|ended)\] .+ Next: .+\."
        assert re.fullmatch(said, caplog.messages[-1])

    def test_of_an_earlier_versions_stack_it_answers_what_is_used(self) -> None:
        world = World(clusters=[])
        world.deployed({**BEFORE, **FORMER})

        data = world.data(update(old={"Refresh": "1"}, Refresh="2"))

        assert data == {**BEFORE, "State": "gone", "Value": last_value.as_output(BEFORE)}

    @pytest.mark.parametrize(
        "selector", [{"ClusterName": "nightly-spark"}, {"ClusterTags": '{"team": "risk"}'}]
    )
    def test_a_name_or_tags_that_select_none_any_more_have_vanished(
        self, selector: dict[str, Any]
    ) -> None:
        world = World(clusters=[])
        world.deployed(BEFORE)

        assert world.data(update(ClusterId=None, **selector))["State"] == "gone"

    def test_tags_that_the_index_does_not_know_yet_have_not_vanished(self) -> None:
        # A cluster was replaced, and the deploy came sooner than the tag index.
        tags = [{"Key": "team", "Value": "risk"}]
        dead = cluster(Id="j-DEAD", Status=status("TERMINATED"), Tags=tags)
        world = World(clusters=[dead, cluster(Tags=tags)], indexed={CLUSTER_ID: 20})
        world.deployed(BEFORE)

        data = world.data(update(ClusterId=None, ClusterTags='{"team": "risk"}'))

        assert (data["State"], data["ClusterId"]) == ("live", CLUSTER_ID)

    def test_of_a_living_cluster_it_answers_what_is_found_now(self) -> None:
        world = World()
        world.deployed(BEFORE)

        assert world.data(update(old={"Refresh": "1"}, Refresh="2"))["State"] == "live"

    @pytest.mark.parametrize(
        "old",
        [{"ClusterId": "j-BEFORE"}, {"ClusterId": None, "ClusterName": "a"}, {"WaitMinutes": "x"}],
    )
    def test_a_changed_selector_of_a_vanished_cluster_is_refused(self, old: dict[str, Any]) -> None:
        world = World(clusters=[])
        world.deployed(BEFORE)

        with pytest.raises(Refusal, match="cluster-unknown"):
            world.answer(update(old=old))

    def test_without_old_properties_a_vanished_cluster_is_refused(self) -> None:
        world = World(clusters=[])
        world.deployed(BEFORE)

        with pytest.raises(Refusal, match="cluster-unknown"):
            world.answer(event("Update", LastValueOutput="LastValue"))

    def test_without_a_last_value_a_vanished_cluster_is_refused(self) -> None:
        with pytest.raises(Refusal, match="cluster-unknown"):
            World(clusters=[]).answer(update())

    def test_a_cluster_that_is_there_but_unfit_is_refused_all_the_same(self) -> None:
        world = World(clusters=[cluster(Applications=[])])
        world.deployed(BEFORE)

        with pytest.raises(Refusal, match="livy-missing"):
            world.answer(update())

    def test_a_denied_look_up_is_refused_all_the_same(self) -> None:
        world = World(failures={"DescribeCluster": refused("AccessDeniedException")})
        world.deployed(BEFORE)

        with pytest.raises(Refusal, match="access-denied"):
            world.answer(update())

    def test_only_what_says_that_a_cluster_is_not_there_counts_as_vanished(self) -> None:
        assert {"cluster-unknown", "cluster-ended", "cluster-none"} == CLUSTER_GONE_CODES


class TestStackUnknown:
    @pytest.fixture
    def denied(self) -> World:
        return World(failures={"DescribeStacks": refused("AccessDenied", status=403)})

    def test_an_update_looks_up_as_if_it_were_no_rollback(
        self, denied: World, caplog: pytest.LogCaptureFixture
    ) -> None:
        assert denied.data(update())["State"] == "live"
        assert "cloudformation:DescribeStacks" in caplog.text

    def test_a_vanished_cluster_is_then_refused(self, denied: World) -> None:
        denied.clusters = []

        with pytest.raises(Refusal, match="cluster-unknown"):
            denied.answer(update())

    def test_a_stack_that_never_answers_leaves_time_for_the_look_up(self) -> None:
        world = World(failures={"DescribeStacks": refused("Throttling")})

        assert world.data(update(WaitMinutes="0"))["State"] == "live"
        assert world.spent <= 60

    @pytest.mark.parametrize("minutes", ["0", "13"])
    def test_it_and_the_look_up_together_end_before_lambdas_15_minutes(self, minutes: str) -> None:
        world = World(
            failures={
                "DescribeStacks": refused("Throttling"),
                "DescribeCluster": refused("ThrottlingException"),
            },
            seconds_a_call=25,
        )

        with pytest.raises(Refusal, match="aws-unavailable"):
            world.answer(update(WaitMinutes=minutes))

        assert world.spent <= 60 * int(minutes) + 60 + 25 < 900


@pytest.mark.parametrize(
    ("world", "asked"),
    [
        (World(), event()),
        (World(), update()),
        (World(), event("Delete")),
        (World(clusters=[]), event()),
        (World(stack={"StackStatus": ROLLING_BACK[0]}), update()),
        (World(lies={"DescribeCluster": {"Cluster": RESPONSE_URL[:3]}}), event()),
        (World(), event(WaitMinutes="x")),
        (World(failures={"DescribeCluster": KeyError("x")}), event()),
    ],
)
def test_the_presigned_url_is_in_no_log_line_and_no_message(
    world: World, asked: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    try:
        said = str(world.answer(asked))
    except Refusal as refusal:
        said = str(refusal)

    assert "Signature" not in caplog.text + said


def test_the_attributes_are_those_of_the_formats() -> None:
    assert set(World().data(event())) == {*output_formats.FORMATS, "Value", "State"}


class TestAFollowedCluster:
    NAME = "analytics.emr-notebooks.internal"

    def test_notebooks_get_the_name_and_the_address_stands_beside_it(self) -> None:
        data = World().data(event(RecordName=self.NAME))

        assert data["NotebookUrl"] == f"http://{self.NAME}:8998"
        assert data["LivyUrl"] == "http://10.0.0.5:8998"

    @pytest.mark.parametrize(
        ("alias", "host", "state"),
        [
            (None, "ip-10-0-0-5.eu-west-1.compute.internal", "not followed: TLS"),
            ("true", NAME, "live"),
        ],
    )
    def test_with_tls_they_get_it_only_where_the_certificate_holds_it(
        self, alias: str | None, host: str, state: str
    ) -> None:
        more: Any = {"Scheme": "https", "TrustIsGiven": "true", "NamesAlias": alias}
        data = World().data(event(RecordName=self.NAME, **more))

        assert (data["NotebookUrl"], data["State"]) == (f"https://{host}:8998", state)

    def test_a_rollback_keeps_the_name_without_a_look(self) -> None:
        rolling: Any = {"StackStatus": "UPDATE_ROLLBACK_IN_PROGRESS"}
        world = World(clusters=[], stack=rolling)
        world.deployed(BEFORE)

        data = world.data(update(RecordName=self.NAME))

        assert (data["NotebookUrl"], data["State"]) == (f"http://{self.NAME}:8998", "kept")
        assert world.operations == ["DescribeStacks"]

    def test_one_that_exists_already_is_kept_without_a_cluster(self) -> None:
        world = World(clusters=[])
        world.deployed(BEFORE)

        assert world.data(update(RecordName=self.NAME))["State"] == "gone"

    def test_a_new_one_is_refused_without_a_cluster(self) -> None:
        with pytest.raises(Refusal, match="cluster-unknown"):
            World(clusters=[]).answer(event(RecordName=self.NAME))

    @pytest.mark.parametrize(
        "clusters", [[], [cluster(Status=status("STARTING"))]], ids=["none", "starting"]
    )
    def test_a_new_one_is_deployed_without_a_cluster_where_that_is_asked_for(
        self, clusters: list[Any]
    ) -> None:
        asked = event(RecordName=self.NAME, WhenAbsent="deploy", Port="9000")
        data = World(clusters=clusters).data(asked)

        assert data["NotebookUrl"] == f"http://{self.NAME}:9000"
        assert data["LivyUrl"] == "http://0.0.0.0:9000"
        assert data["State"] == "waiting for the cluster"

    def test_one_that_cannot_be_used_is_refused_all_the_same(self) -> None:
        no_livy = [cluster(Applications=[{"Name": "Spark", "Version": "3.5.5"}])]
        asked = event(RecordName=self.NAME, WhenAbsent="deploy")

        with pytest.raises(Refusal, match="livy-missing"):
            World(clusters=no_livy).answer(asked)
