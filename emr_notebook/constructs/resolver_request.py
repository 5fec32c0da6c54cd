"""Translates a cluster's settings into the resolver's request, and what its role must allow."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from emr_notebook.settings.cluster import Cluster
from emr_notebook.settings.network import Network
from emr_notebook.settings.notebook import ResolvedNotebook

# Stands for the ARN of the stack that holds the resolver.
THIS_STACK = "this stack"
# Stands for the ARN of the hosted zone of the followed clusters' names.
THIS_ZONE = "this zone"

ANY_CLUSTER = "any cluster"
_BY_NAME = "A cluster that is selected by its name or tags has an id that only the deploy learns."
_READ = ("elasticmapreduce:DescribeCluster", "elasticmapreduce:ListInstances")
_READ_GROUPS = ("elasticmapreduce:ListInstanceFleets", "elasticmapreduce:ListInstanceGroups")
_DEFAULT_PORT = Cluster.model_fields["port"].default
# With the longest names of DNS, 255 characters, a statement still fits into a policy of IAM's.
_NAMES_PER_STATEMENT = 20
_UNSCOPED = "IAM knows no resource for this action."


@dataclass(frozen=True)
class Grant:
    """Actions on resources: cluster ids, ANY_CLUSTER, THIS_STACK, THIS_ZONE, or `*`.

    `because` is the reason for a wildcard.
    """

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: Mapping[str, Mapping[str, str | list[str]]] = field(default_factory=dict)
    because: str = ""


def opened_port(network: Network, cluster: Cluster) -> int | None:
    """The Livy port that this stack's rules open for a cluster; None when it makes no rule."""
    makes_rule = network.security_group_ids is None or cluster.ingress == "create"
    return cluster.port if makes_rule else None


def session_fields(notebooks: Iterable[ResolvedNotebook], cluster: str) -> tuple[str, ...]:
    """What the cluster's notebooks ask of their Livy sessions that not every Livy takes."""
    asked = (each.spark.versioned_fields for each in notebooks if each.cluster == cluster)
    return tuple(sorted({name for fields in asked for name in fields}))


def has_proxy_user(notebooks: Iterable[ResolvedNotebook], cluster: str) -> bool:
    """Whether one of the cluster's notebooks asks for sessions in a user's name."""
    return any(each.spark.proxyUser for each in notebooks if each.cluster == cluster)


def properties(
    key: str,
    cluster: Cluster,
    *,
    opened_port: int | None,
    refresh: str,
    session_fields: tuple[str, ...] = (),
    has_proxy_user: bool = False,
    record_name: str | None = None,
) -> dict[str, str]:
    """The custom resource's properties; all texts, as CloudFormation hands them over.

    `record_name` is the DNS name of a cluster that is followed.
    """
    wanted = {
        "ClusterKey": key,
        "ClusterId": cluster.id,
        "ClusterName": cluster.name,
        "ClusterTags": None if cluster.tags is None else json.dumps(cluster.tags, sort_keys=True),
        "WaitMinutes": str(cluster.wait_minutes),
        "Scheme": cluster.scheme,
        # Without it, 8998: a stack that leaves it there is not looked up again for this key alone.
        "Port": None if cluster.port == _DEFAULT_PORT else str(cluster.port),
        "OpenedPort": None if opened_port is None else str(opened_port),
        "TrustIsGiven": None if cluster.tls is None else "true",
        "ReadGroupConfigurations": None if cluster.group_configurations else "false",
        "SessionFields": ",".join(session_fields),
        "HasProxyUser": "true" if has_proxy_user else None,
        "RecordName": record_name,
        "NamesAlias": "true" if record_name and cluster.tls and cluster.tls.names_alias else None,
        "WhenAbsent": None if cluster.when_absent == "refuse" else cluster.when_absent,
        "Refresh": refresh,
    }
    return {name: value for name, value in wanted.items() if value}


def grants(clusters: Iterable[Cluster]) -> list[Grant]:
    """What the resolver needs for these clusters; for one given by its id, actions on it alone."""
    listed = list(clusters)
    found = [Grant(("cloudformation:DescribeStacks",), (THIS_STACK,))]
    # In as few statements as can be: each names every cluster.
    found += _grants_on_clusters(
        (*_READ, *_READ_GROUPS), [each for each in listed if each.group_configurations]
    )
    found += _grants_on_clusters(_READ, [each for each in listed if not each.group_configurations])
    if any(each.id is None for each in listed):
        found.append(Grant(("elasticmapreduce:ListClusters",), ("*",), because=_UNSCOPED))
    if any(each.tags is not None for each in listed):
        found.append(Grant(("tag:GetResources",), ("*",), because=_UNSCOPED))
    if any(each.scheme == "detect" for each in listed):
        action = "elasticmapreduce:DescribeSecurityConfiguration"
        found.append(Grant((action,), ("*",), because=_UNSCOPED))
    return found


def record_grants(names: Iterable[str], *, checks_zone: bool) -> list[Grant]:
    """What it takes to keep these names of the zone true: their own two records, and no others.

    `checks_zone` is whether the zone is one of the settings', which is looked at first.
    """
    read = ("route53:ListResourceRecordSets", *(["route53:GetHostedZone"] if checks_zone else []))
    key = "route53:ChangeResourceRecordSets"
    kinds = {f"{key}RecordTypes": ["A", "TXT"], f"{key}Actions": ["CREATE", "DELETE"]}
    ordered = sorted(names)
    return [
        Grant(read, (THIS_ZONE,)),
        *(
            Grant((key,), (THIS_ZONE,), {"ForAllValues:StringEquals": own | kinds})
            # A change is of one name: which of the statements allows it does not matter.
            for first in range(0, len(ordered), _NAMES_PER_STATEMENT)
            for own in [
                {f"{key}NormalizedRecordNames": ordered[first : first + _NAMES_PER_STATEMENT]}
            ]
        ),
    ]


def record_removal_grants(ending: str) -> list[Grant]:
    """What it takes to delete a record whose name ends so, whatever cluster it was of."""
    key = "route53:ChangeResourceRecordSets"
    conditions = {
        "ForAllValues:StringLike": {f"{key}NormalizedRecordNames": [f"*.{ending}"]},
        "ForAllValues:StringEquals": {
            f"{key}RecordTypes": ["A", "TXT"],
            f"{key}Actions": ["DELETE"],
        },
    }
    return [
        Grant(("route53:ListResourceRecordSets",), (THIS_ZONE,)),
        Grant((key,), (THIS_ZONE,), conditions),
    ]


def _grants_on_clusters(actions: tuple[str, ...], clusters: list[Cluster]) -> list[Grant]:
    """The actions on each cluster: on its ARN, on all, or on those with its tags."""
    found: list[Grant] = []
    ids = sorted({each.id for each in clusters if each.id is not None})
    if ids:
        found.append(Grant(actions, tuple(ids)))
    if any(each.name is not None for each in clusters):
        return [Grant(actions, (ANY_CLUSTER,), because=_BY_NAME)]
    tagged = {tuple(sorted(each.tags.items())) for each in clusters if each.tags is not None}
    for tags in sorted(tagged):
        conditions = {"StringEquals": {f"aws:ResourceTag/{key}": value for key, value in tags}}
        found.append(Grant(actions, (ANY_CLUSTER,), conditions, _BY_NAME))
    return found
