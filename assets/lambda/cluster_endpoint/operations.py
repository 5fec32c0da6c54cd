"""The calls that the resolver makes, and the IAM action that each needs."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Operation:
    """A call: whose it is, boto3's name for it, and the IAM action that allows it."""

    service: str
    method: str
    action: str


OPERATIONS: Mapping[str, Operation] = {
    name: Operation(service, method, f"{prefix}:{name}")
    for name, service, method, prefix in (
        ("DescribeCluster", "emr", "describe_cluster", "elasticmapreduce"),
        ("ListInstances", "emr", "list_instances", "elasticmapreduce"),
        ("ListClusters", "emr", "list_clusters", "elasticmapreduce"),
        ("ListInstanceGroups", "emr", "list_instance_groups", "elasticmapreduce"),
        ("ListInstanceFleets", "emr", "list_instance_fleets", "elasticmapreduce"),
        (
            "DescribeSecurityConfiguration",
            "emr",
            "describe_security_configuration",
            "elasticmapreduce",
        ),
        ("GetResources", "resourcegroupstaggingapi", "get_resources", "tag"),
        ("DescribeStacks", "cloudformation", "describe_stacks", "cloudformation"),
    )
}
