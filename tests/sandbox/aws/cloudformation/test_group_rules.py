"""Security group rules in CloudFormation: which EC2 refuses, and what they may point at."""

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.aws import RunningAws
from tests.sandbox.aws.running_aws import Stack, create_network, resource, running_aws

pytestmark = pytest.mark.sandbox

LIVY = {"IpProtocol": "tcp", "FromPort": 8998, "ToPort": 8998}


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAws]:
    with running_aws(tmp_path_factory.mktemp("rules")) as running:
        yield running


def ingress(group: str, source: str) -> dict[str, Any]:
    properties = {"GroupId": group, "SourceSecurityGroupId": source, **LIVY}
    return {"Rule": resource("AWS::EC2::SecurityGroupIngress", properties)}


def group_of(aws: RunningAws, identity: str) -> dict[str, Any]:
    [found] = aws.client("ec2").describe_security_groups(GroupIds=[identity])["SecurityGroups"]
    return dict(found)


def refusal(source: str) -> str:
    peer = f"peer: {source}, TCP, from port: 8998, to port: 8998, ALLOW"
    return f'the specified rule "{peer}" already exists'


def test_a_rule_made_by_hand_is_in_the_way_of_a_stacks(aws: RunningAws, stack: Stack) -> None:
    _, _, primary = create_network(aws)
    pair = {"GroupId": primary, "Description": "by hand"}
    aws.client("ec2").authorize_security_group_ingress(
        GroupId=primary, IpPermissions=[{**LIVY, "UserIdGroupPairs": [pair]}]
    )

    assert stack.create(ingress(primary, primary)) == "ROLLBACK_COMPLETE"
    assert refusal(primary) in stack.reasons()
    [rule] = group_of(aws, primary)["IpPermissions"]
    assert rule["UserIdGroupPairs"][0]["Description"] == "by hand"


def test_a_rule_of_one_stack_is_in_the_way_of_anothers(aws: RunningAws, stack: Stack) -> None:
    _, _, primary = create_network(aws)
    Stack(aws, "first-rule").create(ingress(primary, primary))

    assert stack.create(ingress(primary, primary)) == "ROLLBACK_COMPLETE"
    assert refusal(primary) in stack.reasons()
    assert len(group_of(aws, primary)["IpPermissions"]) == 1


def test_an_egress_rule_may_lead_to_a_prefix_list(aws: RunningAws, stack: Stack) -> None:
    vpc_id, _, _ = create_network(aws)
    rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    group = {
        "GroupDescription": "books",
        "VpcId": vpc_id,
        "SecurityGroupEgress": [{**rule, "DestinationPrefixListId": "pl-0a1b2c3d"}],
    }
    other = {"GroupId": {"Fn::GetAtt": ["Books", "GroupId"]}, **rule}
    created = stack.create(
        {
            "Books": resource("AWS::EC2::SecurityGroup", group),
            "More": resource(
                "AWS::EC2::SecurityGroupEgress", {**other, "DestinationPrefixListId": "pl-4e5f6a7b"}
            ),
        }
    )

    assert created == "CREATE_COMPLETE"
    found = group_of(aws, stack.physical_id("Books"))["IpPermissionsEgress"]
    lists = [each["PrefixListId"] for rule in found for each in rule["PrefixListIds"]]
    assert lists == ["pl-0a1b2c3d", "pl-4e5f6a7b"]
    assert [rule["FromPort"] for rule in found] == [443, 443]
