"""Which rules of a security group are one, and how EC2 says so."""

from typing import Any

import pytest

from sandbox.aws.ec2.rule_identity import duplicate_message, identities

TCP = {"IpProtocol": "tcp", "FromPort": 8998, "ToPort": 8998}


@pytest.mark.parametrize(
    "other",
    [
        {**TCP, "UserIdGroupPairs": [{"GroupId": "sg-1", "Description": "by hand"}]},
        {**TCP, "UserIdGroupPairs": [{"GroupId": "sg-1", "UserId": "111122223333"}]},
        {**TCP, "IpProtocol": "6", "UserIdGroupPairs": [{"GroupId": "sg-2"}, {"GroupId": "sg-1"}]},
    ],
)
def test_a_rule_is_the_same_whatever_else_its_permission_says(other: dict[str, Any]) -> None:
    [mine] = identities({**TCP, "UserIdGroupPairs": [{"GroupId": "sg-1"}]})

    assert mine in set(identities(other))


@pytest.mark.parametrize(
    "other",
    [
        {**TCP, "UserIdGroupPairs": [{"GroupId": "sg-2"}]},
        {**TCP, "ToPort": 8999, "UserIdGroupPairs": [{"GroupId": "sg-1"}]},
        {**TCP, "IpProtocol": "udp", "UserIdGroupPairs": [{"GroupId": "sg-1"}]},
        {**TCP, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]},
    ],
)
def test_another_peer_port_or_protocol_is_another_rule(other: dict[str, Any]) -> None:
    [mine] = identities({**TCP, "UserIdGroupPairs": [{"GroupId": "sg-1"}]})

    assert mine not in set(identities(other))


@pytest.mark.parametrize(
    ("permission", "rule"),
    [
        (
            {**TCP, "UserIdGroupPairs": [{"GroupId": "sg-1"}]},
            "peer: sg-1, TCP, from port: 8998, to port: 8998, ALLOW",
        ),
        (
            {"IpProtocol": "-1", "FromPort": 0, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]},
            "peer: 0.0.0.0/0, ALL, ALLOW",
        ),
    ],
)
def test_the_refusal_names_peer_protocol_and_ports(permission: dict[str, Any], rule: str) -> None:
    [identity] = identities(permission)

    assert duplicate_message(identity) == f'the specified rule "{rule}" already exists'
