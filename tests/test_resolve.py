"""Decisions about a cluster, from EMR's answers alone."""

from typing import Any

import pytest

from cluster_endpoint import resolve
from cluster_endpoint.refusals import Refusal
from tests.emr_world import CLUSTER_ID, cluster, instance


@pytest.mark.parametrize(
    ("state", "waits"),
    [("STARTING", True), ("BOOTSTRAPPING", True), ("RUNNING", False), ("WAITING", False)],
)
def test_a_cluster_is_waited_for_only_while_it_starts(state: str, waits: bool) -> None:
    assert resolve.is_starting(cluster(Status={"State": state})) is waits


@pytest.mark.parametrize("state", ["TERMINATING", "TERMINATED", "TERMINATED_WITH_ERRORS"])
def test_an_ended_cluster_is_refused_with_its_state_and_emrs_own_reason(state: str) -> None:
    reason = {"Code": "USER_REQUEST", "Message": "Terminated by user request."}
    ended = cluster(Status={"State": state, "StateChangeReason": reason})

    with pytest.raises(Refusal) as refusal:
        resolve.is_starting(ended)

    assert f"{CLUSTER_ID} is {state}: USER_REQUEST: Terminated by user request." in str(
        refusal.value
    )


def test_an_ended_cluster_without_a_reason_says_so() -> None:
    with pytest.raises(Refusal, match="TERMINATED: EMR gives no reason"):
        resolve.is_starting(cluster(Status={"State": "TERMINATED"}))


@pytest.mark.parametrize("status", [{"State": "SLEEPING"}, {}, None])
def test_a_state_that_the_api_does_not_list_is_refused(status: Any) -> None:
    with pytest.raises(Refusal, match="cluster-state-unknown"):
        resolve.is_starting(cluster(Status=status))


@pytest.mark.parametrize("missing", ["Livy", "Spark"])
def test_a_missing_application_is_named_with_those_that_are_there(missing: str) -> None:
    there = [app for app in cluster()["Applications"] if app["Name"] != missing]

    with pytest.raises(Refusal) as refusal:
        resolve.application_versions(cluster(Applications=there))

    assert refusal.value.code == f"{missing.lower()}-missing"
    assert "Hadoop" in str(refusal.value)


def test_applications_are_found_in_any_letter_case() -> None:
    applications = [{"Name": "LIVY", "Version": "0.8.0"}, {"Name": "spark", "Version": "3.5.5"}]

    versions = resolve.application_versions(cluster(Applications=applications))

    assert versions == {"livy": "0.8.0", "spark": "3.5.5"}


def test_a_primary_that_is_not_running_is_no_primary() -> None:
    dead = [instance(4, "TERMINATED"), instance(5, "BOOTSTRAPPING")]

    with pytest.raises(Refusal, match=r"i-0*4 TERMINATED, i-0*5 BOOTSTRAPPING"):
        resolve.endpoint(cluster(), dead)


def test_no_instance_at_all_is_refused() -> None:
    with pytest.raises(Refusal, match=r"primary-not-running.*lists none"):
        resolve.endpoint(cluster(), [])


@pytest.mark.parametrize("kind", ["PrivateDnsName", "PublicDnsName"])
def test_the_primary_that_the_cluster_names_comes_before_others(kind: str) -> None:
    named = instance(9, **{kind: "primary.example.com"})

    found = resolve.endpoint(
        cluster(MasterPublicDnsName="primary.example.com"), [instance(4), named, instance(5)]
    )

    assert found.livy_url == "http://10.0.0.9:8998"


def test_a_named_primary_that_has_died_is_passed_over() -> None:
    dead, alive = instance(5, "TERMINATED"), instance(6)

    assert resolve.endpoint(cluster(), [dead, alive]).primary_ip == "10.0.0.6"


@pytest.mark.parametrize(
    ("where", "value"),
    [
        ("PrivateIpAddress", "10.0.0.5; reboot"),
        ("PrivateIpAddress", "10.0.0.256"),
        ("PrivateIpAddress", "10.0.0.5\n"),
        ("PrivateIpAddress", ""),
        ("PrivateDnsName", "$(reboot).internal"),
        ("PrivateDnsName", "a'b.internal"),
        ("PrivateDnsName", f"{'a' * 64}.internal"),
    ],
)
def test_an_address_that_a_script_must_not_hold_is_refused(where: str, value: str) -> None:
    found = resolve.endpoint(cluster(), [instance(**{where: value})])

    with pytest.raises(Refusal, match="answer-unfit"):
        found.outputs()


@pytest.mark.parametrize("label", ["", "7.9.0", "emr-7.9.0`id`", "emr-" + "9" * 40])
def test_a_release_label_that_a_script_must_not_hold_is_refused(label: str) -> None:
    found = resolve.endpoint(cluster(ReleaseLabel=label), [instance()])

    with pytest.raises(Refusal, match="ReleaseLabel"):
        found.outputs()


def test_the_outputs_stay_under_cloudformations_4_kilobytes() -> None:
    dns = ".".join(["a" * 62] * 4)
    found = resolve.endpoint(cluster(ReleaseLabel="emr-7.9.0"), [instance(PrivateDnsName=dns)])

    assert len(str(found.outputs())) < 4096
