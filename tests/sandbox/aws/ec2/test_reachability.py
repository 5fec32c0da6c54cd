"""What a notebook in a VPC reaches of AWS is what its routes, endpoints and groups let it reach.

What is expected is from the VPC's user guide and the guide on PrivateLink: gateway endpoints are
for the route tables that name them, and their addresses are a prefix list; an interface endpoint
takes over its service's name with private DNS alone, and its groups admit; through an internet
gateway gets only who has a public address.
"""

import configparser
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from sandbox.aws import RunningAws
from tests.sandbox.aws.running_aws import ROLE, create_network, running_aws

pytestmark = pytest.mark.sandbox

RANGE = "10.0.0.0/16"
ALL = {"s3", "sagemaker", "sts", "cloudwatch_logs", "secrets_manager", "others"}


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAws]:
    with running_aws(tmp_path_factory.mktemp("reachability")) as running:
        yield running


@dataclass
class Private:
    """A VPC out of which nothing leads, and a group that lets nothing out."""

    aws: RunningAws
    vpc_id: str = ""
    subnet_id: str = ""
    group_id: str = ""
    table_id: str = ""
    properties: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ec2 = self.aws.client("ec2")
        self.vpc_id, self.subnet_id, self.group_id = create_network(self.aws)
        self.ec2.modify_vpc_attribute(VpcId=self.vpc_id, EnableDnsHostnames={"Value": True})
        [group] = self.ec2.describe_security_groups(GroupIds=[self.group_id])["SecurityGroups"]
        self.ec2.revoke_security_group_egress(
            GroupId=self.group_id, IpPermissions=group["IpPermissionsEgress"]
        )
        own = [{"Name": "vpc-id", "Values": [self.vpc_id]}]
        self.table_id = self.ec2.describe_route_tables(Filters=own)["RouteTables"][0][
            "RouteTableId"
        ]

    def let_out(self, cidr: str = "", **peers: Any) -> None:
        peers = peers or {"IpRanges": [{"CidrIp": cidr}]}
        rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, **peers}
        self.ec2.authorize_security_group_egress(GroupId=self.group_id, IpPermissions=[rule])

    def let_out_to_s3(self) -> None:
        name = {"Name": "prefix-list-name", "Values": ["com.amazonaws.eu-west-1.s3"]}
        [found] = self.ec2.describe_prefix_lists(Filters=[name])["PrefixLists"]
        self.let_out(PrefixListIds=[{"PrefixListId": found["PrefixListId"]}])

    def gateway(self, *tables: str) -> None:
        self.ec2.create_vpc_endpoint(
            VpcId=self.vpc_id, ServiceName="com.amazonaws.eu-west-1.s3", RouteTableIds=tables
        )

    def interface(self, *, admitted: str = RANGE, private_dns: bool = True) -> None:
        group = self.ec2.create_security_group(
            GroupName="endpoint", Description="HTTPS", VpcId=self.vpc_id
        )["GroupId"]
        self.ec2.authorize_security_group_ingress(
            GroupId=group, IpProtocol="tcp", FromPort=443, ToPort=443, CidrIp=admitted
        )
        self.ec2.create_vpc_endpoint(
            VpcId=self.vpc_id,
            ServiceName="com.amazonaws.eu-west-1.sagemaker.api",
            VpcEndpointType="Interface",
            SubnetIds=[self.subnet_id],
            SecurityGroupIds=[group],
            PrivateDnsEnabled=private_dns,
        )

    def default_route(self, **target: str) -> None:
        self.ec2.create_route(
            RouteTableId=self.table_id, DestinationCidrBlock="0.0.0.0/0", **target
        )

    def reached(self) -> set[str]:
        """What a notebook that starts now is told to reach."""
        name = self.vpc_id
        self.aws.client("sagemaker").create_notebook_instance(
            **{
                "NotebookInstanceName": name,
                "InstanceType": "ml.t3.medium",
                "RoleArn": ROLE,
                "SubnetId": self.subnet_id,
                "SecurityGroupIds": [self.group_id],
                "DirectInternetAccess": "Disabled",
                **self.properties,
            }
        )
        config = configparser.ConfigParser()
        config.read(self.aws.state / "lifecycle" / name / "aws" / "config")
        # A service's own settings are lines below its name.
        endpoints = {key: value.split()[-1] for key, value in config["services reached"].items()}
        endpoints["others"] = config["default"]["endpoint_url"]
        return {key for key, value in endpoints.items() if value == self.aws.endpoint}


def _nothing(_: Private) -> None:
    pass


def _gateway(at: Private) -> None:
    at.gateway(at.table_id)
    at.let_out_to_s3()


def _gateway_of_no_table(at: Private) -> None:
    at.gateway()
    at.let_out_to_s3()


def _gateway_and_rule_for_the_vpc(at: Private) -> None:
    at.gateway(at.table_id)
    at.let_out(RANGE)


def _interface(at: Private) -> None:
    at.interface()
    at.let_out(RANGE)


def _interface_without_name(at: Private) -> None:
    at.interface(private_dns=False)
    at.let_out(RANGE)


def _interface_that_admits_others(at: Private) -> None:
    at.interface(admitted="10.0.9.0/24")
    at.let_out(RANGE)


def _interface_without_rule(at: Private) -> None:
    at.interface()


def _nat(at: Private) -> None:
    at.default_route(NatGatewayId="nat-0a1b2c3d")
    at.let_out("0.0.0.0/0")


def _nat_without_rule(at: Private) -> None:
    at.default_route(NatGatewayId="nat-0a1b2c3d")
    at.let_out(RANGE)


def _nat_beside_a_closed_interface(at: Private) -> None:
    _nat(at)
    at.interface(admitted="10.0.9.0/24")


def _internet_gateway(at: Private) -> None:
    at.default_route(GatewayId="igw-0a1b2c3d")
    at.let_out("0.0.0.0/0")


def _sagemakers_network(at: Private) -> None:
    at.properties = {"DirectInternetAccess": "Enabled"}


@pytest.mark.parametrize(
    ("network", "reached"),
    [
        (_nothing, set()),
        (_gateway, {"s3"}),
        (_gateway_of_no_table, set()),
        (_gateway_and_rule_for_the_vpc, set()),
        (_interface, {"sagemaker"}),
        (_interface_without_name, set()),
        (_interface_that_admits_others, set()),
        (_interface_without_rule, set()),
        (_nat, ALL),
        (_nat_without_rule, set()),
        (_nat_beside_a_closed_interface, ALL - {"sagemaker"}),
        (_internet_gateway, set()),
        (_sagemakers_network, ALL),
    ],
)
def test_a_notebook_reaches(
    aws: RunningAws, network: Callable[[Private], None], reached: set[str]
) -> None:
    private = Private(aws)
    network(private)

    assert private.reached() == reached
