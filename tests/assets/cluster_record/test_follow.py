"""Tests cluster_record: which writes Route 53 sees when clusters come and go."""

import json
import re
from typing import Any

import pytest

from cluster_record import record
from refusal import Refusal
from tests.assets.cluster_endpoint.emr_records import (
    CLUSTER_ID,
    cluster,
    instance,
    livy_conf,
    refused,
    status,
)
from tests.assets.cluster_record.dns_world import NAME, NEWER, READ, WRITE, ZONE, DnsWorld

FIRST, SECOND = "10.0.0.5", "10.0.0.7"
TAGS: Any = {"ClusterName": None, "ClusterTags": '{"team": "risk"}'}
HTTPS: Any = {"Configurations": livy_conf(livy_keystore="/etc/livy/keystore.jks")}
TRUSTED: Any = {"TrustIsGiven": "true"}
GIVEN: Any = {"VpcId": "vpc-0a1b2c3d", "ZoneName": "emr-notebooks.internal"}


def followed(**changes: Any) -> DnsWorld:
    """A world in which a deploy has made the record, its calls forgotten."""
    world = DnsWorld(**changes)
    world.deploy()
    world.requests.clear()
    return world


class TestTheNameFollows:
    def test_a_deploy_makes_both_records(self) -> None:
        world = DnsWorld()

        assert world.deploy() == {
            "PhysicalResourceId": f"{ZONE}/{NAME}",
            "Data": {"State": "followed"},
        }
        assert world.address == FIRST
        assert world.records[f"{NAME}.", "A"]["TTL"] == 10
        assert world.text.startswith(
            '"heritage=emr-notebook" "owner=emr-notebooks/eu-west-1" "state=followed" "since='
        )

    def test_an_unchanged_cluster_costs_two_calls_of_emr_and_one_read(self) -> None:
        world = followed()

        assert world.hint(LivyUrl=f"http://{FIRST}:8998") == "followed"
        assert world.operations == [READ, "DescribeCluster", "ListInstances"]

    def test_a_new_cluster_is_taken_when_the_old_one_is_gone(self) -> None:
        world = followed()
        world.starts()
        world.ends()

        assert world.hint() == "followed"
        assert (world.address, world.writes) == (SECOND, 1)
        assert f'"cluster={NEWER}"' in world.text

    def test_a_second_cluster_of_the_name_moves_nothing_while_the_first_is_usable(self) -> None:
        world = followed()
        world.starts()

        assert world.hint() == "followed"
        assert (world.address, world.writes) == (FIRST, 0)

    def test_the_newest_usable_cluster_is_taken(self) -> None:
        world = followed()
        late = status("RUNNING")
        late["Timeline"] = {"CreationDateTime": late["Timeline"]["CreationDateTime"].replace(day=9)}
        world.starts("j-OLDER0001", 8)
        world.starts(NEWER, 7, Status=late)
        latest = status("STARTING")
        latest["Timeline"] = {
            "CreationDateTime": late["Timeline"]["CreationDateTime"].replace(day=10)
        }
        world.starts("j-STARTING1", 9, Status=latest)
        world.ends()

        world.hint()

        assert world.address == SECOND

    @pytest.mark.parametrize("times", [2, 3])
    def test_events_that_repeat_write_once(self, times: int) -> None:
        world = followed()
        world.starts()
        world.ends()

        for _ in range(times):
            world.hint()

        assert world.writes == 1

    def test_a_replaced_primary_is_followed_in_the_same_cluster(self) -> None:
        world = followed()
        world.instances[CLUSTER_ID] = [instance(9)]

        assert world.hint() == "followed"
        assert world.address == "10.0.0.9"

    def test_a_cluster_by_id_is_followed_too(self) -> None:
        by_id: Any = {"ClusterName": None, "ClusterId": CLUSTER_ID}
        world = DnsWorld()
        world.deploy(**by_id)
        world.instances[CLUSTER_ID] = [instance(9)]

        world.hint(**by_id)

        assert world.address == "10.0.0.9"

    def test_a_cluster_that_lost_the_tags_is_left_for_one_that_has_them(self) -> None:
        tags = [{"Key": "team", "Value": "risk"}]
        world = DnsWorld(clusters=[cluster(Tags=tags)])
        world.deploy(**TAGS)
        world.clusters[0]["Tags"] = []
        world.starts(Tags=tags)

        world.hint(**TAGS)

        assert world.address == SECOND

    def test_a_tag_of_awss_own_that_emr_leaves_out_is_not_lost(self) -> None:
        team = [{"Key": "team", "Value": "risk"}]
        of_aws = [*team, {"Key": "aws:cloudformation:stack-name", "Value": "lake"}]
        tags = json.dumps({each["Key"]: each["Value"] for each in of_aws})
        selected: Any = {"ClusterName": None, "ClusterTags": tags}
        world = DnsWorld(clusters=[cluster(Tags=of_aws)])
        world.deploy(**selected)
        world.clusters[0]["Tags"] = team
        world.starts(Tags=of_aws)

        world.hint(**selected)

        assert world.address == FIRST

    @pytest.mark.parametrize("code", ["InvalidChangeBatch", "PriorRequestNotComplete"])
    def test_a_change_that_comes_between_two_others_is_made_after_a_second_look(
        self, code: str
    ) -> None:
        world = followed()
        world.starts()
        world.ends()
        world.failures[WRITE] = [refused(code)]

        assert world.hint() == "followed"
        assert world.address == SECOND


class TestNoUsableCluster:
    def test_the_record_stays_and_says_since_when(self) -> None:
        world = followed()
        world.ends()

        assert world.hint() == "no usable cluster"
        assert world.address == FIRST
        assert re.search(r'"state=no usable cluster" "since=\d{4}-\d\d-\d\dT', world.text)
        assert "no cluster with the name 'nightly-spark' is RUNNING or WAITING" in world.text

    def test_it_is_written_once(self) -> None:
        world = followed()
        world.ends()

        world.hint()
        world.clusters.clear()
        world.hint()

        assert world.writes == 1

    def test_the_next_cluster_is_taken(self) -> None:
        world = followed()
        world.ends()
        world.hint()
        world.starts()

        assert world.hint() == "followed"
        assert world.address == SECOND

    def test_a_cluster_that_was_never_there_has_an_address_that_refuses_at_once(self) -> None:
        world = DnsWorld(clusters=[])

        assert world.deploy()["Data"] == {"State": "no usable cluster"}
        assert world.address == record.NOWHERE

    def test_a_deploy_waits_for_a_cluster_that_starts(self) -> None:
        starting = [cluster(Status=status("STARTING"))]
        world = DnsWorld(clusters=starting, later=[(40, CLUSTER_ID, {"Status": status("WAITING")})])

        world.deploy()

        assert world.address == FIRST

    def test_an_event_waits_for_nothing(self) -> None:
        world = DnsWorld(clusters=[cluster(Status=status("STARTING"))])

        assert world.hint() == "no usable cluster"
        assert world.spent == 0


class TestWhatAnAddressCannotCarry:
    @pytest.mark.parametrize(
        "changed",
        [
            {"Configurations": livy_conf(livy_server_port="9999")},
            HTTPS,
            {"KerberosAttributes": {"Realm": "EC2", "KdcAdminPassword": "x"}},
            {"Applications": [{"Name": "Spark", "Version": "3.5.5"}]},
        ],
        ids=["port", "scheme", "login", "no Livy"],
    )
    def test_the_record_is_not_moved_and_says_deploy(self, changed: dict[str, Any]) -> None:
        world = followed()
        world.starts(**changed)
        world.ends()

        assert world.hint(**TRUSTED) == "changed: deploy"
        assert world.address == FIRST
        assert world.hint(**TRUSTED) == "changed: deploy"
        assert world.writes == 1

    def test_a_deploy_takes_another_port(self) -> None:
        world = followed()
        world.starts(Configurations=livy_conf(livy_server_port="9999"))
        world.ends()
        world.hint()

        world.deploy("Update")

        assert world.address == SECOND
        assert '"livy=http:9999"' in world.text

    def test_a_cluster_whose_livy_uses_tls_has_no_name(self) -> None:
        world = DnsWorld(clusters=[cluster(**HTTPS)])

        assert world.deploy(**TRUSTED)["Data"] == {"State": "not followed: TLS"}
        assert world.address is None
        assert world.hint(**TRUSTED) == "not followed: TLS"
        assert world.writes == 1

    def test_a_certificate_that_holds_the_name_is_followed(self) -> None:
        world = DnsWorld(clusters=[cluster(**HTTPS)])

        world.deploy(**TRUSTED, NamesAlias="true")
        world.starts(**HTTPS)
        world.ends()
        world.hint(**TRUSTED, NamesAlias="true")

        assert world.address == SECOND


class TestRecordsOfOthers:
    @pytest.mark.parametrize(
        ("kind", "value"),
        [
            ("A", "10.9.9.9"),
            ("CNAME", "elsewhere.example.com"),
            ("TXT", '"v=spf1 -all"'),
            ("TXT", '"heritage=emr-notebook" "owner=another-stage/eu-west-1" "state=followed"'),
            ("TXT", '"heritage=emr-notebook" "owner=emr-notebooks/us-east-1" "state=followed"'),
        ],
    )
    def test_they_are_refused_by_name_and_never_overwritten(self, kind: str, value: str) -> None:
        world = DnsWorld()
        world.someones(kind, value)

        with pytest.raises(Refusal, match=rf"\[record-taken\] The name {NAME} .* {kind} "):
            world.deploy()
        with pytest.raises(Refusal, match="record-taken"):
            world.hint()

        assert world.writes == 0

    def test_one_that_was_made_meanwhile_is_not_overwritten(self) -> None:
        world = DnsWorld()
        world.lies[READ] = {"ResourceRecordSets": [], "IsTruncated": False, "MaxItems": "20"}
        world.someones("A", "10.9.9.9")

        with pytest.raises(Refusal, match="aws-call-failed"):
            world.deploy()

        assert world.address == "10.9.9.9"

    def test_neighbours_in_the_zone_are_not_the_names_own(self) -> None:
        world = DnsWorld()
        other = {
            "Name": f"b{NAME}.",
            "Type": "A",
            "TTL": 1,
            "ResourceRecords": [{"Value": "1.1.1.1"}],
        }
        world.records[f"b{NAME}.", "A"] = other

        world.deploy()

        assert world.address == FIRST


class TestDelete:
    def test_it_leaves_no_record(self) -> None:
        world = followed()

        answer = world.deploy("Delete")

        assert answer == {"PhysicalResourceId": f"{ZONE}/{NAME}"}
        assert world.records == {}

    def test_it_leaves_somebody_elses(self) -> None:
        world = DnsWorld()
        world.someones("A", "10.9.9.9")

        world.deploy("Delete")

        assert world.address == "10.9.9.9"

    @pytest.mark.parametrize("code", ["NoSuchHostedZone", "AccessDenied"])
    def test_it_never_fails(self, code: str) -> None:
        world = DnsWorld(failures={READ: refused(code)})

        assert world.deploy("Delete") == {"PhysicalResourceId": f"{ZONE}/{NAME}"}


class TestRollback:
    def test_it_looks_nothing_up(self) -> None:
        world = followed(stack={"StackStatus": "UPDATE_ROLLBACK_IN_PROGRESS"})
        world.ends()

        world.deploy("Update", ZoneId="not a zone's id of this app")

        assert world.operations == ["DescribeStacks"]

    @pytest.mark.parametrize("moved", [True, False])
    def test_the_name_then_leads_to_what_fits_the_url_that_notebooks_have_again(
        self, moved: bool
    ) -> None:
        first: Any = {"LivyUrl": f"http://{FIRST}:8998"}
        world = followed()
        other: Any = {"Name": "other"} if moved else {}
        world.starts(Configurations=livy_conf(livy_server_port="9999"), **other)
        if not moved:
            world.ends()

        world.deploy("Update", **({"ClusterName": "other"} if moved else {}))
        assert (world.address, world.text.count('"livy=http:9999"')) == (SECOND, 1)

        # The deploy failed: rule and schedule ask as before it.
        assert world.hint(**first) == ("followed" if moved else "changed: deploy")
        assert '"livy=http:8998"' in world.text
        assert world.address == (FIRST if moved else SECOND)
        writes = world.writes
        world.hint(**first)
        assert world.writes == writes

    def test_a_record_that_was_removed_is_made_again_for_the_url_that_notebooks_have(self) -> None:
        world = DnsWorld(clusters=[cluster(Configurations=livy_conf(livy_server_port="9999"))])

        assert world.hint(LivyUrl=f"http://{FIRST}:8998") == "changed: deploy"

    def test_a_zone_of_the_settings_is_another_record(self) -> None:
        world = followed()

        answer = world.deploy("Update", ZoneId="ZOTHER")

        assert answer["PhysicalResourceId"] == f"ZOTHER/{NAME}"


class TestZoneOfTheSettings:
    def test_the_vpcs_own_is_taken(self) -> None:
        world = DnsWorld()

        world.deploy(**GIVEN)

        assert world.address == FIRST

    def test_one_of_another_vpc_is_refused(self) -> None:
        world = DnsWorld(vpcs=["vpc-99999999"])

        with pytest.raises(Refusal, match=r"zone-of-another-vpc.*vpc-99999999, not.*vpc-0a1b2c3d"):
            world.deploy(**GIVEN)

    def test_one_of_another_name_is_refused(self) -> None:
        world = DnsWorld(zone_name="example.com.")

        with pytest.raises(Refusal, match=r"zone-name-differs.*named example.com;"):
            world.deploy(**GIVEN)


@pytest.mark.parametrize("code", ["AccessDeniedException", "ExpiredTokenException"])
def test_a_look_up_that_fails_says_nothing_of_the_cluster(code: str) -> None:
    world = followed()
    world.failures["DescribeCluster"] = refused(code)

    with pytest.raises(Refusal):
        world.hint()

    assert world.writes == 0
