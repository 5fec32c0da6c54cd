"""doctor: what EMR and CloudFormation say of the security groups on both sides of Livy."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emr_notebook.cli.doctor.prerequisites import Unknown, attempt
from emr_notebook.cli.look_up import live_endpoint
from emr_notebook.cli.reader import Denied, Reader, Refused
from emr_notebook.cli.resolver_code import Refusal
from emr_notebook.settings import Settings

# Importable once the resolver's code is.
from cluster_endpoint import livy  # isort: skip

GROUP = "AWS::EC2::SecurityGroup"
INGRESS = "AWS::EC2::SecurityGroupIngress"
# Of a resource that a stack has no more, or never had.
ABSENT = frozenset({"DELETE_COMPLETE", "DELETE_SKIPPED", "CREATE_FAILED"})


@dataclass(frozen=True)
class Primary:
    """A cluster's primary in the network: its security groups, EMR's own first, and its subnet.

    `port` is the one that its Livy listens on, as the cluster's own configurations say.
    """

    groups: tuple[str, ...]
    subnet_id: str
    port: int


@dataclass(frozen=True)
class StackGroups:
    """What a deployed stack has made of the network: its group or "", and its Livy rules' ids.

    The ids are logical ones, which come from the rules (`access.py`).
    """

    group: str = ""
    rules: tuple[str, ...] = ()

    def made(self, primary_group: str, port: int, source: str = "") -> bool:
        """Whether the stack made the rule that admits the source, or its own group, to Livy."""
        name = f"Livy{primary_group}{port}{source}".replace("-", "")
        # The CDK ends an id with a hash of eight digits.
        return any(each[:-8].endswith(name) for each in self.rules)


def primary(reader: Reader, settings: Settings, key: str) -> Primary | Unknown | None:
    """The primary of the cluster with this key; None when there is no such cluster.

    One call for a cluster that is given by its id; what the resolver needs to find another.
    """
    cluster_id = settings.clusters[key].id
    if cluster_id is None:
        live = live_endpoint(reader, settings, key)
        if live.denied:
            return Unknown(f"these credentials may not {live.denied}")
        cluster_id = live.values.get("ClusterId")
    if not cluster_id:
        return None
    try:
        answer = reader.ask("emr", "describe_cluster", ClusterId=cluster_id)
    except Denied as denied:
        return Unknown(f"these credentials may not {denied.action}")
    except Refused:
        return None
    return _primary(answer["Cluster"])


def stack_groups(reader: Reader, stack: str) -> StackGroups | Unknown:
    """What the stack has made; nothing before its first deploy. A call for 100 resources."""

    def read() -> StackGroups:
        try:
            listed = list(
                reader.pages(
                    "cloudformation",
                    "list_stack_resources",
                    items="StackResourceSummaries",
                    StackName=stack,
                )
            )
        except Refused as refused:
            if "does not exist" in refused.message:
                return StackGroups()
            raise
        return _made([each for each in listed if each["ResourceStatus"] not in ABSENT])

    return attempt(read)


def _made(resources: list[Mapping[str, Any]]) -> StackGroups:
    groups = [each for each in resources if each["ResourceType"] == GROUP]
    group = str(groups[0].get("PhysicalResourceId", "")) if groups else ""
    rules = [each["LogicalResourceId"] for each in resources if each["ResourceType"] == INGRESS]
    return StackGroups(group, tuple(rules))


def _primary(cluster: Mapping[str, Any]) -> Primary | None:
    attributes = cluster.get("Ec2InstanceAttributes", {})
    own = attributes.get("EmrManagedMasterSecurityGroup", "")
    groups = [own, *attributes.get("AdditionalMasterSecurityGroups", [])]
    known = tuple(each for each in groups if each)
    if not known:
        return None
    said = livy.properties(cluster.get("Configurations"))
    try:
        port = livy.port(said, str(cluster.get("Id")), None)
    except Refusal:
        # The line of the cluster says that.
        port = livy.DEFAULT_PORT
    return Primary(known, attributes.get("Ec2SubnetId", ""), port)
