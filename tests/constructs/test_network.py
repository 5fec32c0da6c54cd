"""Tests who reaches what: the notebooks' security group and the rule at the primary node."""

from typing import Any

import pytest
from aws_cdk.assertions import Template

from tests.conftest import template
from tests.templates import (
    ENDPOINT,
    GROUP,
    INGRESS,
    INSTANCE,
    PRIMARY,
    properties,
    resources,
)

OTHER = "sg-0fedcba9876543210"
GIVEN = ["sg-00000000000000001", "sg-00000000000000002"]


def with_group(data: dict[str, Any]) -> None:
    data["clusters"]["analytics"].update(security_group_id=PRIMARY, ingress="create")


def egress(found: Template) -> list[dict[str, Any]]:
    """The rules of the made group without their descriptions."""
    return [
        {name: value for name, value in rule.items() if name != "Description"}
        for rule in properties(found, GROUP)["SecurityGroupEgress"]
    ]


def to(port: int, protocol: str = "tcp", **destination: str) -> dict[str, Any]:
    return {"IpProtocol": protocol, "FromPort": port, "ToPort": port, **destination}


class TestMadeGroup:
    def test_lets_notebooks_reach_livy_https_in_the_vpc_and_s3_and_nothing_else(self) -> None:
        def change(data: dict[str, Any]) -> None:
            with_group(data)
            data["network"]["s3_prefix_list_id"] = "pl-6da54004"

        assert egress(template(change)) == [
            to(8998, DestinationSecurityGroupId=PRIMARY),
            to(443, CidrIp="10.0.0.0/16"),
            to(443, DestinationPrefixListId="pl-6da54004"),
        ]

    def test_lets_nothing_reach_a_notebook(self) -> None:
        found = template(with_group)

        assert "SecurityGroupIngress" not in properties(found, GROUP)
        made = {"Fn::GetAtt": [next(iter(resources(found, GROUP))), "GroupId"]}
        admitted_to = [each["Properties"]["GroupId"] for each in resources(found, INGRESS).values()]
        assert made not in admitted_to

    def test_is_of_the_given_vpc_and_each_notebooks_only_group(self) -> None:
        found = template()

        (name,) = resources(found, GROUP)
        assert properties(found, GROUP)["VpcId"] == "vpc-0a1b2c3d4e5f60718"
        assert properties(found, INSTANCE)["SecurityGroupIds"] == [
            {"Fn::GetAtt": [name, "GroupId"]}
        ]

    def test_reaches_a_cluster_whose_group_is_not_given_in_the_vpcs_range(self) -> None:
        assert to(8998, CidrIp="10.0.0.0/16") in egress(template())

    def test_reaches_livy_on_the_clusters_own_port(self) -> None:
        def change(data: dict[str, Any]) -> None:
            with_group(data)
            data["clusters"]["analytics"]["port"] = 9443

        assert to(9443, DestinationSecurityGroupId=PRIMARY) in egress(template(change))

    def test_has_no_rule_for_endpoints_whose_range_is_not_given(self) -> None:
        def change(data: dict[str, Any]) -> None:
            with_group(data)
            del data["network"]["vpc_cidr"]

        assert egress(template(change)) == [to(8998, DestinationSecurityGroupId=PRIMARY)]

    @pytest.mark.parametrize(
        ("given", "rule"),
        [
            ({"port": 443, "cidr": "192.0.2.0/24"}, to(443, CidrIp="192.0.2.0/24")),
            (
                {"port": 53, "protocol": "udp", "cidr": "10.0.0.2/32"},
                to(53, "udp", CidrIp="10.0.0.2/32"),
            ),
            (
                {"port": 5432, "security_group_id": OTHER},
                to(5432, DestinationSecurityGroupId=OTHER),
            ),
            (
                {"port": 443, "prefix_list_id": "pl-0123456789abcdef0"},
                to(443, DestinationPrefixListId="pl-0123456789abcdef0"),
            ),
        ],
    )
    def test_extra_egress_adds_one_rule_with_its_reason(
        self, given: dict[str, Any], rule: dict[str, Any]
    ) -> None:
        because = "The team's package index"

        def change(data: dict[str, Any]) -> None:
            data["network"]["extra_egress"] = [{**given, "because": "The teams package index"}]

        before, after = egress(template()), egress(template(change))
        described = properties(template(change), GROUP)["SecurityGroupEgress"][-1]["Description"]

        assert after == [*before, rule]
        assert described == because.replace("'", "")

    def test_extra_egress_is_added_in_the_order_of_the_settings(self) -> None:
        def change(data: dict[str, Any]) -> None:
            data["network"]["extra_egress"] = [
                {"port": 636, "cidr": "192.0.2.0/24", "because": "The directory"},
                {"port": 22, "cidr": "198.51.100.0/24", "because": "Git over SSH"},
            ]

        assert egress(template(change))[-2:] == [
            to(636, CidrIp="192.0.2.0/24"),
            to(22, CidrIp="198.51.100.0/24"),
        ]


class TestIngress:
    def test_the_primary_admits_the_notebooks_to_livy_alone(self) -> None:
        found = template(with_group)

        (group,) = resources(found, GROUP)
        assert properties(found, INGRESS) == {
            "GroupId": PRIMARY,
            "Description": "Livy, from SageMaker notebooks",
            **to(8998),
            "SourceSecurityGroupId": {"Fn::GetAtt": [group, "GroupId"]},
        }

    def test_an_external_rule_is_not_made_again_but_livy_is_reached(self) -> None:
        def change(data: dict[str, Any]) -> None:
            with_group(data)
            data["clusters"]["analytics"]["ingress"] = "external"

        found = template(change)

        assert resources(found, INGRESS) == {}
        assert to(8998, DestinationSecurityGroupId=PRIMARY) in egress(found)

    @pytest.mark.parametrize(
        ("second", "rules"),
        [
            ({"security_group_id": PRIMARY}, [(PRIMARY, 8998)]),
            ({"security_group_id": PRIMARY, "port": 9443}, [(PRIMARY, 8998), (PRIMARY, 9443)]),
            ({"security_group_id": OTHER}, [(PRIMARY, 8998), (OTHER, 8998)]),
        ],
    )
    def test_clusters_that_share_group_and_port_share_the_rules(
        self, second: dict[str, Any], rules: list[tuple[str, int]]
    ) -> None:
        def change(data: dict[str, Any]) -> None:
            with_group(data)
            data["clusters"]["second"] = {"id": "j-SECOND", "ingress": "create", **second}

        found = template(change)

        made = [each["Properties"] for each in resources(found, INGRESS).values()]
        assert sorted((each["GroupId"], each["ToPort"]) for each in made) == rules
        livy = [each for each in egress(found) if "DestinationSecurityGroupId" in each]
        assert [(each["DestinationSecurityGroupId"], each["ToPort"]) for each in livy] == rules

    def test_a_rule_keeps_its_logical_id_when_another_cluster_takes_the_groups_place(self) -> None:
        """Another one would be made before the old one goes, and EC2 takes a rule once."""

        def renamed(data: dict[str, Any]) -> None:
            with_group(data)
            data["clusters"] = {"nightly": {**data["clusters"]["analytics"], "id": "j-NIGHTLY"}}
            data["notebooks"]["alice"]["cluster"] = "nightly"

        assert set(resources(template(with_group), INGRESS)) == set(
            resources(template(renamed), INGRESS)
        )


class TestGivenGroups:
    @staticmethod
    def given(data: dict[str, Any]) -> None:
        with_group(data)
        data["network"]["security_group_ids"] = GIVEN

    def test_are_used_and_none_is_made(self) -> None:
        found = template(self.given)

        assert resources(found, GROUP) == {}
        assert properties(found, INSTANCE)["SecurityGroupIds"] == GIVEN

    def test_are_each_admitted_to_livy(self) -> None:
        made = [each["Properties"] for each in resources(template(self.given), INGRESS).values()]

        assert sorted(each["SourceSecurityGroupId"] for each in made) == GIVEN
        assert {(each["GroupId"], each["ToPort"]) for each in made} == {(PRIMARY, 8998)}

    def test_are_left_as_they_are(self) -> None:
        def external(data: dict[str, Any]) -> None:
            self.given(data)
            data["clusters"]["analytics"]["ingress"] = "external"

        assert resources(template(external), INGRESS) == {}
        assert resources(template(external), "AWS::EC2::SecurityGroupEgress") == {}


class TestOpenedPort:
    """What the resolver compares with the port that it finds."""

    def test_is_the_port_of_the_rules_that_are_made(self) -> None:
        def change(data: dict[str, Any]) -> None:
            data["clusters"]["analytics"]["port"] = 9443

        assert properties(template(change), ENDPOINT)["OpenedPort"] == "9443"

    def test_is_the_port_of_the_url_as_well(self) -> None:
        def change(data: dict[str, Any]) -> None:
            data["clusters"]["analytics"]["port"] = 9443

        assert properties(template(change), ENDPOINT)["Port"] == "9443"
        assert "Port" not in properties(template(), ENDPOINT)

    def test_is_absent_when_no_rule_is_made(self) -> None:
        def change(data: dict[str, Any]) -> None:
            data["network"]["security_group_ids"] = GIVEN

        assert "OpenedPort" not in properties(template(change), ENDPOINT)

    def test_is_there_for_given_groups_that_a_rule_admits(self) -> None:
        assert properties(template(TestGivenGroups.given), ENDPOINT)["OpenedPort"] == "8998"


def test_a_livy_on_443_in_the_vpcs_range_makes_one_rule_and_not_the_same_twice() -> None:
    found = template(lambda data: data["clusters"]["analytics"].update(port=443))

    rules = properties(found, "AWS::EC2::SecurityGroup")["SecurityGroupEgress"]
    assert [(rule["ToPort"], rule["CidrIp"]) for rule in rules] == [(443, "10.0.0.0/16")]
