"""EMR's API, as boto3 meets it."""

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.aws import RunningAws
from sandbox.aws.emr.seed import (
    ClusterSpec,
    InstanceSpec,
    put_cluster,
    put_security_configuration,
    remove,
)
from tests.sandbox.aws.running_aws import running_aws

pytestmark = pytest.mark.sandbox

NODES = (
    InstanceSpec("10.0.1.10"),
    InstanceSpec("10.0.1.11", state="TERMINATED"),
    InstanceSpec("10.0.1.20", role="CORE"),
    InstanceSpec("10.0.1.21", role="CORE"),
)
GROUPS = ClusterSpec("j-GROUPS0000001", instances=NODES)
TAGGED: Any = {
    "ResourceTypeFilters": ["elasticmapreduce:cluster"],
    "TagFilters": [{"Key": "team", "Values": ["many"]}],
}
FLEETS = ClusterSpec("j-FLEETS0000001", collection="INSTANCE_FLEET", instances=NODES)


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAws]:
    with running_aws(tmp_path_factory.mktemp("emr"), instances_per_page=2) as running:
        put_cluster(running, GROUPS)
        put_cluster(running, FLEETS)
        yield running


@pytest.fixture
def emr(aws: RunningAws) -> Any:
    return aws.client("emr")


def addresses(emr: Any, **filters: Any) -> list[str]:
    pages = emr.get_paginator("list_instances").paginate(**filters)
    return [i["PrivateIpAddress"] for page in pages for i in page["Instances"]]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, ["10.0.1.10", "10.0.1.11", "10.0.1.20", "10.0.1.21"]),
        ({"InstanceGroupTypes": ["MASTER"]}, ["10.0.1.10", "10.0.1.11"]),
        ({"InstanceStates": ["RUNNING"]}, ["10.0.1.10", "10.0.1.20", "10.0.1.21"]),
        ({"InstanceGroupTypes": ["MASTER"], "InstanceStates": ["RUNNING"]}, ["10.0.1.10"]),
        ({"InstanceGroupTypes": ["TASK"]}, []),
    ],
)
def test_instances_of_groups_pass_every_filter(
    emr: Any, filters: dict[str, Any], expected: list[str]
) -> None:
    assert addresses(emr, ClusterId=GROUPS.cluster_id, **filters) == expected


def test_instances_of_a_fleet_are_found_by_its_type(emr: Any) -> None:
    found = addresses(emr, ClusterId=FLEETS.cluster_id, InstanceFleetType="CORE")

    assert found == ["10.0.1.20", "10.0.1.21"]


def test_instances_come_in_pages_of_the_size_asked_for(emr: Any) -> None:
    first = emr.list_instances(ClusterId=GROUPS.cluster_id)
    second = emr.list_instances(ClusterId=GROUPS.cluster_id, Marker=first["Marker"])

    assert [len(first["Instances"]), len(second["Instances"])] == [2, 2]
    assert "Marker" not in second


def test_a_made_up_marker_is_refused(emr: Any) -> None:
    with pytest.raises(ClientError, match="Marker 'next' is not valid"):
        emr.list_instances(ClusterId=GROUPS.cluster_id, Marker="next")


@pytest.mark.parametrize(
    ("cluster", "filters"),
    [
        (FLEETS, {"InstanceGroupTypes": ["MASTER"]}),
        (FLEETS, {"InstanceGroupId": "ig-1"}),
        (GROUPS, {"InstanceFleetType": "MASTER"}),
        (GROUPS, {"InstanceFleetId": "if-1"}),
    ],
)
def test_a_filter_of_the_other_collection_type_is_refused(
    emr: Any, cluster: ClusterSpec, filters: dict[str, Any]
) -> None:
    with pytest.raises(ClientError) as refused:
        emr.list_instances(ClusterId=cluster.cluster_id, **filters)

    assert refused.value.response["Error"]["Code"] == "InvalidRequestException"
    assert "mutually exclusive" in refused.value.response["Error"]["Message"]


def test_the_refusal_names_fleet_clusters_as_aws_does(emr: Any) -> None:
    with pytest.raises(ClientError) as refused:
        emr.list_instance_groups(ClusterId=FLEETS.cluster_id)

    code = "API_DOES_NOT_SUPPORT_INSTANCE_FLEET_CLUSTERS"
    assert refused.value.response.get("ErrorCode") == code


@pytest.mark.parametrize("operation", ["describe_cluster", "list_instances"])
def test_an_unknown_cluster_is_not_valid(emr: Any, operation: str) -> None:
    with pytest.raises(ClientError, match="Cluster id 'j-NOTHING' is not valid") as refused:
        getattr(emr, operation)(ClusterId="j-NOTHING")

    assert refused.value.response["Error"]["Code"] == "InvalidRequestException"


def test_a_word_that_is_no_instance_state_is_refused(emr: Any) -> None:
    with pytest.raises(ClientError, match=r"instanceStates\.1\.member.*enum value set"):
        emr.list_instances(ClusterId=GROUPS.cluster_id, InstanceStates=["UP"])


def test_a_cluster_shows_everything_it_was_given(aws: RunningAws, emr: Any) -> None:
    put_cluster(
        aws,
        ClusterSpec(
            "j-WHOLE00000001",
            name="nightly",
            state="TERMINATED_WITH_ERRORS",
            state_change_code="VALIDATION_ERROR",
            state_change_message="The subnet is full",
            instances=NODES,
            applications={"Spark": "3.5.4"},
            master_public_dns_name="ec2-1-2-3-4.eu-west-1.compute.amazonaws.com",
            primary_security_group="sg-primary",
            service_access_security_group="sg-service",
            configurations=[{"Classification": "livy-conf", "Properties": {"a": "b"}}],
            security_configuration="in-transit",
            kerberos={"Realm": "EC2.INTERNAL", "KdcAdminPassword": "x"},
            tags={"team": "risk"},
        ),
    )
    cluster = emr.describe_cluster(ClusterId="j-WHOLE00000001")["Cluster"]

    assert cluster["Status"]["State"] == "TERMINATED_WITH_ERRORS"
    assert cluster["Status"]["StateChangeReason"]["Message"] == "The subnet is full"
    assert "EndDateTime" in cluster["Status"]["Timeline"]
    assert cluster["Applications"] == [{"Name": "Spark", "Version": "3.5.4"}]
    assert cluster["MasterPublicDnsName"] == "ec2-1-2-3-4.eu-west-1.compute.amazonaws.com"
    assert cluster["Ec2InstanceAttributes"]["EmrManagedMasterSecurityGroup"] == "sg-primary"
    assert cluster["Configurations"][0]["Properties"] == {"a": "b"}
    assert cluster["SecurityConfiguration"] == "in-transit"
    assert cluster["KerberosAttributes"]["Realm"] == "EC2.INTERNAL"


def test_a_cluster_changes_while_it_is_watched(aws: RunningAws, emr: Any) -> None:
    starting = ClusterSpec("j-MOVING0000001", state="STARTING")
    put_cluster(aws, starting)

    def state() -> str:
        found = emr.describe_cluster(ClusterId=starting.cluster_id)["Cluster"]
        return str(found["Status"]["State"])

    assert state() == "STARTING"
    put_cluster(aws, replace(starting, state="RUNNING", instances=NODES[:1]))
    assert state() == "RUNNING"
    assert addresses(emr, ClusterId=starting.cluster_id) == ["10.0.1.10"]


def test_a_removed_cluster_is_unknown(aws: RunningAws, emr: Any) -> None:
    put_cluster(aws, ClusterSpec("j-GONE000000001"))
    emr.describe_cluster(ClusterId="j-GONE000000001")
    remove(aws, "j-GONE000000001")

    with pytest.raises(ClientError, match="is not valid"):
        emr.describe_cluster(ClusterId="j-GONE000000001")


def test_clusters_are_listed_newest_first_in_pages_of_50(aws: RunningAws, emr: Any) -> None:
    for number in range(60):
        spec = ClusterSpec(f"j-MANY{number:09d}", name="many", created=2_000_000_000.0 + number)
        put_cluster(aws, replace(spec, state="BOOTSTRAPPING"))
    pages = list(emr.get_paginator("list_clusters").paginate(ClusterStates=["BOOTSTRAPPING"]))

    assert [len(page["Clusters"]) for page in pages] == [50, 10]
    assert pages[0]["Clusters"][0]["Id"] == "j-MANY000000059"


def test_clusters_are_found_by_tag(aws: RunningAws) -> None:
    put_cluster(aws, ClusterSpec("j-TAGGED0000001", tags={"team": "fraud"}))
    found = aws.client("resourcegroupstaggingapi").get_resources(
        TagFilters=[{"Key": "team", "Values": ["fraud"]}],
        ResourceTypeFilters=["elasticmapreduce:cluster"],
    )

    arns = [mapping["ResourceARN"] for mapping in found["ResourceTagMappingList"]]
    assert arns == ["arn:aws:elasticmapreduce:eu-west-1:111122223333:cluster/j-TAGGED0000001"]


def test_a_security_configuration_is_described(aws: RunningAws, emr: Any) -> None:
    document = {"EncryptionConfiguration": {"EnableInTransitEncryption": True}}
    put_security_configuration(aws, "tls", document)

    found = emr.describe_security_configuration(Name="tls")["SecurityConfiguration"]
    assert '"EnableInTransitEncryption": true' in found
    with pytest.raises(ClientError, match="'other' does not exist"):
        emr.describe_security_configuration(Name="other")


def test_a_cluster_run_through_the_api_has_its_groups(emr: Any) -> None:
    identity = emr.run_job_flow(
        Name="adhoc",
        Instances={
            "MasterInstanceType": "m5.xlarge",
            "SlaveInstanceType": "m5.xlarge",
            "InstanceCount": 2,
            "KeepJobFlowAliveWhenNoSteps": True,
        },
    )["JobFlowId"]

    groups = emr.list_instance_groups(ClusterId=identity)["InstanceGroups"]
    assert [group["InstanceGroupType"] for group in groups] == ["MASTER", "CORE"]
    assert emr.describe_cluster(ClusterId=identity)["Cluster"]["Name"] == "adhoc"


class TestTags:
    """The tagging API, as it lists clusters."""

    @pytest.fixture(scope="class")
    def tagging(self, aws: RunningAws) -> Any:
        for number in range(101):
            put_cluster(aws, ClusterSpec(f"j-MANY{number:04d}", tags={"team": "many"}))
        return aws.client("resourcegroupstaggingapi")

    @pytest.mark.parametrize(("per_page", "pages"), [({}, 3), ({"ResourcesPerPage": 100}, 2)])
    def test_there_are_fifty_on_a_page_or_a_hundred(
        self, tagging: Any, per_page: dict[str, int], pages: int
    ) -> None:
        found = list(tagging.get_paginator("get_resources").paginate(**TAGGED, **per_page))

        assert len(found) == pages
        assert len({r["ResourceARN"] for p in found for r in p["ResourceTagMappingList"]}) == 101

    @pytest.mark.parametrize("per_page", [0, 101])
    def test_other_pages_are_refused(self, tagging: Any, per_page: int) -> None:
        with pytest.raises(ClientError, match="InvalidParameterException"):
            tagging.get_resources(**TAGGED, ResourcesPerPage=per_page)

    def test_a_cluster_is_not_known_before_it_is_indexed(
        self, aws: RunningAws, tagging: Any
    ) -> None:
        wanted = {**TAGGED, "TagFilters": [{"Key": "team", "Values": ["late"]}]}
        late = ClusterSpec("j-LATE0001", tags={"team": "late"}, indexed=time.time() + 3600)
        put_cluster(aws, late)

        assert tagging.get_resources(**wanted)["ResourceTagMappingList"] == []
        put_cluster(aws, replace(late, indexed=time.time()))
        assert len(tagging.get_resources(**wanted)["ResourceTagMappingList"]) == 1
