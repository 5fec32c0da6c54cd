"""doctor's lines of what notebooks reach outside their VPC, and by which way."""

from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from emr_notebook.cli.doctor.network.destinations import destinations_by_subnet
from emr_notebook.cli.doctor.network.egress import check
from emr_notebook.cli.doctor.network.security_rules import Rule
from emr_notebook.cli.doctor.network.stack_groups import expected_egress_rules
from emr_notebook.cli.doctor.report import State, unseen
from emr_notebook.settings.model import Settings
from tests.cli.doctor.network.network_in_memory import (
    ENDPOINT_GROUP,
    GIVEN,
    IGW,
    LOGS_ENDPOINT,
    MADE,
    NAT,
    OTHER_VPC,
    S3_LIST,
    STACK,
    SUBNET,
    TABLE,
    VPC,
    NetworkWorld,
    default_route,
    endpoint,
    failing,
    lines,
    permission,
    resource,
    settings,
    subnet,
    unknown,
)
from tests.conftest import template

LOGS, S3, GITHUB = (
    f"CloudWatch Logs from {SUBNET}",
    f"S3 from {SUBNET}",
    f"github.com from {SUBNET}",
)
CODECOMMIT = "https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/shared"
HTTPS_FROM_SUBNET = "--protocol tcp --port 443 --cidr 10.0.1.0/24"
LIST = "network.s3_prefix_list_id"
HTTPS_ANYWHERE = {"port": 443, "cidr": "0.0.0.0/0", "because": "what NAT leads to"}
OTHER = "subnet-00000000000000001"
OTHER_GROUP = "sg-0000000000000000f"
MADE_GROUP = resource("SecurityGroup", "NetworkSecurityGroupABCDEF01", MADE)

Change = Callable[[NetworkWorld], object]


def asked(*urls: str, given: bool = False, own: Any = None, **network: Any) -> Settings:
    """A stage whose notebook has these code repositories, and more of its own and the network."""

    def change(data: dict[str, Any]) -> None:
        data["network"] |= network
        data["notebooks"]["alice"]["additional_code_repositories"] = [{"url": e} for e in urls]
        data["notebooks"]["alice"] |= own or {}
        if given:
            data["network"]["security_group_ids"] = [GIVEN]

    return settings(change)


def routed(**target: str) -> NetworkWorld:
    """A world without endpoints whose default route leads there."""
    world = NetworkWorld()
    world.records["VpcEndpoints"].clear()
    world.of("RouteTables", TABLE)["Routes"].append(default_route(**target))
    return world


def lets_out(world: NetworkWorld, *rules: Any) -> NetworkWorld:
    """What the notebooks' own groups let out."""
    world.of("SecurityGroups", GIVEN)["IpPermissionsEgress"] = list(rules)
    return world


class TestLogs:
    def test_go_through_an_interface_endpoint(self) -> None:
        line = lines(check, NetworkWorld())[LOGS]

        assert (line.state, line.what) == (State.OK, f"through {LOGS_ENDPOINT}")

    @pytest.mark.parametrize(
        "target",
        [
            {"NatGatewayId": NAT},
            {"TransitGatewayId": "tgw-0a1b"},
            {"NetworkInterfaceId": "eni-0a1b", "InstanceId": "i-0a1b"},
            {"GatewayId": "vgw-0a1b"},
            {"VpcPeeringConnectionId": "pcx-0a1b"},
        ],
    )
    def test_go_by_a_default_route_where_there_is_no_endpoint(self, target: dict[str, str]) -> None:
        line = lines(check, routed(**target), asked(extra_egress=[HTTPS_ANYWHERE]))[LOGS]

        assert (line.state, line.what) == (State.OK, f"through {next(iter(target.values()))}")

    @pytest.mark.parametrize(
        ("world", "cause"),
        [
            (routed(GatewayId=IGW), f"{TABLE} leads to {IGW}, which passes on nothing"),
            (routed(NatGatewayId=NAT, State="blackhole"), f"{TABLE} leads to {NAT}, which is gone"),
        ],
    )
    def test_do_not_go_by_a_route_that_serves_no_notebook(
        self, world: NetworkWorld, cause: str
    ) -> None:
        line = lines(check, world, asked(extra_egress=[HTTPS_ANYWHERE]))[LOGS]

        assert line.state is State.FAILED
        assert line.what.startswith(cause)

    def test_lack_an_endpoint_which_the_command_makes_with_a_group_that_admits(self) -> None:
        world = NetworkWorld()
        world.records["VpcEndpoints"].clear()
        line = lines(check, world)[LOGS]

        assert line.what == (
            f"{TABLE} has no default route, and no endpoint (reports of starts go there: verify "
            "and status read them)"
        )
        group = (
            f"group=$(aws ec2 create-security-group --group-name notebooks-to-logs --description "
            f"'HTTPS from notebooks' --vpc-id {VPC} --query GroupId --output text "
            "--region eu-west-1)"
        )
        rule = (
            'aws ec2 authorize-security-group-ingress --group-id "$group" --protocol tcp '
            "--port 443 --cidr 10.0.1.0/24 --region eu-west-1"
        )
        made = (
            f"aws ec2 create-vpc-endpoint --vpc-id {VPC} --service-name "
            f"com.amazonaws.eu-west-1.logs --vpc-endpoint-type Interface --subnet-ids {SUBNET} "
            '--security-group-ids "$group" --private-dns-enabled --region eu-west-1'
        )
        assert line.commands == (f"{group} && {rule} && {made}",)

    def test_of_several_subnets_take_one_endpoint(self) -> None:
        world = NetworkWorld()
        world.records["VpcEndpoints"].clear()
        world.records["Subnets"].append(subnet(OTHER, "10.0.3.0/24"))
        notebooks = {
            "alice": {"cluster": "analytics"},
            "bob": {"cluster": "analytics", "subnet_id": OTHER},
        }
        found = lines(check, world, settings(lambda data: data.update(notebooks=notebooks)))

        assert failing(found) == [LOGS, f"CloudWatch Logs from {OTHER}"]
        [command] = {line.commands for line in found.values() if line.state is State.FAILED}
        assert "--cidr 10.0.1.0/24" in command[0]
        assert "--cidr 10.0.3.0/24" in command[0]

    @pytest.mark.parametrize(
        ("wrong", "cause", "command"),
        [
            (
                {"PrivateDnsEnabled": False},
                "does not take over the service's name",
                f"modify-vpc-endpoint --vpc-endpoint-id {LOGS_ENDPOINT} --private-dns-enabled",
            ),
            (
                {"Groups": [{"GroupId": GIVEN}]},
                f"{GIVEN}, of {LOGS_ENDPOINT}, admits no HTTPS from the subnet",
                f"authorize-security-group-ingress --group-id {GIVEN} {HTTPS_FROM_SUBNET}",
            ),
        ],
    )
    def test_do_not_go_through_an_endpoint_that_is_shut(
        self, wrong: dict[str, Any], cause: str, command: str
    ) -> None:
        world = NetworkWorld()
        world.records["VpcEndpoints"] = [endpoint("logs", **wrong)]
        line = lines(check, world)[LOGS]

        assert line.state is State.FAILED
        assert cause in line.what
        assert line.commands == (f"aws ec2 {command} --region eu-west-1",)

    @pytest.mark.parametrize("state", ["pending", "PendingAcceptance"])
    def test_wait_for_an_endpoint_that_is_being_made(self, state: str) -> None:
        world = NetworkWorld()
        world.records["VpcEndpoints"] = [endpoint("logs", State=state)]
        found = lines(check, world)

        assert failing(found) == [LOGS]
        assert found[LOGS].commands == ()
        assert found[LOGS].advice.startswith("wait until it is available")

    @pytest.mark.parametrize("state", ["rejected", "deleting", "failed", "expired"])
    def test_do_not_go_through_an_endpoint_that_will_never_be_there(self, state: str) -> None:
        world = NetworkWorld()
        world.records["VpcEndpoints"] = [endpoint("logs", State=state)]

        assert "create-vpc-endpoint" in lines(check, world)[LOGS].commands[0]

    def test_are_unknown_where_the_route_table_is_not_shown(self) -> None:
        world = NetworkWorld()
        world.records["RouteTables"].clear()

        why = "EC2 shows no route table of the subnet"
        assert unknown(lines(check, world)) == {LOGS: why, S3: why}

    def test_go_through_an_endpoint_whose_groups_are_not_shown(self) -> None:
        world = NetworkWorld()
        world.records["VpcEndpoints"] = [endpoint("logs", Groups=[])]

        assert failing(lines(check, world)) == []

    def test_are_no_reason_to_read_groups_of_endpoints_for_others(self) -> None:
        world = NetworkWorld()
        world.records["VpcEndpoints"].append(endpoint("ssm", Groups=[{"GroupId": GIVEN}]))
        lines(check, world)

        [given] = [each for method, each in world.calls if method == "describe_security_groups"]
        assert given["Filters"] == [{"Name": "group-id", "Values": [ENDPOINT_GROUP]}]

    def test_may_go_by_a_route_beside_an_endpoint_that_is_shut(self) -> None:
        world = routed(NatGatewayId=NAT)
        world.records["VpcEndpoints"] = [endpoint("logs", PrivateDnsEnabled=False)]

        assert failing(lines(check, world, asked(extra_egress=[HTTPS_ANYWHERE]))) == []

    def test_have_nothing_to_do_with_a_vpc_where_notebooks_have_the_internet(self) -> None:
        outs = {"direct_internet_access": {"because": "a course of one week, without data"}}
        own = {"opt_outs": outs}

        assert lines(check, routed(), asked("https://github.com/a/b.git", own=own)) == {}

    def test_of_another_subnet_take_its_own_route_table(self) -> None:
        world = NetworkWorld()
        world.records["VpcEndpoints"].clear()
        world.records["Subnets"].append(subnet(OTHER, "10.0.3.0/24"))
        own = {
            "RouteTableId": "rtb-0000000000000000b",
            "VpcId": VPC,
            "Associations": [{"Main": False, "SubnetId": OTHER}],
            "Routes": [default_route(NatGatewayId=NAT)],
        }
        world.records["RouteTables"].append(own)
        found = lines(check, world, asked(extra_egress=[HTTPS_ANYWHERE], own={"subnet_id": OTHER}))

        assert failing(found) == []
        assert list(found) == [f"CloudWatch Logs from {OTHER}", f"S3 from {OTHER}"]


class TestAnEndpointsGroup:
    def world(self, peer: str) -> NetworkWorld:
        world = NetworkWorld()
        world.of("SecurityGroups", ENDPOINT_GROUP)["IpPermissions"] = [permission(peer, 443)]
        return world

    def test_may_admit_by_a_prefix_list_whose_entries_are_not_read(self) -> None:
        line = lines(check, self.world("pl-0a1b"))[LOGS]

        words = "whether pl-0a1b, a prefix list, has the subnet's addresses"
        assert line == unseen(LOGS, f"through {LOGS_ENDPOINT}; {words}")

    def test_by_a_prefix_list_comes_after_a_way_that_is_certain(self) -> None:
        world = self.world("pl-0a1b")
        world.of("RouteTables", TABLE)["Routes"].append(default_route(NatGatewayId=NAT))
        wanted = asked(extra_egress=[HTTPS_ANYWHERE])
        assert lines(check, world, wanted)[LOGS].what == f"through {NAT}"

        open_one = {"VpcEndpointId": "vpce-0000000000000000c", "Groups": []}
        world.records["VpcEndpoints"].append(endpoint("logs", **open_one))
        assert lines(check, world, wanted)[LOGS].what == "through vpce-0000000000000000c"

    def test_may_admit_the_groups_that_all_stacks_of_the_subnet_have_made(self) -> None:
        world, two = self.world(MADE), {"bob": {"cluster": "analytics", "stack": "b"}}
        world.stacks[STACK] = [MADE_GROUP]
        wanted = settings(lambda data: data["notebooks"].update(two))

        assert failing(lines(check, world)) == []
        assert failing(lines(check, world, wanted)) == [LOGS]
        world.stacks[f"{STACK}-b"] = [{**MADE_GROUP, "PhysicalResourceId": OTHER_GROUP}]
        assert failing(lines(check, world, wanted)) == [LOGS]
        admitting = [permission(MADE, 443), permission(OTHER_GROUP, 443)]
        world.of("SecurityGroups", ENDPOINT_GROUP)["IpPermissions"] = admitting
        assert failing(lines(check, world, wanted)) == []

    def test_does_not_admit_a_group_that_is_yet_to_be_made(self) -> None:
        assert failing(lines(check, self.world(OTHER_GROUP))) == [LOGS]

    def test_is_a_reason_to_read_stacks_only_where_it_admits_a_group(self) -> None:
        world = NetworkWorld(denied={"cloudformation:ListStackResources"})
        assert unknown(lines(check, world)) == {}

        world = self.world(MADE)
        world.denied = {"cloudformation:ListStackResources"}
        why = "these credentials may not cloudformation:ListStackResources"
        assert unknown(lines(check, world)) == {LOGS: why}
        # Groups of the user's own are known.
        assert world.count("list_stack_resources") == 1
        assert failing(lines(check, world, asked(given=True))) == [LOGS]
        assert world.count("list_stack_resources") == 1

    def test_is_unknown_rather_than_shut_where_ec2_does_not_show_it(self) -> None:
        world = NetworkWorld()
        world.remove("SecurityGroups", ENDPOINT_GROUP)

        why = f"EC2 does not show {ENDPOINT_GROUP}, of {LOGS_ENDPOINT}"
        assert unknown(lines(check, world)) == {LOGS: why}


class TestASubnetThatAnotherAccountShares:
    def world(self) -> NetworkWorld:
        world = NetworkWorld()
        world.records["VpcEndpoints"].clear()
        world.of("Subnets", SUBNET)["OwnerId"] = "999988887777"
        return world

    def test_has_endpoints_that_only_that_account_sees(self) -> None:
        found = lines(check, self.world(), asked(s3_prefix_list_id=S3_LIST))

        why = f"account 999988887777 shares {SUBNET}, and alone sees and makes endpoints in its VPC"
        assert unknown(found) == {LOGS: why, S3: why}
        assert failing(found) == []

    def test_may_have_a_default_route_that_serves(self) -> None:
        world = self.world()
        wanted = asked("https://github.com/a/b.git", extra_egress=[HTTPS_ANYWHERE])
        assert failing(lines(check, world, wanted)) == [GITHUB]

        world.of("RouteTables", TABLE)["Routes"].append(default_route(NatGatewayId=NAT))
        found = lines(check, world, wanted)
        assert (failing(found), unknown(found)) == ([], {})


class TestWhatLetsOut:
    @pytest.mark.parametrize(
        ("rule", "state"),
        [
            (permission("10.0.0.0/16", 443), State.OK),
            (permission(ENDPOINT_GROUP, 443), State.OK),
            (permission("0.0.0.0/0"), State.OK),
            (permission("10.0.0.0/16", 80), State.FAILED),
            (permission("10.0.7.0/24", 443), State.FAILED),
            (permission(S3_LIST, 443), State.FAILED),
        ],
    )
    def test_to_an_endpoint(self, rule: Any, state: State) -> None:
        wanted = asked(given=True, s3_prefix_list_id=S3_LIST)
        line = lines(check, lets_out(NetworkWorld(), rule), wanted)[LOGS]
        command = (
            f"aws ec2 authorize-security-group-egress --group-id {GIVEN} --protocol tcp "
            "--port 443 --cidr 10.0.1.0/24 --region eu-west-1"
        )

        assert line.state is state
        assert line.commands == ((command,) if state is State.FAILED else ())

    def test_to_an_endpoint_may_be_a_prefix_list_whose_entries_are_not_read(self) -> None:
        world = lets_out(NetworkWorld(), permission("pl-0a1b", 443))
        line = lines(check, world, asked(given=True))[LOGS]

        words = "whether pl-0a1b, a prefix list, has its addresses"
        assert line == unseen(LOGS, f"through {LOGS_ENDPOINT}; {words}")

    @pytest.mark.parametrize(
        ("rule", "state"),
        [
            (permission("0.0.0.0/0", 443), State.OK),
            (permission("52.94.0.0/16", 443), State.OK),
            (permission("pl-0a1b", 443), State.OK),
            (permission(S3_LIST, 443), State.FAILED),
            (permission("10.0.0.0/8", 443), State.FAILED),
            (permission("0.0.0.0/0", 80), State.FAILED),
        ],
    )
    def test_by_a_default_route(self, rule: Any, state: State) -> None:
        wanted = asked(given=True, s3_prefix_list_id=S3_LIST)
        line = lines(check, lets_out(routed(NatGatewayId=NAT), rule), wanted)[LOGS]

        assert line.state is state
        if state is State.FAILED:
            assert "--port 443 --cidr 0.0.0.0/0" in line.commands[0]

    def test_of_a_made_group_is_for_the_settings_to_say(self) -> None:
        line = lines(check, routed(NatGatewayId=NAT))[LOGS]

        assert (line.state, line.commands) == (State.FAILED, ())
        assert line.advice == "give network.extra_egress to port 443 of 0.0.0.0/0, then deploy"

    @pytest.mark.parametrize("given", [False, True])
    def test_is_mended_together_with_the_endpoint(self, given: bool) -> None:
        world = lets_out(NetworkWorld())
        world.records["VpcEndpoints"].clear()
        narrow = asked(given=given, vpc_cidr="10.0.9.0/24")
        line = lines(check, world, narrow)[LOGS]

        assert len(line.commands) == (2 if given else 1)
        assert ("network.extra_egress" in line.advice) is not given

    def test_is_not_known_of_a_group_that_is_not_in_the_vpc(self) -> None:
        world = NetworkWorld()
        world.of("SecurityGroups", GIVEN)["VpcId"] = OTHER_VPC
        assert lines(check, world, asked(given=True)) == {}

        world.remove("SecurityGroups", GIVEN)
        assert lines(check, world, asked(given=True)) == {}

    @pytest.mark.parametrize(
        "network",
        [
            {},
            {"s3_prefix_list_id": S3_LIST},
            {"extra_egress": [HTTPS_ANYWHERE, {**HTTPS_ANYWHERE, "port": 53, "protocol": "udp"}]},
        ],
    )
    @pytest.mark.parametrize("named", [False, True])
    def test_of_a_made_group_is_what_the_template_says(
        self, network: dict[str, Any], named: bool
    ) -> None:
        def change(data: dict[str, Any]) -> None:
            data["network"] |= network
            data["clusters"]["other"] = {"id": "j-OTHER", "port": 443}
            if named:
                primary = {"security_group_id": "sg-0a1b2c3d", "ingress": "external"}
                data["clusters"]["other"] |= primary

        [group] = template(change).find_resources("AWS::EC2::SecurityGroup").values()
        peers = ("CidrIp", "DestinationSecurityGroupId", "DestinationPrefixListId")
        declared = {
            Rule(
                each["IpProtocol"],
                each["FromPort"],
                each["ToPort"],
                next(each[peer] for peer in peers if peer in each),
            )
            for each in group["Properties"]["SecurityGroupEgress"]
        }

        assert set(expected_egress_rules(settings(change), STACK)) == declared


class TestSageMakerApi:
    LINE = f"SageMaker's API from {SUBNET}"
    IDLE: ClassVar[dict[str, Any]] = {"stop_after_idle_minutes": 60}

    def test_is_nobodys_need_unless_a_notebook_stops_itself(self) -> None:
        assert self.LINE not in lines(check, NetworkWorld())
        assert self.LINE not in lines(
            check, NetworkWorld(), asked(own={"stop_after_idle_minutes": "never"})
        )

    def test_lacks_an_endpoint_which_the_command_makes(self) -> None:
        line = lines(check, NetworkWorld(), asked(own=self.IDLE))[self.LINE]

        assert line.state is State.FAILED
        assert "stop_after_idle_minutes: notebooks ask it to stop them" in line.what
        assert "--service-name com.amazonaws.eu-west-1.sagemaker.api " in line.commands[0]

    def test_is_reached_by_its_endpoint_and_not_by_that_of_its_runtime(self) -> None:
        world = NetworkWorld()
        world.records["VpcEndpoints"].append(endpoint("sagemaker.runtime"))
        assert failing(lines(check, world, asked(own=self.IDLE))) == [self.LINE]

        world.records["VpcEndpoints"].append(endpoint("sagemaker.api"))
        assert failing(lines(check, world, asked(own=self.IDLE))) == []


class TestS3:
    def gateway(self, **changes: Any) -> Any:
        made = {"VpcEndpointType": "Gateway", "PrivateDnsEnabled": False, "Groups": []}
        ids = {"VpcEndpointId": "vpce-0000000000000000b", "RouteTableIds": [TABLE]}
        return endpoint("s3", **made, **(ids | changes))

    def test_is_where_the_agent_is_and_its_lack_a_warning_unless_its_prefix_list_is_given(
        self,
    ) -> None:
        world = NetworkWorld()
        line = lines(check, world)[S3]

        assert (line.state, line.counts) == (State.WARNING, False)
        assert line.what.endswith(
            "(notebooks fetch their agent there; without it they are connected, and no more)"
        )
        assert "--vpc-endpoint-type Gateway" in line.commands[0]
        assert lines(check, world, asked(s3_prefix_list_id=S3_LIST))[S3].state is State.FAILED

    def test_behind_a_gateway_needs_the_setting_that_lets_the_made_group_out_to_it(self) -> None:
        world = NetworkWorld()
        world.records["VpcEndpoints"].append(self.gateway())
        line = lines(check, world)[S3]

        assert (line.state, line.commands) == (State.WARNING, ())
        assert line.advice == f"set {LIST}: {S3_LIST}, then deploy"
        assert lines(check, world, asked(s3_prefix_list_id=S3_LIST))[S3].state is State.OK

    def test_is_reached_by_a_gateway_to_which_the_route_table_leads(self) -> None:
        world = NetworkWorld()
        world.records["VpcEndpoints"].append(self.gateway())
        found = lines(check, world, asked(s3_prefix_list_id=S3_LIST))

        assert failing(found) == []
        assert (found[LIST].what, found[S3].what) == (
            "com.amazonaws.eu-west-1.s3",
            "through vpce-0000000000000000b",
        )

    def test_needs_the_gateway_in_the_subnets_own_route_table(self) -> None:
        world = NetworkWorld()
        world.records["VpcEndpoints"].append(self.gateway(RouteTableIds=["rtb-1"]))
        line = lines(check, world, asked(s3_prefix_list_id=S3_LIST))[S3]

        command = (
            "aws ec2 modify-vpc-endpoint --vpc-endpoint-id vpce-0000000000000000b "
            f"--add-route-table-ids {TABLE} --region eu-west-1"
        )
        assert line.commands == (command,)

    def test_lacks_a_gateway_which_the_command_makes(self) -> None:
        line = lines(check, NetworkWorld(), asked(s3_prefix_list_id=S3_LIST))[S3]

        command = (
            f"aws ec2 create-vpc-endpoint --vpc-id {VPC} --service-name "
            "com.amazonaws.eu-west-1.s3 --vpc-endpoint-type Gateway --route-table-ids "
            f"{TABLE} --region eu-west-1"
        )
        assert line.commands == (command,)

    def test_is_reached_by_an_interface_endpoint_too(self) -> None:
        world = NetworkWorld()
        world.records["VpcEndpoints"].append(endpoint("s3"))

        assert failing(lines(check, world, asked(s3_prefix_list_id=S3_LIST))) == []

    @pytest.mark.parametrize(
        "wrong",
        [
            {"PrivateDnsEnabled": False},
            {"DnsOptions": {"PrivateDnsOnlyForInboundResolverEndpoint": True}},
        ],
    )
    def test_is_not_reached_by_an_interface_endpoint_for_what_is_outside_the_vpc(
        self, wrong: dict[str, Any]
    ) -> None:
        world = NetworkWorld()
        world.records["VpcEndpoints"].append(endpoint("s3", **wrong))
        line = lines(check, world, asked(s3_prefix_list_id=S3_LIST))[S3]

        command = (
            f"aws ec2 modify-vpc-endpoint --vpc-endpoint-id {LOGS_ENDPOINT} --private-dns-enabled "
            "--dns-options PrivateDnsOnlyForInboundResolverEndpoint=false --region eu-west-1"
        )
        assert (line.state, line.commands) == (State.FAILED, (command,))

    def test_is_let_out_to_by_its_prefix_list(self) -> None:
        world = lets_out(NetworkWorld(), permission("10.0.0.0/16", 443))
        world.records["VpcEndpoints"].append(self.gateway())
        wanted = asked(given=True, s3_prefix_list_id=S3_LIST)
        found = lines(check, world, wanted)

        assert failing(found) == [S3]
        command = (
            f"aws ec2 authorize-security-group-egress --group-id {GIVEN} --ip-permissions "
            '\'[{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "PrefixListIds": '
            f'[{{"PrefixListId": "{S3_LIST}"}}]}}]\' --region eu-west-1'
        )
        assert found[S3].commands == (command,)
        lets_out(world, permission("10.0.0.0/16", 443), permission(S3_LIST, 443))
        assert failing(lines(check, world, wanted)) == []

    def test_has_another_prefix_list_in_every_region(self) -> None:
        world = routed(NatGatewayId=NAT)
        found = lines(
            check, world, asked(s3_prefix_list_id="pl-0db0db0d", extra_egress=[HTTPS_ANYWHERE])
        )

        assert failing(found) == [LIST]
        assert found[LIST].advice == f"set {LIST}: {S3_LIST}"


class TestCodeRepositories:
    def test_on_the_internet_need_a_default_route(self) -> None:
        wanted = asked("https://github.com/a/b.git", extra_egress=[HTTPS_ANYWHERE])
        found = lines(check, NetworkWorld(), wanted)

        assert failing(found) == [GITHUB]
        assert found[GITHUB].what == f"{TABLE} has no default route (a code repository is there)"
        assert found[GITHUB].advice == f"lead the default route of {TABLE} to a NAT gateway"
        assert failing(lines(check, routed(NatGatewayId=NAT), wanted)) == []

    def test_on_a_host_that_may_be_the_companys_own_are_left_out(self) -> None:
        found = lines(check, NetworkWorld(), asked("https://git.example.com/a/b.git"))

        assert list(found) == [LOGS, S3]

    def test_in_codecommit_have_an_endpoint_of_their_own(self) -> None:
        subject = f"CodeCommit from {SUBNET}"
        world = NetworkWorld()
        assert failing(lines(check, world, asked(CODECOMMIT))) == [subject]

        world.records["VpcEndpoints"].append(endpoint("git-codecommit"))
        assert failing(lines(check, world, asked(CODECOMMIT))) == []

    def test_in_another_regions_codecommit_have_none_here(self) -> None:
        subject = f"CodeCommit of us-east-1 from {SUBNET}"
        wanted = asked(CODECOMMIT.replace("eu-west-1", "us-east-1"), extra_egress=[HTTPS_ANYWHERE])
        world = NetworkWorld()
        world.records["VpcEndpoints"].append(endpoint("git-codecommit"))

        assert failing(lines(check, world, wanted)) == [subject]
        assert failing(lines(check, routed(NatGatewayId=NAT), wanted)) == []

    def test_that_sagemaker_knows_are_looked_up_and_their_secrets_needed(self) -> None:
        world = NetworkWorld()
        named = asked(own={"default_code_repository": {"name": "Forecasts"}})
        assert failing(lines(check, world, named)) == ["code repository Forecasts"]

        world.repositories = [repository("Forecasts", "https://github.com/a/b.git")]
        assert failing(lines(check, world, named)) == [GITHUB]

        world.repositories = [repository("Forecasts", CODECOMMIT, secret=True)]
        secrets = f"Secrets Manager from {SUBNET}"
        assert failing(lines(check, world, named)) == [secrets, f"CodeCommit from {SUBNET}"]

    def test_have_the_secret_that_the_settings_name(self) -> None:
        arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:AmazonSageMaker-a1b2c3"
        world = NetworkWorld()
        world.repositories = [repository("forecasts", "https://git.example.com/a/b.git")]
        own = {"default_code_repository": {"name": "forecasts", "secret_arn": arn}}

        assert failing(lines(check, world, asked(own=own))) == [f"Secrets Manager from {SUBNET}"]

    def test_are_no_reason_to_ask_sagemaker_when_they_have_addresses(self) -> None:
        world = NetworkWorld(denied={"sagemaker:ListCodeRepositories"})

        assert unknown(lines(check, world, asked(CODECOMMIT))) == {}


def repository(name: str, url: str, *, secret: bool = False) -> Any:
    config = {"RepositoryUrl": url}
    if secret:
        config["SecretArn"] = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:a-b"
    arn = f"arn:aws:sagemaker:eu-west-1:111122223333:code-repository/{name.lower()}"
    times = {"CreationTime": 0, "LastModifiedTime": 0}
    return {"CodeRepositoryName": name, "CodeRepositoryArn": arn, "GitConfig": config} | times


@pytest.mark.parametrize(
    ("action", "subject"),
    [
        ("ec2:DescribeSubnets", [LOGS, S3]),
        ("ec2:DescribeRouteTables", [LOGS, S3]),
        ("ec2:DescribeVpcEndpoints", [LOGS, S3]),
        ("ec2:DescribeSecurityGroups", [LOGS, S3]),
        ("ec2:DescribePrefixLists", [LIST]),
        ("sagemaker:ListCodeRepositories", ["code repository forecasts"]),
    ],
)
def test_what_may_not_be_read_is_said_where_it_is_needed(action: str, subject: list[str]) -> None:
    world = NetworkWorld(denied={action})
    world.records["VpcEndpoints"].append(endpoint("s3"))
    world.repositories = [repository("forecasts", "https://git.example.com/a/b.git")]
    wanted = asked(
        s3_prefix_list_id=S3_LIST, own={"default_code_repository": {"name": "forecasts"}}
    )
    found = lines(check, world, wanted)

    assert failing(found) == []
    assert unknown(found) == dict.fromkeys(subject, f"these credentials may not {action}")


def test_the_number_of_calls_does_not_grow_with_notebooks_and_subnets() -> None:
    world = NetworkWorld()
    subnets = [f"subnet-{number:017x}" for number in range(40)]
    world.records["Subnets"] += [
        subnet(each, f"10.0.{number + 10}.0/24") for number, each in enumerate(subnets)
    ]
    notebooks = {
        f"n{number}": {"cluster": "analytics", "subnet_id": each}
        for number, each in enumerate(subnets)
    }
    wanted = settings(
        lambda data: data.update(
            notebooks=notebooks, network={**data["network"], "s3_prefix_list_id": S3_LIST}
        )
    )
    lines(check, world, wanted)

    assert sum(len(each) for each in destinations_by_subnet(wanted, {}).values()) == 80
    assert len(world.calls) == 5
