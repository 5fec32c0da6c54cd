"""`emr-notebook doctor` on the network: what is broken singly, what mends it, what is denied.

The stage `inside` has no way to the internet: its subnet has endpoints, its notebooks a security
group of the user's own, which a rule made by hand admits to Livy.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.end_to_end.doctor_world import HEALTHY, DoctorWorld, Report, doctor_world
from tests.end_to_end.resolver_world import NETWORK, PRIMARY_GROUP

pytestmark = [pytest.mark.sandbox, pytest.mark.minutes(1.5)]

INSIDE, REGION = "inside", "eu-west-1"
VPC, VPC_CIDR = NETWORK["vpc_id"], NETWORK["vpc_cidr"]
RULE, WAY, OF = (f"{line} of analytics" for line in ("Livy rule", "way to Livy", "security group"))


@dataclass(frozen=True)
class Inside:
    """The world with the ids that EC2 has given, and doctor's report when all is well."""

    world: DoctorWorld
    ec2: Any
    subnet: str
    table: str
    group: str
    endpoint: str
    endpoint_group: str
    gateway: str
    s3_list: str
    healthy: Report | None = None

    @property
    def logs(self) -> str:
        return f"CloudWatch Logs from {self.subnet}"

    @property
    def s3(self) -> str:
        return f"S3 from {self.subnet}"

    def lines_but(self, *broken: str) -> dict[str, str]:
        """The states of all lines of the healthy report without these."""
        assert self.healthy
        states = self.healthy.states()
        return {subject: state for subject, state in states.items() if subject not in broken}

    def doctor(self, **env: str) -> Report:
        return self.world.doctor(INSIDE, **env)

    def write(self, stage: str = INSIDE, *, more: Any = None, **network: Any) -> None:
        """The stage, with changes of its network, and more settings."""
        cluster = HEALTHY["clusters"]["analytics"] | {"ingress": "external"}
        given = {
            "vpc_id": VPC,
            "subnet_id": self.subnet,
            "vpc_cidr": VPC_CIDR,
            "security_group_ids": [self.group],
            "s3_prefix_list_id": self.s3_list,
            **network,
        }
        settings = {"clusters": {"analytics": cluster}, "network": given, **(more or {})}
        self.world.write_stage(stage, **settings)


@pytest.fixture(scope="module")
def inside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inside]:
    with doctor_world(tmp_path_factory.mktemp("network")) as world:
        made = _inside(world)
        made.write()
        healthy = made.doctor()
        assert healthy.code == 0, healthy.ran.out
        yield replace(made, healthy=healthy)


def _inside(world: DoctorWorld) -> Inside:
    ec2 = world.client("ec2")
    subnet = ec2.create_subnet(VpcId=VPC, CidrBlock="10.0.5.0/24")["Subnet"]["SubnetId"]
    table = ec2.create_route_table(VpcId=VPC)["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    group, endpoint_group = _group(ec2, "notebooks"), _group(ec2, "endpoints")
    s3 = f"com.amazonaws.{REGION}.s3"
    filters = [{"Name": "prefix-list-name", "Values": [s3]}]
    [s3_list] = ec2.describe_prefix_lists(Filters=filters)["PrefixLists"]
    interface = ec2.create_vpc_endpoint(
        VpcId=VPC,
        ServiceName=f"com.amazonaws.{REGION}.logs",
        VpcEndpointType="Interface",
        SubnetIds=[subnet],
        SecurityGroupIds=[endpoint_group],
    )["VpcEndpoint"]
    gateway = ec2.create_vpc_endpoint(VpcId=VPC, ServiceName=s3, RouteTableIds=[table])
    made = Inside(
        world,
        ec2,
        subnet,
        table,
        group,
        interface["VpcEndpointId"],
        endpoint_group,
        gateway["VpcEndpoint"]["VpcEndpointId"],
        s3_list["PrefixListId"],
    )
    for rule in (*_egress(made), *_ingress(made)):
        rule(ec2, "authorize")
    return made


def _group(ec2: Any, name: str) -> str:
    """A group that lets nothing in and nothing out."""
    made = ec2.create_security_group(GroupName=name, Description=name, VpcId=VPC)["GroupId"]
    everything = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.revoke_security_group_egress(GroupId=made, IpPermissions=[everything])
    return str(made)


Rule = Callable[[Any, str], None]


def _rule(direction: str, group: str, port: int, **peer: Any) -> Rule:
    permission = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **peer}

    def do(ec2: Any, verb: str) -> None:
        act = getattr(ec2, f"{verb}_security_group_{direction}")
        act(GroupId=group, IpPermissions=[permission])

    return do


def _egress(at: Inside) -> tuple[Rule, Rule, Rule]:
    """To Livy, to the endpoints, to S3."""
    return (
        _rule("egress", at.group, 8998, UserIdGroupPairs=[{"GroupId": PRIMARY_GROUP}]),
        _rule("egress", at.group, 443, IpRanges=[{"CidrIp": VPC_CIDR}]),
        _rule("egress", at.group, 443, PrefixListIds=[{"PrefixListId": at.s3_list}]),
    )


def _ingress(at: Inside) -> tuple[Rule, Rule]:
    """To the primary, to the endpoint."""
    return (
        _rule("ingress", PRIMARY_GROUP, 8998, UserIdGroupPairs=[{"GroupId": at.group}]),
        _rule("ingress", at.endpoint_group, 443, IpRanges=[{"CidrIp": VPC_CIDR}]),
    )


def _off(at: Inside, attribute: str) -> None:
    at.ec2.modify_vpc_attribute(VpcId=VPC, **{attribute: {"Value": False}})


def _dns(_: Inside) -> str:
    return f"DNS of {VPC}"


def _logs(at: Inside) -> str:
    return at.logs


def _s3(at: Inside) -> str:
    return at.s3


def _endpoints(at: Inside, service: str) -> list[str]:
    found = at.ec2.describe_vpc_endpoints()["VpcEndpoints"]
    return [e["VpcEndpointId"] for e in found if e["ServiceName"].endswith(f".{service}")]


# Each breaks one thing; the line that fails; the printed commands mend it.
BROKEN: dict[str, tuple[Callable[[Inside], object], Callable[[Inside], str]]] = {
    "the rule to Livy revoked": (lambda at: _ingress(at)[0](at.ec2, "revoke"), lambda _: RULE),
    "the way to Livy closed": (lambda at: _egress(at)[0](at.ec2, "revoke"), lambda _: WAY),
    "the way to endpoints closed": (lambda at: _egress(at)[1](at.ec2, "revoke"), _logs),
    "the way to S3 closed": (lambda at: _egress(at)[2](at.ec2, "revoke"), _s3),
    "DNS support off": (lambda at: _off(at, "EnableDnsSupport"), _dns),
    "DNS host names off": (lambda at: _off(at, "EnableDnsHostnames"), _dns),
    "the endpoint's group shut": (lambda at: _ingress(at)[1](at.ec2, "revoke"), _logs),
    "the endpoint without the service's name": (
        lambda at: at.ec2.modify_vpc_endpoint(
            VpcEndpointId=_endpoints(at, "logs")[0], PrivateDnsEnabled=False
        ),
        _logs,
    ),
    "no endpoint for logs": (
        lambda at: at.ec2.delete_vpc_endpoints(VpcEndpointIds=_endpoints(at, "logs")),
        _logs,
    ),
    "the gateway not in the route table": (
        lambda at: at.ec2.modify_vpc_endpoint(
            VpcEndpointId=_endpoints(at, "s3")[0], RemoveRouteTableIds=[at.table]
        ),
        _s3,
    ),
    "no gateway to S3": (
        lambda at: at.ec2.delete_vpc_endpoints(VpcEndpointIds=_endpoints(at, "s3")),
        _s3,
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_one_thing_broken_fails_its_line_alone_and_the_printed_commands_mend_it(
    inside: Inside, name: str
) -> None:
    break_it, line = BROKEN[name]
    break_it(inside)
    broken = inside.doctor()

    assert list(broken.of("failed")) == [line(inside)]
    assert broken.code == 1
    assert broken.states() == inside.lines_but(line(inside)) | {line(inside): "failed"}

    commands = broken.commands()
    assert commands
    inside.world.paste(*commands)
    assert inside.healthy
    assert inside.doctor().states() == inside.healthy.states()


@pytest.mark.parametrize(
    ("action", "subject"),
    [
        ("ec2:DescribeVpcs", {"VPC", "network.vpc_cidr"}),
        ("ec2:DescribeVpcAttribute", {"DNS"}),
        ("ec2:DescribeSubnets", {"subnet", "CloudWatch Logs", "S3"}),
        ("ec2:DescribeSecurityGroups", {"security group", "Livy rule", "way", "CloudWatch", "S3"}),
        ("ec2:DescribeRouteTables", {"CloudWatch Logs", "S3"}),
        ("ec2:DescribeVpcEndpoints", {"CloudWatch Logs", "S3"}),
        ("ec2:DescribePrefixLists", {"network.s3_prefix_list_id"}),
    ],
)
def test_a_denied_read_leaves_unchecked_what_needs_it_and_names_it(
    inside: Inside, action: str, subject: set[str]
) -> None:
    name = action.replace(":", "-")
    report = inside.doctor(**inside.world.user_without(name, action))
    unknown = report.of("not checked")

    assert report.code == 3
    assert set(unknown.values()) == {f"these credentials may not {action}"}
    assert all(line.startswith(tuple(subject)) for line in unknown)
    assert {
        start for start in subject if any(line.startswith(start) for line in unknown)
    } == subject
    assert set(inside.world.calls_by(f"user/{name}")) >= {action.partition(":")[2]}


def test_every_call_to_ec2_only_reads(inside: Inside) -> None:
    inside.doctor(**inside.world.user("reads-all"))
    asked = [
        call
        for call in inside.world.world.aws.requests()
        if str(call["principal"]).endswith("user/reads-all") and call["service"] == "ec2"
    ]

    assert {call["action"][:8] for call in asked} == {"Describe"}
    assert len(asked) == 11


class TestARuleThatADeployMakes:
    def test_is_refused_when_it_is_there_by_hand_and_its_stacks_own_after_the_deploy(
        self, inside: Inside
    ) -> None:
        group, by_hand = _group(inside.ec2, "theirs"), "by-hand"
        for rule in _egress(replace(inside, group=group)):
            rule(inside.ec2, "authorize")
        rule = _ingress(replace(inside, group=group))[0]
        rule(inside.ec2, "authorize")
        inside.world.write_stage(
            by_hand,
            notebooks={},
            network={"vpc_id": VPC, "subnet_id": inside.subnet, "security_group_ids": [group]},
        )
        before = inside.world.doctor(by_hand)
        assert before.of("failed") == {
            RULE: f"{group} is admitted already: the deploy would make the same rule"
        }
        inside.world.paste(*before.commands())
        assert inside.world.doctor(by_hand).code == 0
        assert not inside.world.world.deploy(by_hand).failed
        assert inside.world.doctor(by_hand).of("failed") == {}

        rule(inside.ec2, "revoke")
        revoked = inside.world.doctor(by_hand)
        assert list(revoked.of("failed")) == [RULE]
        inside.world.paste(*revoked.commands())
        assert inside.world.doctor(by_hand).of("failed") == {}

    def test_is_by_hand_after_the_first_deploy_of_a_group_that_the_stack_makes(
        self, inside: Inside
    ) -> None:
        stage = "after-it"
        cluster = HEALTHY["clusters"]["analytics"] | {"ingress": "external"}
        inside.world.write_stage(stage, clusters={"analytics": cluster}, notebooks={})
        before = inside.world.doctor(stage)
        assert before.code == 0
        assert "run doctor again" in before.lines[RULE]["advice"]

        assert not inside.world.world.deploy(stage).failed
        after = inside.world.doctor(stage)
        assert list(after.of("failed")) == [RULE]
        inside.world.paste(*after.commands())
        assert inside.world.doctor(stage).of("failed") == {}
