"""doctor's lines of security groups: who exists, and who lets whom through to Livy."""

from typing import Any

import pytest

from emr_notebook.cli.doctor.network.security_groups import check
from emr_notebook.cli.doctor.report import Line, State, unseen
from emr_notebook.settings.model import Settings
from tests.assets.cluster_endpoint.emr_records import CLUSTER_ID, livy_conf, refused, status
from tests.cli.aws_in_memory import Fields
from tests.cli.doctor.network.network_in_memory import (
    GIVEN,
    MADE,
    OTHER_VPC,
    PRIMARY,
    PRIMARY_SUBNET,
    STACK,
    VPC,
    NetworkWorld,
    failing,
    group,
    lines,
    permission,
    resource,
    running,
    settings,
    subnet,
    unknown,
)
from tests.conftest import template

RULE, WAY, OF = "Livy rule of analytics", "way to Livy of analytics", "security group of analytics"
SUBNET_RULE = permission("10.0.1.0/24", 8998)
ENTIRELY_OTHER = "sg-00000000000000099"
# constructs/network.py's ids: the second is of a group that the user gave.
MADE_RULE = resource("SecurityGroupIngress", f"NetworkLivy{PRIMARY}8998ABCDEF01", "sgr-1")
GIVEN_RULE = resource("SecurityGroupIngress", f"NetworkLivy{PRIMARY}8998{GIVEN}ABCDEF01", "sgr-1")
for each in (MADE_RULE, GIVEN_RULE):
    each["LogicalResourceId"] = each["LogicalResourceId"].replace("-", "")
MADE_GROUP = resource("SecurityGroup", "NetworkSecurityGroupABCDEF01", MADE)


def asked(
    ingress: str | None = None, *, given: bool = False, network: Any = None, **cluster: Any
) -> Settings:
    """A stage whose cluster's group is named, with ingress, and whose notebooks have their own."""

    def change(data: dict[str, Any]) -> None:
        if ingress:
            data["clusters"]["analytics"] |= {"security_group_id": PRIMARY, "ingress": ingress}
        data["clusters"]["analytics"] |= cluster
        if given:
            data["network"]["security_group_ids"] = [GIVEN]
        data["network"] |= network or {}

    return settings(change)


def admitting(*rules: Fields) -> NetworkWorld:
    """A world whose primary admits these."""
    world = NetworkWorld()
    world.of("SecurityGroups", PRIMARY)["IpPermissions"] = list(rules)
    return world


def rule(world: NetworkWorld, wanted: Settings) -> Line:
    return lines(check, world, wanted)[RULE]


def admit(source: str, kind: str = "source-group") -> str:
    return (
        f"aws ec2 authorize-security-group-ingress --group-id {PRIMARY} --protocol tcp "
        f"--port 8998 --{kind} {source} --region eu-west-1"
    )


class TestARuleThatExistsAlready:
    @pytest.mark.parametrize(
        ("rules", "given", "state"),
        [
            ([permission(GIVEN, 8998)], True, State.OK),
            ([permission(GIVEN)], True, State.OK),
            ([permission(GIVEN, 8000, 9000)], True, State.OK),
            ([SUBNET_RULE], True, State.OK),
            ([SUBNET_RULE], False, State.OK),
            ([permission("10.0.0.0/8", 8998)], True, State.OK),
            ([permission("10.0.1.0/25", 8998), permission("10.0.1.128/25")], True, State.OK),
            ([permission("10.0.1.0/25", 8998)], True, State.FAILED),
            ([permission("10.0.7.0/24", 8998)], True, State.FAILED),
            ([permission(GIVEN, 8997)], True, State.FAILED),
            ([permission(GIVEN, 8999, 9000)], True, State.FAILED),
            ([permission(MADE, 8998)], True, State.FAILED),
            ([{**permission(GIVEN, 8998), "IpProtocol": "udp"}], True, State.FAILED),
            ([{**permission(GIVEN, 8998), "IpProtocol": "6"}], True, State.OK),
            ([], True, State.FAILED),
        ],
    )
    def test_admits_the_notebooks_group_or_all_of_their_subnet(
        self, rules: list[Fields], given: bool, state: State
    ) -> None:
        assert rule(admitting(*rules), asked("external", given=given)).state is state

    def test_is_made_by_the_command_when_it_is_missing(self) -> None:
        found = lines(check, admitting(), asked("external", given=True))

        assert failing(found) == [RULE]
        assert found[RULE].commands == (admit(GIVEN),)
        assert PRIMARY in found[RULE].what

    def test_is_looked_for_in_all_groups_of_the_primary(self) -> None:
        world = admitting()
        extra = "sg-0000000000000000c"
        world.records["SecurityGroups"].append(group(extra, permission(GIVEN, 8998)))
        world.emr.clusters = [running(AdditionalMasterSecurityGroups=[extra])]

        assert rule(world, asked("external", given=True)).state is State.OK

    def test_covers_every_subnet_of_the_clusters_notebooks_but_of_no_others(self) -> None:
        other = "subnet-00000000000000001"
        world = admitting(SUBNET_RULE)
        world.records["Subnets"].append(subnet(other, "10.0.3.0/24"))

        def change(data: dict[str, Any], key: str) -> None:
            data["clusters"]["other"] = {"id": "j-OTHER"}
            data["network"]["security_group_ids"] = [GIVEN]
            data["notebooks"]["bob"] = {"cluster": key, "subnet_id": other}

        assert rule(world, settings(lambda data: change(data, "other"))).state is State.OK
        assert rule(world, settings(lambda data: change(data, "analytics"))).state is State.FAILED

    def test_may_be_by_a_prefix_list_whose_entries_are_not_read(self) -> None:
        line = rule(admitting(permission("pl-0a1b", 8998)), asked("external", given=True))

        assert line == unseen(RULE, "whether pl-0a1b, a prefix list, has the notebooks' addresses")

    def test_is_on_the_port_that_the_clusters_livy_listens_on(self) -> None:
        world = admitting(permission(GIVEN, 9998))
        world.emr.clusters[0]["Configurations"] = livy_conf(livy_server_port="9998")

        assert rule(world, asked("external", given=True)).state is State.OK
        # A group of the stack's own opens the port of the settings: the resolver refuses another.
        assert "8998" in rule(world, asked("external")).advice

    def test_is_on_the_port_of_the_settings_where_the_cluster_says_none(self) -> None:
        world = admitting(permission(GIVEN, 9998))

        assert rule(world, asked("external", given=True, port=9998)).state is State.OK
        assert "TCP port 9997" in rule(world, asked("external", given=True, port=9997)).what

    @pytest.mark.parametrize("kind", ["INSTANCE_GROUP", "INSTANCE_FLEET"])
    def test_is_on_the_port_of_the_primarys_own_group_or_fleet_where_that_counts(
        self, kind: str
    ) -> None:
        world = admitting(permission(GIVEN, 8998))
        world.emr.clusters = [running() | {"InstanceCollectionType": kind}]
        conf = {"Configurations": livy_conf(livy_server_port="9998")}
        own: Fields = {"InstanceGroupType": "MASTER", **conf}
        if kind == "INSTANCE_FLEET":
            types: list[Fields] = [{"InstanceType": "m5.xlarge", **conf}, {"InstanceType": "other"}]
            own = {"InstanceFleetType": "MASTER", "InstanceTypeSpecifications": types}
            [node] = world.emr.instances[CLUSTER_ID]
            node["InstanceFleetId"] = node.pop("InstanceGroupId")
        world.emr.groups = {CLUSTER_ID: [own]}
        wanted = asked("external", given=True)

        line = rule(world, wanted)
        assert line.state is State.FAILED
        assert "TCP port 9998" in line.what
        declined = asked("external", given=True, group_configurations=False)
        assert rule(world, declined).state is State.OK
        method = "ListInstanceGroups" if kind == "INSTANCE_GROUP" else "ListInstanceFleets"
        world.denied = {f"elasticmapreduce:{method}"}
        assert list(unknown(lines(check, world, wanted))) == [OF, RULE, WAY]


class TestAPrimaryInAnotherVpc:
    """Rules can name its group only where a peering or a transit gateway connects both VPCs."""

    def world(self, *rules: Fields) -> NetworkWorld:
        world = admitting(*rules)
        world.of("SecurityGroups", PRIMARY)["VpcId"] = OTHER_VPC
        world.of("Subnets", PRIMARY_SUBNET)["VpcId"] = OTHER_VPC
        return world

    def test_leaves_unchecked_whether_the_deploy_can_make_its_rules(self) -> None:
        assert list(unknown(lines(check, self.world(), asked("create", given=True)))) == [RULE]
        found = unknown(lines(check, self.world(), asked("create")))

        assert list(found) == [RULE, WAY]
        assert found[RULE].startswith(f"{PRIMARY} is in {OTHER_VPC}: EC2 lets rules name groups")
        assert list(unknown(lines(check, self.world(), asked("external")))) == [WAY]

    @pytest.mark.parametrize("given", [False, True])
    def test_is_no_question_once_the_stack_has_made_its_rules(self, given: bool) -> None:
        world = self.world(permission(GIVEN if given else MADE, 8998))
        world.stacks[STACK] = [GIVEN_RULE, MADE_RULE, MADE_GROUP]
        found = lines(check, world, asked("create", given=given))

        assert (unknown(found), failing(found)) == ({}, [])

    @pytest.mark.parametrize("given", [False, True])
    def test_is_to_admit_the_subnets_range(self, given: bool) -> None:
        world = self.world()
        world.stacks[STACK] = [MADE_GROUP]

        line = rule(world, asked("external", given=given))
        assert line.commands == (admit("10.0.1.0/24", "cidr"),)

    def test_is_let_out_to_by_its_subnets_range(self) -> None:
        world = self.world()
        world.of("SecurityGroups", GIVEN)["IpPermissionsEgress"] = []
        line = lines(check, world, asked("external", given=True))[WAY]
        assert "--port 8998 --cidr 10.0.2.0/24" in line.commands[0]

        narrow = asked(network={"vpc_cidr": "10.0.1.0/24"})
        advice = "give network.extra_egress to port 8998 of 10.0.2.0/24, then deploy"
        assert lines(check, world, narrow)[WAY].advice == advice

        world.remove("Subnets", PRIMARY_SUBNET)
        line = lines(check, world, asked("external", given=True))[WAY]
        assert (line.commands, line.advice) == ((), "let out to the primary's addresses")


class TestARuleForAGroupThatTheStackMakes:
    def test_cannot_be_there_before_the_first_deploy_which_is_said_and_no_failure(self) -> None:
        line = rule(admitting(), asked("external"))

        assert (line.state, line.counts, line.commands) == (State.NOT_CHECKED, False, ())
        assert line.what.startswith("none yet")
        assert "run doctor again" in line.advice
        assert "admit 10.0.1.0/24 to TCP port 8998" in line.advice

    def test_is_missed_once_the_group_is_there(self) -> None:
        world = admitting()
        world.stacks[STACK] = [MADE_GROUP]
        line = rule(world, asked("external"))

        assert (line.state, line.commands) == (State.FAILED, (admit(MADE),))

    def test_is_found_once_it_was_made(self) -> None:
        world = admitting(permission(MADE, 8998))
        world.stacks[STACK] = [MADE_GROUP]

        assert rule(world, asked("external")) == Line(RULE, State.OK)

    def test_is_made_in_each_stack(self) -> None:
        world = admitting(permission(MADE, 8998))
        other = "sg-0000000000000000f"
        world.stacks[STACK] = [MADE_GROUP]
        world.stacks[f"{STACK}-b"] = [{**MADE_GROUP, "PhysicalResourceId": other}]
        notebooks = {
            "alice": {"cluster": "analytics"},
            "bob": {"cluster": "analytics", "stack": "b"},
        }
        wanted = settings(lambda data: data.update(notebooks=notebooks))

        assert rule(world, wanted).commands == (admit(other),)

    def test_is_still_to_come_in_a_stack_that_is_added(self) -> None:
        world = admitting(permission(MADE, 8998))
        world.stacks[STACK] = [MADE_GROUP]
        bob = {"cluster": "analytics", "stack": "b"}
        wanted = settings(lambda data: data["notebooks"].update(bob=bob))

        assert rule(world, wanted).what.startswith("none yet")

    @pytest.mark.parametrize("status", ["DELETE_COMPLETE", "CREATE_FAILED", "DELETE_SKIPPED"])
    def test_is_not_missed_when_the_creation_failed(self, status: str) -> None:
        world = admitting()
        world.stacks[STACK] = [{**MADE_GROUP, "ResourceStatus": status}]

        assert rule(world, asked("external")).what.startswith("none yet")


class TestARuleThatTheDeployMakes:
    @pytest.mark.parametrize("given", [False, True])
    def test_is_no_business_of_anybody_before(self, given: bool) -> None:
        line = rule(admitting(), asked("create", given=given))

        assert line == Line(RULE, State.OK, "the deploy makes it")

    def test_fails_the_deploy_when_it_was_made_by_hand_before(self) -> None:
        line = rule(admitting(permission(GIVEN, 8998)), asked("create", given=True))

        assert line.state is State.FAILED
        command = (
            f"aws ec2 revoke-security-group-ingress --group-id {PRIMARY} --protocol tcp "
            f"--port 8998 --source-group {GIVEN} --region eu-west-1"
        )
        assert line.commands == (command,)
        assert line.advice == "or leave the rule, and set clusters.analytics.ingress: external"

    @pytest.mark.parametrize(
        "other", [permission(GIVEN), permission(GIVEN, 8000, 9000), SUBNET_RULE]
    )
    def test_may_stand_beside_others_that_admit_the_same(self, other: Fields) -> None:
        assert rule(admitting(other), asked("create", given=True)).state is State.OK

    def test_is_the_stacks_own_after_the_deploy(self) -> None:
        world = admitting(permission(GIVEN, 8998))
        world.stacks[STACK] = [GIVEN_RULE]

        assert rule(world, asked("create", given=True)).state is State.OK

    @pytest.mark.parametrize("given", [False, True])
    def test_is_mended_when_somebody_revoked_what_the_stack_had_made(self, given: bool) -> None:
        world = admitting()
        world.stacks[STACK] = [GIVEN_RULE if given else MADE_RULE, MADE_GROUP]
        line = rule(world, asked("create", given=given))

        assert (line.state, line.commands) == (
            State.FAILED,
            (admit(GIVEN if given else MADE),),
        )

    @pytest.mark.parametrize("given", [False, True])
    def test_is_not_the_one_of_a_port_that_begins_alike(self, given: bool) -> None:
        world = admitting()
        world.stacks[STACK] = [GIVEN_RULE, MADE_RULE, MADE_GROUP]

        line = rule(world, asked("create", given=given, port=899))
        assert line == Line(RULE, State.OK, "the deploy makes it")

    @pytest.mark.parametrize("given", [False, True])
    def test_has_the_id_in_the_template_that_the_stacks_rule_is_known_by(self, given: bool) -> None:
        def change(data: dict[str, Any]) -> None:
            data.update(asked("create", given=given).model_dump(exclude_unset=True, mode="json"))

        rules = template(change).find_resources("AWS::EC2::SecurityGroupIngress")
        world = admitting(permission(GIVEN if given else MADE, 8998))
        world.stacks[STACK] = [
            MADE_GROUP,
            *(resource("SecurityGroupIngress", logical_id, "sgr-1") for logical_id in rules),
        ]

        assert rule(world, asked("create", given=given)).state is State.OK
        world.of("SecurityGroups", PRIMARY)["IpPermissions"] = []
        assert rule(world, asked("create", given=given)).state is State.FAILED


class TestGroups:
    def test_of_the_notebooks_exist_in_the_vpc(self) -> None:
        subject = f"security group {GIVEN}"
        world = NetworkWorld()
        assert failing(lines(check, world, asked(given=True))) == []

        world.of("SecurityGroups", GIVEN)["VpcId"] = OTHER_VPC
        found = lines(check, world, asked(given=True))
        assert failing(found) == [subject]
        assert found[subject].what == f"it is in {OTHER_VPC}, not in {VPC}"
        assert list(found) == [subject]

        world.remove("SecurityGroups", GIVEN)
        found = lines(check, world, asked(given=True))
        assert failing(found) == [subject]

    def test_that_the_settings_name_are_the_running_primarys(self) -> None:
        world = NetworkWorld()
        world.emr.clusters = [running(EmrManagedMasterSecurityGroup=ENTIRELY_OTHER)]
        found = lines(check, world, asked("create"))

        assert failing(found) == [OF]
        assert found[OF].what == f"{PRIMARY} is none of the primary's ({ENTIRELY_OTHER})"
        assert found[OF].advice == f"set clusters.analytics.security_group_id: {ENTIRELY_OTHER}"

    @pytest.mark.parametrize("admits", [PRIMARY, ENTIRELY_OTHER])
    def test_that_are_not_the_primarys_are_no_second_failure_of_the_rule(self, admits: str) -> None:
        world = admitting()
        world.records["SecurityGroups"].append(group(ENTIRELY_OTHER))
        world.of("SecurityGroups", admits)["IpPermissions"] = [permission(GIVEN, 8998)]
        world.emr.clusters = [running(EmrManagedMasterSecurityGroup=ENTIRELY_OTHER)]

        assert failing(lines(check, world, asked("external", given=True))) == [OF]

    def test_may_be_one_of_the_primarys_further_groups(self) -> None:
        world = NetworkWorld()
        world.emr.clusters = [
            running(
                EmrManagedMasterSecurityGroup=ENTIRELY_OTHER,
                AdditionalMasterSecurityGroups=[PRIMARY],
            )
        ]

        assert failing(lines(check, world, asked("external"))) == []

    def test_that_do_not_exist_are_one_failure(self) -> None:
        world = NetworkWorld()
        world.remove("SecurityGroups", PRIMARY)
        found = lines(check, world, asked("create"))

        assert failing(found) == [OF]
        assert RULE not in found

    @pytest.mark.parametrize("selector", [{"id": "j-GONE"}, {"id": None, "name": "gone"}])
    def test_of_a_cluster_that_is_not_found_are_left_to_the_clusters_line(
        self, selector: dict[str, Any]
    ) -> None:
        world = NetworkWorld()

        assert lines(check, world, asked(**selector)) == {}
        assert lines(check, world, asked("create", **selector)) == {}
        world.remove("SecurityGroups", PRIMARY)
        assert failing(lines(check, world, asked("create", **selector))) == [OF]

    @pytest.mark.parametrize("selector", [{}, {"id": None, "name": "nightly-spark"}])
    @pytest.mark.parametrize("change", [{"Status": status("STARTING")}, {"Applications": []}])
    def test_of_a_cluster_that_starts_or_is_refused_are_looked_at_all_the_same(
        self, selector: dict[str, Any], change: Fields
    ) -> None:
        world = NetworkWorld()
        other = running(EmrManagedMasterSecurityGroup=ENTIRELY_OTHER)
        world.emr.clusters = [other | change]

        assert failing(lines(check, world, asked("create", **selector))) == [OF]
        world.emr.clusters = [running() | change]
        assert list(lines(check, world, asked(**selector))) == [RULE, WAY]

    @pytest.mark.parametrize(
        ("selector", "method"),
        [({}, "describe_cluster"), ({"id": None, "name": "nightly-spark"}, "list_clusters")],
    )
    def test_are_not_checked_where_emr_refuses_in_passing(
        self, selector: dict[str, Any], method: str
    ) -> None:
        world = NetworkWorld()

        def refuse(_: Fields) -> Fields:
            raise refused("ValidationException", "of a new kind")

        world.answers["emr", method] = refuse
        found = unknown(lines(check, world, asked("create", **selector)))
        assert list(found) == [OF]
        assert "of a new kind" in found[OF]
        assert list(unknown(lines(check, world, asked(**selector)))) == [RULE]

    def test_are_not_checked_where_emr_names_none(self) -> None:
        world = NetworkWorld()
        world.emr.clusters = [running(EmrManagedMasterSecurityGroup="")]

        assert list(unknown(lines(check, world, asked("create")))) == [OF]
        assert list(unknown(lines(check, world, asked()))) == [RULE]

    def test_of_a_primary_that_is_not_seen_say_nothing_of_the_port_it_listens_on(self) -> None:
        world = admitting(permission(GIVEN, 8998))
        world.denied = {"elasticmapreduce:DescribeCluster"}
        found = lines(check, world, asked("external", given=True))

        assert list(unknown(found)) == [OF, RULE, WAY]

    def test_of_a_cluster_by_its_name_are_those_of_the_one_that_is_found(self) -> None:
        found = lines(check, NetworkWorld(), asked(id=None, name="nightly-spark"))

        assert list(found) == [RULE, WAY]


class TestTheWay:
    @pytest.mark.parametrize(
        ("egress", "state"),
        [
            (permission("0.0.0.0/0"), State.OK),
            (permission(PRIMARY, 8998), State.OK),
            (permission("10.0.2.0/24", 8998), State.OK),
            (permission("10.0.0.0/16", 8000, 9000), State.OK),
            (permission("10.0.1.0/24", 8998), State.FAILED),
            (permission(PRIMARY, 443), State.FAILED),
            (permission("pl-0a1b", 8998), State.NOT_CHECKED),
        ],
    )
    def test_is_let_out_by_the_notebooks_own_groups(self, egress: Fields, state: State) -> None:
        world = NetworkWorld()
        world.of("SecurityGroups", GIVEN)["IpPermissionsEgress"] = [egress]
        found = lines(check, world, asked("external", given=True))

        assert found[WAY].state is state
        assert failing(found) == ([WAY] if state is State.FAILED else [])
        command = (
            f"aws ec2 authorize-security-group-egress --group-id {GIVEN} --protocol tcp "
            f"--port 8998 --source-group {PRIMARY} --region eu-west-1"
        )
        assert found[WAY].commands == ((command,) if state is State.FAILED else ())

    def test_of_a_made_group_leads_to_the_vpcs_range_or_the_primarys_group(self) -> None:
        far = asked(network={"vpc_cidr": "10.0.1.0/24"})
        found = lines(check, NetworkWorld(), far)

        assert failing(lines(check, NetworkWorld(), asked())) == []
        assert failing(found) == [WAY]
        assert found[WAY].advice.startswith(f"give clusters.analytics.security_group_id: {PRIMARY}")
        near = asked("create", network={"vpc_cidr": "10.0.1.0/24"})
        assert failing(lines(check, NetworkWorld(), near)) == []

    def test_into_another_vpc_is_said_to_be_unknown_and_no_failure(self) -> None:
        world = NetworkWorld()
        world.of("Subnets", PRIMARY_SUBNET)["VpcId"] = OTHER_VPC
        line = lines(check, world, asked("create"))[WAY]

        assert line == unseen(
            WAY, f"it is in {OTHER_VPC}: routes between the VPCs are not looked at"
        )

    def test_to_a_subnet_that_another_account_shares_is_taken_for_granted(self) -> None:
        world = NetworkWorld()
        world.remove("Subnets", PRIMARY_SUBNET)

        assert failing(lines(check, world, asked())) == []


@pytest.mark.parametrize(
    ("wanted", "action", "subject"),
    [
        (asked("create"), "elasticmapreduce:DescribeCluster", [OF]),
        (asked(), "elasticmapreduce:DescribeCluster", [RULE]),
        (asked(id=None, name="nightly-spark"), "elasticmapreduce:ListClusters", [RULE]),
        (asked("create"), "ec2:DescribeSecurityGroups", [OF, RULE, WAY]),
        (asked("create"), "cloudformation:ListStackResources", [RULE]),
        (asked("create", given=True), "cloudformation:ListStackResources", []),
        (asked("external", given=True), "cloudformation:ListStackResources", []),
        (asked("external"), "ec2:DescribeSubnets", [RULE]),
        (asked(), "ec2:DescribeSubnets", [RULE, WAY]),
        (asked(given=True), "ec2:DescribeSubnets", [RULE, WAY]),
    ],
)
def test_what_may_not_be_read_is_said_where_it_is_needed(
    wanted: Settings, action: str, subject: list[str]
) -> None:
    world = NetworkWorld(denied={action})
    world.of("SecurityGroups", GIVEN)["IpPermissionsEgress"] = [permission("10.0.2.0/24", 8998)]
    found = lines(check, world, wanted)

    assert failing(found) == []
    assert unknown(found) == dict.fromkeys(subject, f"these credentials may not {action}")


def test_a_rule_made_by_hand_is_unknown_without_the_stacks_resources() -> None:
    world = admitting(permission(GIVEN, 8998))
    world.denied = {"cloudformation:ListStackResources"}

    assert list(unknown(lines(check, world, asked("create", given=True)))) == [RULE]


def test_the_number_of_calls_is_that_of_clusters_and_stacks_and_two_more() -> None:
    clusters = {f"c{number}": {"id": f"j-CLUSTER{number}"} for number in range(5)}
    notebooks = {
        f"n{number}": {
            "cluster": f"c{number % 5}",
            "subnet_id": f"subnet-{number:017x}",
            "stack": "b" if number % 2 else None,
        }
        for number in range(40)
    }
    world = NetworkWorld()
    world.emr.clusters = [{**running(), "Id": each["id"]} for each in clusters.values()]
    lines(check, world, settings(lambda data: data.update(clusters=clusters, notebooks=notebooks)))

    assert world.count("describe_cluster") == 5
    assert world.count("list_instance_groups") == 5
    assert world.count("list_stack_resources") == 2
    assert len(world.calls) == 2 * 5 + 2 + 2
