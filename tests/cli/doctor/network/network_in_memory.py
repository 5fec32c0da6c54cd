"""Answers `doctor` from memory, for a VPC with a cluster and its notebooks' subnet."""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cluster_endpoint.aws import OPERATIONS
from emr_notebook.cli.aws.reader import Reader
from emr_notebook.cli.doctor.report import Line, State
from emr_notebook.cli.next_commands import Commands
from emr_notebook.settings.file import parse
from emr_notebook.settings.model import Settings
from tests.assets.cluster_endpoint.emr_api import Api
from tests.assets.cluster_endpoint.emr_records import ACCOUNT, CREATED, REGION, cluster, refused
from tests.cli.aws_in_memory import AwsInMemory, Fields
from tests.conftest import STAGE, Change, stage

VPC, SUBNET = STAGE["network"]["vpc_id"], STAGE["network"]["subnet_id"]
OTHER_VPC, PRIMARY_SUBNET = "vpc-0000000000000000f", "subnet-0000000000000000e"
PRIMARY, GIVEN, ENDPOINT_GROUP = (
    "sg-0000000000000000a",
    "sg-0000000000000000b",
    "sg-000000000000000ee",
)
MADE = "sg-0000000000000000d"
TABLE, NAT, IGW = "rtb-0000000000000000a", "nat-0000000000000000a", "igw-0000000000000000a"
LOGS_ENDPOINT = "vpce-0000000000000000a"
S3_LIST = "pl-6da54004"
STACK = STAGE["stack_name"]
COMMANDS = Commands("test", REGION, has_several_stacks=False)

Check = Callable[[Reader, Settings, Commands], list[Line]]


def permission(peer: str, port: int | None = None, last: int | None = None) -> Fields:
    """A rule in EC2's words: for a TCP port, for some, or for everything."""
    kinds = {"sg-": ("UserIdGroupPairs", "GroupId"), "pl-": ("PrefixListIds", "PrefixListId")}
    kind, name = kinds.get(peer[:3], ("IpRanges", "CidrIp"))
    ports: Fields = {"IpProtocol": "-1"}
    if port is not None:
        ports = {"IpProtocol": "tcp", "FromPort": port, "ToPort": last or port}
    return {**ports, kind: [{name: peer}]}


def group(
    group_id: str, *ingress: Fields, egress: tuple[Fields, ...] = (), vpc: str = VPC
) -> Fields:
    """A security group in EC2's words."""
    return {
        "GroupId": group_id,
        "VpcId": vpc,
        "IpPermissions": list(ingress),
        "IpPermissionsEgress": list(egress),
    }


def subnet(subnet_id: str, cidr: str, *, free: int = 251, vpc: str = VPC) -> Fields:
    """A subnet in EC2's words."""
    return {
        "SubnetId": subnet_id,
        "VpcId": vpc,
        "CidrBlock": cidr,
        "State": "available",
        "AvailableIpAddressCount": free,
        "OwnerId": ACCOUNT,
    }


def endpoint(service: str, **changes: Any) -> Fields:
    """An interface endpoint that has everything, in EC2's words."""
    return {
        "VpcEndpointId": LOGS_ENDPOINT,
        "VpcEndpointType": "Interface",
        "VpcId": VPC,
        "ServiceName": f"com.amazonaws.{REGION}.{service}",
        "State": "available",
        "PrivateDnsEnabled": True,
        "RouteTableIds": [],
        "SubnetIds": [SUBNET],
        "Groups": [{"GroupId": ENDPOINT_GROUP}],
        **changes,
    }


def resource(
    kind: str, logical_id: str, physical_id: str, status: str = "CREATE_COMPLETE"
) -> Fields:
    """A stack's resource in CloudFormation's words."""
    return {
        "ResourceType": f"AWS::EC2::{kind}",
        "LogicalResourceId": logical_id,
        "PhysicalResourceId": physical_id,
        "ResourceStatus": status,
        "LastUpdatedTimestamp": CREATED,
    }


def running(**changes: Any) -> Fields:
    """The cluster, with its primary in this network; changes of its Ec2InstanceAttributes."""
    attributes = {
        "EmrManagedMasterSecurityGroup": PRIMARY,
        "Ec2SubnetId": PRIMARY_SUBNET,
        **changes,
    }
    return cluster(Ec2InstanceAttributes=attributes)


@dataclass
class NetworkWorld(AwsInMemory):
    """EC2's records by kind, and what EMR, CloudFormation and SageMaker add. All is well."""

    records: dict[str, list[Fields]] = field(default_factory=lambda: copy.deepcopy(_HEALTHY))
    dns: dict[str, bool] = field(
        default_factory=lambda: {"enableDnsSupport": True, "enableDnsHostnames": True}
    )
    emr: Api = field(default_factory=lambda: Api([running()]))
    stacks: dict[str, list[Fields]] = field(default_factory=dict)
    notebooks: list[str] = field(default_factory=list)
    repositories: list[Fields] = field(default_factory=list)

    def __post_init__(self) -> None:
        filters = {
            "describe_vpcs": ("Vpcs", {"vpc-id": "VpcId"}),
            "describe_subnets": ("Subnets", {"subnet-id": "SubnetId", "vpc-id": "VpcId"}),
            "describe_security_groups": ("SecurityGroups", {"group-id": "GroupId"}),
            "describe_route_tables": ("RouteTables", {"vpc-id": "VpcId"}),
            "describe_vpc_endpoints": ("VpcEndpoints", {"vpc-id": "VpcId"}),
            "describe_prefix_lists": ("PrefixLists", {"prefix-list-name": "PrefixListName"}),
        }
        for method, (items, fields) in filters.items():
            self.answers["ec2", method] = self._filtered(items, fields)
        self.answers |= {
            ("ec2", "describe_vpc_attribute"): self._attribute,
            ("cloudformation", "list_stack_resources"): self._resources,
            ("sagemaker", "list_notebook_instances"): self._notebooks,
            ("sagemaker", "list_code_repositories"): lambda _: {
                "CodeRepositorySummaryList": self.repositories
            },
        }
        for name, operation in OPERATIONS.items():
            if operation.service != "cloudformation":
                known = (operation.service, operation.method)
                self.answers[known] = lambda given, name=name: self.emr.answer_to(name, given, 0)  # type: ignore[misc]

    def of(self, kind: str, identity: str) -> Fields:
        """The record with this id, to change it."""
        [found] = [each for each in self.records[kind] if identity in each.values()]
        return found

    def remove(self, kind: str, identity: str) -> None:
        """Delete the record with this id."""
        self.records[kind].remove(self.of(kind, identity))

    def _filtered(self, items: str, fields: dict[str, str]) -> Callable[[Fields], Fields]:
        def answer(given: Fields) -> Fields:
            [wanted] = given["Filters"]
            # EC2's own limit.
            assert 0 < len(wanted["Values"]) <= 200
            name = fields[wanted["Name"]]
            return {items: [e for e in self.records[items] if e[name] in wanted["Values"]]}

        return answer

    def _attribute(self, given: Fields) -> Fields:
        if not any(each["VpcId"] == given["VpcId"] for each in self.records["Vpcs"]):
            raise refused("InvalidVpcID.NotFound", "The vpc ID does not exist")
        name = given["Attribute"]
        return {"VpcId": given["VpcId"], name[0].upper() + name[1:]: {"Value": self.dns[name]}}

    def _resources(self, given: Fields) -> Fields:
        name = given["StackName"]
        if name not in self.stacks:
            raise refused("ValidationError", f"Stack with id {name} does not exist")
        return {"StackResourceSummaries": self.stacks[name]}

    def _notebooks(self, given: Fields) -> Fields:
        named = [each for each in self.notebooks if given.get("NameContains", "") in each]
        status = {"NotebookInstanceStatus": "InService", "NotebookInstanceArn": "arn"}
        return {"NotebookInstances": [{"NotebookInstanceName": e, **status} for e in named]}


def settings(change: Change = lambda _: None) -> Settings:
    """A stage of one notebook, changed in place."""
    return parse(stage(change))


def lines(check: Check, world: AwsInMemory, asked: Settings | None = None) -> dict[str, Line]:
    """The lines of an area, by what they are about."""
    found = check(world.reader(), asked or settings(), COMMANDS)
    by_name = {line.subject: line for line in found}
    assert len(by_name) == len(found)
    return by_name


def failing(found: dict[str, Line]) -> list[str]:
    """What is wrong."""
    return [subject for subject, line in found.items() if line.state is State.FAILED]


def unknown(found: dict[str, Line]) -> dict[str, str]:
    """What could not be found out, and why; without what nobody here can know."""
    return {
        subject: line.what
        for subject, line in found.items()
        if line.state is State.NOT_CHECKED and line.counts
    }


def default_route(**target: str) -> Fields:
    """The route to everywhere."""
    return {"DestinationCidrBlock": "0.0.0.0/0", "State": "active", **target}


_HEALTHY: dict[str, list[Fields]] = {
    "Vpcs": [
        {
            "VpcId": VPC,
            "CidrBlock": "10.0.0.0/16",
            "State": "available",
            "OwnerId": ACCOUNT,
            "CidrBlockAssociationSet": [
                {"CidrBlock": "10.0.0.0/16", "CidrBlockState": {"State": "associated"}},
                {"CidrBlock": "10.9.0.0/16", "CidrBlockState": {"State": "disassociated"}},
            ],
        }
    ],
    "Subnets": [subnet(SUBNET, "10.0.1.0/24"), subnet(PRIMARY_SUBNET, "10.0.2.0/24")],
    "SecurityGroups": [
        group(PRIMARY, permission("10.0.1.0/24", 8998)),
        group(GIVEN, egress=(permission("0.0.0.0/0"),)),
        group(ENDPOINT_GROUP, permission("10.0.0.0/16", 443)),
    ],
    "RouteTables": [
        {
            "RouteTableId": TABLE,
            "VpcId": VPC,
            "Associations": [{"Main": True, "RouteTableId": TABLE}],
            "Routes": [
                {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "State": "active"}
            ],
        }
    ],
    "VpcEndpoints": [endpoint("logs")],
    "PrefixLists": [
        {"PrefixListId": S3_LIST, "PrefixListName": f"com.amazonaws.{REGION}.s3", "Cidrs": []},
        {"PrefixListId": "pl-0db", "PrefixListName": f"com.amazonaws.{REGION}.dynamodb"},
    ],
}
