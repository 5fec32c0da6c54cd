"""The sandbox's network: what its seed holds, and how endpoints are made as EC2 makes them."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.aws import RunningAws
from sandbox.aws.ec2.seed import put_network
from tests.sandbox.aws.running_aws import create_network, running_aws

pytestmark = pytest.mark.sandbox

LOGS = "com.amazonaws.eu-west-1.logs"


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAws]:
    with running_aws(tmp_path_factory.mktemp("network")) as running:
        yield running


@pytest.fixture
def network(aws: RunningAws) -> tuple[str, str, str]:
    """A VPC whose names are resolved, its subnet, and a security group."""
    found = create_network(aws)
    aws.client("ec2").modify_vpc_attribute(VpcId=found[0], EnableDnsHostnames={"Value": True})
    return found


def endpoint(aws: RunningAws, vpc: str, **options: Any) -> dict[str, Any]:
    """Make an endpoint, and say what EC2 shows of it."""
    ec2 = aws.client("ec2")
    options = {"VpcEndpointType": "Interface", "ServiceName": LOGS, **options}
    made = ec2.create_vpc_endpoint(VpcId=vpc, **options)["VpcEndpoint"]
    shown = ec2.describe_vpc_endpoints(VpcEndpointIds=[made["VpcEndpointId"]])["VpcEndpoints"]
    assert shown == [made]
    return dict(made)


def test_an_interface_endpoint_has_its_groups_and_the_services_name(
    aws: RunningAws, network: tuple[str, str, str]
) -> None:
    vpc, subnet, group = network
    made = endpoint(aws, vpc, SubnetIds=[subnet], SecurityGroupIds=[group])

    assert [each["GroupId"] for each in made["Groups"]] == [group]
    assert made["PrivateDnsEnabled"] is True


def test_an_interface_endpoint_without_groups_has_the_vpcs_own(
    aws: RunningAws, network: tuple[str, str, str]
) -> None:
    vpc, subnet, group = network
    [found] = endpoint(aws, vpc, SubnetIds=[subnet])["Groups"]

    assert found["GroupId"] != group


def test_a_gateway_endpoint_has_neither(aws: RunningAws, network: tuple[str, str, str]) -> None:
    s3 = LOGS.replace("logs", "s3")
    made = endpoint(aws, network[0], VpcEndpointType="Gateway", ServiceName=s3)

    assert (made["Groups"], made["PrivateDnsEnabled"]) == ([], False)


def test_a_services_name_is_taken_over_later(
    aws: RunningAws, network: tuple[str, str, str]
) -> None:
    made = endpoint(aws, network[0], PrivateDnsEnabled=False)
    assert made["PrivateDnsEnabled"] is False

    ec2, ids = aws.client("ec2"), [made["VpcEndpointId"]]
    ec2.modify_vpc_endpoint(VpcEndpointId=ids[0], PrivateDnsEnabled=True)
    [shown] = ec2.describe_vpc_endpoints(VpcEndpointIds=ids)["VpcEndpoints"]
    assert shown["PrivateDnsEnabled"] is True


def test_a_services_name_is_not_taken_over_in_a_vpc_that_resolves_none(aws: RunningAws) -> None:
    vpc, _, _ = create_network(aws)
    with pytest.raises(ClientError, match="requires both enableDnsSupport and enableDnsHostnames"):
        endpoint(aws, vpc)
    made = endpoint(aws, vpc, PrivateDnsEnabled=False)
    with pytest.raises(ClientError, match=f"set to true for {vpc}"):
        aws.client("ec2").modify_vpc_endpoint(
            VpcEndpointId=made["VpcEndpointId"], PrivateDnsEnabled=True
        )


def test_a_vpc_that_settings_name_has_a_main_route_table_that_leads_nowhere(
    aws: RunningAws,
) -> None:
    vpc = "vpc-0a1b2c3d4e5f60718"
    put_network(aws.state, vpc_id=vpc, vpc_cidr="10.0.0.0/16", subnet_id="subnet-1", group_ids=[])
    filters = [{"Name": "vpc-id", "Values": [vpc]}]
    [table] = aws.client("ec2").describe_route_tables(Filters=filters)["RouteTables"]

    assert [each["Main"] for each in table["Associations"]] == [True]
    assert [each["DestinationCidrBlock"] for each in table["Routes"]] == ["10.0.0.0/16"]


def test_a_rule_for_a_prefix_list_is_kept_and_revoked(
    aws: RunningAws, network: tuple[str, str, str]
) -> None:
    ec2, group = aws.client("ec2"), network[2]
    lists = [{"PrefixListId": "pl-0a1b2c3d", "Description": "S3"}]
    rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "PrefixListIds": lists}

    def listed() -> list[Any]:
        [found] = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
        return [each["PrefixListIds"] for each in found["IpPermissionsEgress"]]

    before = listed()
    ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[rule])
    assert listed() == [*before, lists]
    ec2.revoke_security_group_egress(GroupId=group, IpPermissions=[rule])
    assert listed() == before


def test_a_rule_is_revoked_whatever_its_description(
    aws: RunningAws, network: tuple[str, str, str]
) -> None:
    ec2, group = aws.client("ec2"), network[2]
    rule = {"IpProtocol": "tcp", "FromPort": 8998, "ToPort": 8998}
    described = [{"GroupId": group, "Description": "Livy"}]
    ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=[{**rule, "UserIdGroupPairs": described}]
    )
    ec2.revoke_security_group_ingress(
        GroupId=group, IpPermissions=[{**rule, "UserIdGroupPairs": [{"GroupId": group}]}]
    )

    [found] = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    assert found["IpPermissions"] == []


def test_a_subnet_has_the_addresses_of_its_range_less_five_and_those_in_use(
    aws: RunningAws, network: tuple[str, str, str]
) -> None:
    ec2 = aws.client("ec2")
    subnet = ec2.create_subnet(VpcId=network[0], CidrBlock="10.0.9.0/28")["Subnet"]
    assert subnet["AvailableIpAddressCount"] == 11

    ec2.create_network_interface(SubnetId=subnet["SubnetId"])
    [shown] = ec2.describe_subnets(SubnetIds=[subnet["SubnetId"]])["Subnets"]
    assert shown["AvailableIpAddressCount"] == 10
