"""Clusters and nodes as EMR's API shows them, AWS's refusals, and CloudFormation's events."""

import datetime
from typing import Any

from botocore.exceptions import ClientError

CLUSTER_ID = "j-2AXXXXXXGAPLF"
REGION, ACCOUNT = "eu-west-1", "111122223333"
CREATED = datetime.datetime(2026, 1, 2, 3, 4, tzinfo=datetime.UTC)
STACK_ID = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/emr-notebooks/0a1b"
RESPONSE_URL = "https://example.invalid/bucket?X-Amz-Signature=secret"

# What the deploy before found.
BEFORE = {
    "LivyUrl": "http://10.0.0.9:8998",
    "ClusterId": "j-BEFORE",
    "ReleaseLabel": "emr-7.1.0",
    "SparkVersion": "3.5.0",
    "LivyVersion": "0.7.1",
}

# What an earlier version answered, too.
FORMER = {
    "Candidates": "http://10.0.0.9:8998",
    "PrimaryIp": "10.0.0.9",
    "PrimaryDns": "ip-10-0-0-9.ec2.internal",
}


def cluster_arn(cluster_id: str = CLUSTER_ID) -> str:
    return f"arn:aws:elasticmapreduce:{REGION}:{ACCOUNT}:cluster/{cluster_id}"


def cluster(**changes: Any) -> dict[str, Any]:
    """A waiting cluster of one instance-group primary, with these fields changed."""
    return {
        "Id": CLUSTER_ID,
        "Name": "nightly-spark",
        "Status": status("WAITING"),
        "InstanceCollectionType": "INSTANCE_GROUP",
        "ReleaseLabel": "emr-7.9.0",
        "Applications": [
            {"Name": "Hadoop", "Version": "3.4.1"},
            {"Name": "Spark", "Version": "3.5.5"},
            {"Name": "Livy", "Version": "0.8.0"},
        ],
        "MasterPublicDnsName": "ip-10-0-0-5.eu-west-1.compute.internal",
        **changes,
    }


def status(state: str, **reason: str) -> dict[str, Any]:
    """A cluster's Status: created at CREATED, with `Code` and `Message` of its last change."""
    timeline = {"CreationDateTime": CREATED}
    return {"State": state, "StateChangeReason": reason, "Timeline": timeline}


def livy_conf(**properties: str) -> list[dict[str, Any]]:
    """Configurations that set these properties of livy-conf; `_` in a name stands for `.`."""
    named = {name.replace("_", "."): value for name, value in properties.items()}
    return [{"Classification": "livy-conf", "Properties": named}]


def instance(number: int = 5, state: str = "RUNNING", /, **changes: Any) -> dict[str, Any]:
    """A primary node at 10.0.0.<number>, with these fields changed."""
    return {
        "Id": f"ci-{number:04d}",
        "Ec2InstanceId": f"i-{number:017d}",
        "PrivateIpAddress": f"10.0.0.{number}",
        "PrivateDnsName": f"ip-10-0-0-{number}.eu-west-1.compute.internal",
        "InstanceGroupId": "MASTER",
        "InstanceType": "m5.xlarge",
        "Status": {"State": state},
        **changes,
    }


def refused(code: str, message: str = "", status: int = 400) -> ClientError:
    """AWS's refusal of a call, as boto3 raises it."""
    parts = {"Code": code, "Message": message}
    response: Any = {"Error": parts, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "Operation")


def event(verb: str = "Create", **changes: Any) -> dict[str, Any]:
    """CloudFormation's event; the changes are the properties', and None leaves one out."""
    properties = {"ClusterKey": "analytics", "ClusterId": CLUSTER_ID, "WaitMinutes": "10"}
    given = {name: value for name, value in {**properties, **changes}.items() if value is not None}
    return {
        "RequestType": verb,
        "ResponseURL": RESPONSE_URL,
        "StackId": STACK_ID,
        "RequestId": "<RequestId>",
        "LogicalResourceId": "<LogicalResourceId>",
        "PhysicalResourceId": "cluster-endpoint-analytics",
        "ResourceProperties": given,
    }
