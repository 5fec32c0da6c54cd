"""The Lambda's handler: CloudFormation's verbs, waits, retries, and what it never says."""

import logging
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError, ParamValidationError

from cluster_endpoint import handler
from cluster_endpoint.refusals import Refusal
from tests.emr_world import CLUSTER_ID, EmrWorld, cluster, instance, refused

CONTEXT = SimpleNamespace(
    invoked_function_arn="arn:aws:lambda:eu-west-1:111122223333:function:resolver"
)
RESPONSE_URL = "https://example.invalid/bucket?X-Amz-Signature=secret"


def event(verb: str = "Create", **changes: Any) -> dict[str, Any]:
    properties = {"ClusterKey": "analytics", "ClusterId": CLUSTER_ID, "WaitMinutes": "10"}
    return {
        "RequestType": verb,
        "ResponseURL": RESPONSE_URL,
        "StackId": "<StackId>",
        "RequestId": "<RequestId>",
        "LogicalResourceId": "<LogicalResourceId>",
        "PhysicalResourceId": "<PhysicalResourceId>",
        "ResourceProperties": {**properties, **changes},
    }


def answer(
    monkeypatch: pytest.MonkeyPatch, world: EmrWorld, asked: dict[str, Any]
) -> dict[str, Any]:
    monkeypatch.setattr(handler, "_outside", world.outside)
    return handler.on_event(asked, CONTEXT)


@pytest.mark.parametrize("verb", ["Create", "Update"])
def test_create_and_update_answer_where_livy_is(monkeypatch: pytest.MonkeyPatch, verb: str) -> None:
    result = answer(monkeypatch, EmrWorld(), event(verb))

    assert result == {
        "PhysicalResourceId": "cluster-endpoint-analytics",
        "Data": {
            "LivyUrl": "http://10.0.0.5:8998",
            "PrimaryIp": "10.0.0.5",
            "PrimaryDns": "ip-10-0-0-5.eu-west-1.compute.internal",
            "ClusterId": CLUSTER_ID,
            "ReleaseLabel": "emr-7.9.0",
            "SparkVersion": "3.5.5",
            "LivyVersion": "0.8.0",
        },
    }


def test_another_cluster_under_the_same_key_keeps_the_physical_id(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = answer(monkeypatch, EmrWorld(), event())
    other = EmrWorld(clusters=[cluster(Id="j-OTHER")])
    after = answer(monkeypatch, other, event("Update", ClusterId="j-OTHER"))

    assert before["PhysicalResourceId"] == after["PhysicalResourceId"]


def test_delete_asks_nobody_and_answers_the_id_it_was_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = EmrWorld()

    result = answer(monkeypatch, world, event("Delete"))

    assert result == {"PhysicalResourceId": "<PhysicalResourceId>"}
    assert world.requests == []


def test_a_usable_cluster_takes_two_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    world = EmrWorld()

    answer(monkeypatch, world, event())

    assert world.requests == [
        ("DescribeCluster", {"ClusterId": CLUSTER_ID}),
        (
            "ListInstances",
            {
                "ClusterId": CLUSTER_ID,
                "InstanceGroupTypes": ["MASTER"],
                "InstanceStates": ["RUNNING"],
            },
        ),
    ]


def test_an_instance_fleet_is_asked_for_by_its_own_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    world = EmrWorld(clusters=[cluster(InstanceCollectionType="INSTANCE_FLEET")])

    answer(monkeypatch, world, event())

    asked = world.requests[-1][1]
    assert asked["InstanceFleetType"] == "MASTER"
    assert "InstanceGroupTypes" not in asked


def test_a_primary_on_the_last_page_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    world = EmrWorld(pages=[[], [], [instance(7)]])

    result = answer(monkeypatch, world, event())

    assert result["Data"]["PrimaryIp"] == "10.0.0.7"


def test_pages_without_end_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    world = EmrWorld(pages=[[instance()] for _ in range(200)])

    with pytest.raises(Refusal, match="answer-unfit"):
        answer(monkeypatch, world, event())

    assert len(world.requests) == 101


def test_the_presigned_url_is_in_no_log_line(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    answer(monkeypatch, EmrWorld(), event())
    with pytest.raises(Refusal) as refusal:
        answer(monkeypatch, EmrWorld(pages=[[]]), event())

    assert "analytics" in caplog.text
    assert "Signature" not in caplog.text
    assert "Signature" not in str(refusal.value)


class TestWaiting:
    def test_a_starting_cluster_is_waited_for(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        starting = [cluster(Status={"State": state}) for state in ("STARTING", "BOOTSTRAPPING")]
        world = EmrWorld(clusters=[*starting, cluster()])

        result = answer(monkeypatch, world, event())

        assert result["Data"]["PrimaryIp"] == "10.0.0.5"
        assert world.time == 30
        assert f"waiting for {CLUSTER_ID}, which is STARTING" in caplog.text

    def test_the_wait_ends_when_its_minutes_are_over(self, monkeypatch: pytest.MonkeyPatch) -> None:
        world = EmrWorld(clusters=[cluster(Status={"State": "STARTING"})])

        with pytest.raises(Refusal, match=r"cluster-not-ready.*STARTING after 600 s"):
            answer(monkeypatch, world, event())

        assert world.time <= 600

    def test_no_minutes_mean_no_wait(self, monkeypatch: pytest.MonkeyPatch) -> None:
        world = EmrWorld(clusters=[cluster(Status={"State": "STARTING"})])

        with pytest.raises(Refusal, match="cluster-not-ready"):
            answer(monkeypatch, world, event(WaitMinutes="0"))

        assert world.time == 0

    def test_a_cluster_that_dies_while_starting_is_refused_with_emrs_reason(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        reason = {"Code": "BOOTSTRAP_FAILURE", "Message": "bootstrap action 1 returned 1"}
        dead = {"State": "TERMINATED_WITH_ERRORS", "StateChangeReason": reason}
        world = EmrWorld(clusters=[cluster(Status={"State": "STARTING"}), cluster(Status=dead)])

        with pytest.raises(Refusal, match="BOOTSTRAP_FAILURE: bootstrap action 1 returned 1"):
            answer(monkeypatch, world, event())


class TestRetries:
    @pytest.mark.parametrize(
        "failure",
        [
            refused("ThrottlingException", "Rate exceeded"),
            refused("InternalServerException", "try again"),
            EndpointConnectionError(endpoint_url="https://example.invalid"),
        ],
        ids=lambda failure: type(failure).__name__,
    )
    def test_a_passing_failure_is_retried(
        self, monkeypatch: pytest.MonkeyPatch, failure: Exception
    ) -> None:
        world = EmrWorld(clusters=[failure, failure, cluster()])

        result = answer(monkeypatch, world, event())

        assert result["Data"]["PrimaryIp"] == "10.0.0.5"
        assert world.time == pytest.approx(0.5 + 1.0)

    def test_throttling_beyond_the_deadline_is_refused(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world = EmrWorld(clusters=[refused("ThrottlingException", "Rate exceeded")])

        with pytest.raises(Refusal, match=r"emr-unavailable.*DescribeCluster"):
            answer(monkeypatch, world, event(WaitMinutes="0"))

        assert 50 <= world.time <= 60

    def test_a_call_that_boto3_itself_refuses_is_not_retried(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world = EmrWorld(clusters=[ParamValidationError(report="ClusterId is odd")])

        with pytest.raises(Refusal, match=r"emr-call-failed.*ClusterId is odd"):
            answer(monkeypatch, world, event())

        assert len(world.requests) == 1


class TestRefusals:
    def test_an_unknown_cluster(self, monkeypatch: pytest.MonkeyPatch) -> None:
        failure = refused("InvalidRequestException", f"Cluster id '{CLUSTER_ID}' is not valid.")
        world = EmrWorld(clusters=[failure])

        with pytest.raises(Refusal, match=f"cluster-unknown.*{CLUSTER_ID} in eu-west-1.*Next:"):
            answer(monkeypatch, world, event())

    @pytest.mark.parametrize("operation", ["DescribeCluster", "ListInstances"])
    def test_denied_access_names_the_action_and_the_resource(
        self, monkeypatch: pytest.MonkeyPatch, operation: str
    ) -> None:
        denied = refused("AccessDeniedException", "User is not authorized", operation)
        world = EmrWorld()
        if operation == "DescribeCluster":
            world.clusters = [denied]
        else:
            world.pages = [denied]

        with pytest.raises(Refusal) as refusal:
            answer(monkeypatch, world, event())

        arn = f"arn:aws:elasticmapreduce:eu-west-1:111122223333:cluster/{CLUSTER_ID}"
        assert f"elasticmapreduce:{operation} on {arn}" in str(refusal.value)

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("ClusterId", "j-1;reboot"),
            ("ClusterId", ""),
            ("ClusterKey", "$(id)"),
            ("WaitMinutes", "14"),
            ("WaitMinutes", "-1"),
            ("WaitMinutes", "ten"),
        ],
    )
    def test_a_request_that_the_app_does_not_make(
        self, monkeypatch: pytest.MonkeyPatch, name: str, value: str
    ) -> None:
        world = EmrWorld()

        with pytest.raises(Refusal, match=f"request-unfit.*{name}"):
            answer(monkeypatch, world, event(**{name: value}))

        assert world.requests == []
