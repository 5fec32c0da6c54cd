"""Turns a test's description of a cluster into what EMR's API shows of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sandbox.environment import ACCOUNT, REGION

Role = Literal["MASTER", "CORE", "TASK"]
Collection = Literal["INSTANCE_GROUP", "INSTANCE_FLEET"]

# 2026-01-01T00:00:00Z: a cluster is older than the stack that looks for it.
CREATED = 1767225600.0
_ENDED = ("TERMINATED", "TERMINATED_WITH_ERRORS")


@dataclass(frozen=True)
class InstanceSpec:
    """One instance of a cluster; DNS names and ids left out follow from its private address."""

    private_ip: str
    role: Role = "MASTER"
    state: str = "RUNNING"
    private_dns: str = ""
    public_dns: str = ""
    public_ip: str = ""
    instance_type: str = "m5.xlarge"
    collection_id: str = ""

    @property
    def private_dns_name(self) -> str:
        """The name EC2 gives an address in the sandbox's region, unless one was given."""
        dashed = self.private_ip.replace(".", "-")
        return self.private_dns or f"ip-{dashed}.{REGION}.compute.internal"


@dataclass(frozen=True)
class ClusterSpec:
    """A cluster in any state. What is left out is a waiting EMR 7 cluster of one primary."""

    cluster_id: str
    name: str = "analytics"
    state: str = "WAITING"
    state_change_code: str = ""
    state_change_message: str = ""
    collection: Collection = "INSTANCE_GROUP"
    instances: tuple[InstanceSpec, ...] = ()
    release_label: str = "emr-7.8.0"
    applications: Mapping[str, str] = field(
        default_factory=lambda: {"Hadoop": "3.4.1", "Livy": "0.8.0", "Spark": "3.5.4"}
    )
    master_public_dns_name: str | None = None
    primary_security_group: str = ""
    core_security_group: str = ""
    service_access_security_group: str = ""
    additional_primary_security_groups: tuple[str, ...] = ()
    subnet_id: str = ""
    configurations: Sequence[Mapping[str, Any]] = ()
    # Those of the primary's own instance group or fleet, which override the cluster's.
    primary_configurations: Sequence[Mapping[str, Any]] = ()
    # What a reconfiguration of the primary's group asked for and did not get; of a fleet, what is
    # set for a type that it has no instance of.
    failed_configurations: Sequence[Mapping[str, Any]] = ()
    security_configuration: str = ""
    kerberos: Mapping[str, str] | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    # From when on the tagging API, which learns late of a change, knows the tags.
    indexed: float = 0
    created: float = CREATED
    ready: float | None = None
    ended: float | None = None


def cluster_arn(cluster_id: str) -> str:
    """The cluster's ARN in the sandbox's account and region."""
    return f"arn:aws:elasticmapreduce:{REGION}:{ACCOUNT}:cluster/{cluster_id}"


def cluster_record(spec: ClusterSpec) -> dict[str, Any]:
    """The `Cluster` of DescribeCluster."""
    record = {
        "Id": spec.cluster_id,
        "Name": spec.name,
        "ClusterArn": cluster_arn(spec.cluster_id),
        "Status": _status(spec),
        "Ec2InstanceAttributes": _ec2_attributes(spec),
        "InstanceCollectionType": spec.collection,
        "ReleaseLabel": spec.release_label,
        "Applications": [{"Name": n, "Version": v} for n, v in spec.applications.items()],
        "Configurations": [dict(c) for c in spec.configurations],
        "Tags": [{"Key": k, "Value": v} for k, v in spec.tags.items()],
        "AutoTerminate": False,
        "TerminationProtected": False,
        "VisibleToAllUsers": True,
        "NormalizedInstanceHours": 0,
        "ServiceRole": "EMR_DefaultRole",
        "StepConcurrencyLevel": 1,
    }
    if name := _master_dns(spec):
        record["MasterPublicDnsName"] = name
    if spec.security_configuration:
        record["SecurityConfiguration"] = spec.security_configuration
    if spec.kerberos is not None:
        record["KerberosAttributes"] = dict(spec.kerberos)
    return record


def instance_record(spec: ClusterSpec, number: int, instance: InstanceSpec) -> dict[str, Any]:
    """One of the `Instances` of ListInstances."""
    collection = "InstanceGroupId" if spec.collection == "INSTANCE_GROUP" else "InstanceFleetId"
    record: dict[str, Any] = {
        "Id": f"ci-{spec.cluster_id[2:]}{number:04d}",
        "Ec2InstanceId": f"i-{number:017x}",
        "PrivateDnsName": instance.private_dns_name,
        "PrivateIpAddress": instance.private_ip,
        "PublicDnsName": instance.public_dns,
        "Status": {
            "State": instance.state,
            "StateChangeReason": {},
            "Timeline": {"CreationDateTime": spec.created, "ReadyDateTime": spec.created},
        },
        collection: collection_id(spec, instance),
        "Market": "ON_DEMAND",
        "InstanceType": instance.instance_type,
    }
    if instance.public_ip:
        record["PublicIpAddress"] = instance.public_ip
    return record


def collection_records(spec: ClusterSpec) -> dict[str, list[dict[str, Any]]]:
    """The group or fleet that has configurations of its own, as EMR's lists of either show it."""
    if not spec.primary_configurations:
        return {}
    own = [dict(each) for each in spec.primary_configurations]
    failed = [dict(each) for each in spec.failed_configurations]
    primary = collection_id(spec, InstanceSpec(""))
    if spec.collection == "INSTANCE_GROUP":
        group = {
            "Id": primary,
            "InstanceGroupType": "MASTER",
            "Configurations": failed or own,
            "ConfigurationsVersion": 2 if failed else 1,
            "LastSuccessfullyAppliedConfigurations": own,
            "LastSuccessfullyAppliedConfigurationsVersion": 1,
        }
        return {"InstanceGroups": [group]}
    kinds = sorted({each.instance_type for each in spec.instances if each.role == "MASTER"})
    specifications = [{"InstanceType": each, "Configurations": own} for each in kinds]
    # A fleet names types that it did not get, too.
    specifications.append({"InstanceType": "r5.24xlarge", "Configurations": failed})
    fleet = {"Id": primary, "InstanceFleetType": "MASTER"}
    return {"InstanceFleets": [{**fleet, "InstanceTypeSpecifications": specifications}]}


def collection_id(spec: ClusterSpec, instance: InstanceSpec) -> str:
    """The group or fleet of an instance: one for each role unless the spec names more."""
    prefix = "ig" if spec.collection == "INSTANCE_GROUP" else "if"
    return instance.collection_id or f"{prefix}-{instance.role}{spec.cluster_id[2:]}"[:20]


def _status(spec: ClusterSpec) -> dict[str, Any]:
    reason = {"Code": spec.state_change_code, "Message": spec.state_change_message}
    timeline = {"CreationDateTime": spec.created}
    if spec.ready is not None or spec.state in ("RUNNING", "WAITING"):
        timeline["ReadyDateTime"] = spec.ready if spec.ready is not None else spec.created + 300
    if spec.ended is not None or spec.state in _ENDED:
        timeline["EndDateTime"] = spec.ended if spec.ended is not None else spec.created + 600
    return {
        "State": spec.state,
        "StateChangeReason": {name: text for name, text in reason.items() if text},
        "Timeline": timeline,
    }


def _ec2_attributes(spec: ClusterSpec) -> dict[str, Any]:
    attributes: dict[str, Any] = {
        "Ec2AvailabilityZone": f"{REGION}a",
        "IamInstanceProfile": "EMR_EC2_DefaultRole",
        "EmrManagedMasterSecurityGroup": spec.primary_security_group,
        "EmrManagedSlaveSecurityGroup": spec.core_security_group,
        "ServiceAccessSecurityGroup": spec.service_access_security_group,
        "Ec2SubnetId": spec.subnet_id,
        "AdditionalMasterSecurityGroups": list(spec.additional_primary_security_groups),
    }
    return {name: value for name, value in attributes.items() if value}


def _master_dns(spec: ClusterSpec) -> str | None:
    """What EMR shows: the public name in a public subnet, else the private one."""
    if spec.master_public_dns_name is not None:
        return spec.master_public_dns_name
    primaries = [i for i in spec.instances if i.role == "MASTER" and i.state == "RUNNING"]
    return (primaries[0].public_dns or primaries[0].private_dns_name) if primaries else None
