"""What the app deploys: every promise about the template."""

import json
from collections.abc import Mapping
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk.assertions import Match, Template

from emr_notebook.build import build
from emr_notebook.settings_file import parse
from tests.conftest import cdk_context, stage, template

INSTANCE = "AWS::SageMaker::NotebookInstance"
LIFECYCLE = "AWS::SageMaker::NotebookInstanceLifecycleConfig"
KEY_ARN = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def two_notebooks(data: dict[str, Any]) -> None:
    data["notebooks"]["bob"] = {"cluster": "analytics"}


def only(found: Template, kind: str) -> dict[str, Any]:
    """The template's one resource of a kind."""
    (resource,) = found.find_resources(kind).values()
    return dict(resource)


def statements(found: Template) -> list[dict[str, Any]]:
    policies = found.find_resources("AWS::IAM::Policy").values()
    return [
        statement
        for policy in policies
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
    ]


def actions(statement: dict[str, Any]) -> list[str]:
    named = statement["Action"]
    return [named] if isinstance(named, str) else named


class TestNotebook:
    def test_is_closed_by_default(self) -> None:
        template().has_resource_properties(
            INSTANCE,
            {
                "NotebookInstanceName": "emr-notebooks-test-alice",
                "DirectInternetAccess": "Disabled",
                "RootAccess": "Disabled",
                "InstanceMetadataServiceConfiguration": {
                    "MinimumInstanceMetadataServiceVersion": "2"
                },
                "PlatformIdentifier": "notebook-al2023-v1",
                "SubnetId": "subnet-0a1b2c3d4e5f60718",
                "KmsKeyId": {"Fn::GetAtt": [Match.string_like_regexp("VolumeKey"), "Arn"]},
            },
        )

    def test_takes_size_type_and_owner_from_the_settings(self) -> None:
        def change(data: dict[str, Any]) -> None:
            data["notebooks"]["alice"].update(
                owner="alice@example.com", instance_type="ml.m5.xlarge", volume_size_in_gb=50
            )
            data["tags"] = {"cost-center": "42"}

        template(change).has_resource_properties(
            INSTANCE,
            {
                "InstanceType": "ml.m5.xlarge",
                "VolumeSizeInGB": 50,
                "Tags": [
                    {"Key": "cost-center", "Value": "42"},
                    {"Key": "Owner", "Value": "alice@example.com"},
                ],
            },
        )

    @pytest.mark.parametrize(
        "kind",
        [
            INSTANCE,
            LIFECYCLE,
            "AWS::KMS::Key",
            "AWS::EC2::SecurityGroup",
        ],
    )
    def test_and_what_it_needs_to_start_outlive_their_entry_but_not_a_failed_creation(
        self, kind: str
    ) -> None:
        kept = only(template(), kind)

        assert kept["DeletionPolicy"] == "RetainExceptOnCreate"
        assert kept["UpdateReplacePolicy"] == "Retain"

    def test_role_outlives_its_entry_with_its_policy(self) -> None:
        found = template()
        kept = [
            resource
            for kind in ("AWS::IAM::Role", "AWS::IAM::Policy")
            for name, resource in found.find_resources(kind).items()
            if name.startswith("Notebookalice")
        ]

        assert [each["DeletionPolicy"] for each in kept] == ["RetainExceptOnCreate"] * 2

    def test_goes_with_its_entry_when_the_stage_says_why(self) -> None:
        because = "the sandbox is made anew each time"
        found = template(
            lambda data: data.update(opt_outs={"delete_volumes": {"because": because}})
        )

        instance = only(found, INSTANCE)

        assert instance["DeletionPolicy"] == "Delete"
        assert instance["UpdateReplacePolicy"] == "Delete"
        assert instance["Metadata"]["OptOuts"] == {"delete_volumes": because}

    def test_an_opt_out_takes_effect_and_leaves_its_reason_in_the_template(self) -> None:
        reasons = {"root_access": "builds drivers", "direct_internet_access": "no NAT yet"}
        opt_outs = {name: {"because": because} for name, because in reasons.items()}
        found = template(lambda data: data["notebooks"]["alice"].update(opt_outs=opt_outs))

        instance = only(found, INSTANCE)

        assert instance["Properties"]["RootAccess"] == "Enabled"
        assert instance["Properties"]["DirectInternetAccess"] == "Enabled"
        assert instance["Metadata"]["OptOuts"] == reasons

    def test_a_given_key_is_used_and_none_is_made(self) -> None:
        found = template(lambda data: data.update(kms_key_arn=KEY_ARN))

        found.has_resource_properties(INSTANCE, {"KmsKeyId": KEY_ARN})
        found.resource_count_is("AWS::KMS::Key", 0)

    def test_a_stage_without_a_key_says_why(self) -> None:
        opt_outs = {"aws_managed_key": {"because": "no key policy is agreed yet"}}
        found = template(lambda data: data.update(opt_outs=opt_outs))

        found.has_resource_properties(INSTANCE, {"KmsKeyId": Match.absent()})
        found.resource_count_is("AWS::KMS::Key", 0)

    def test_a_made_key_rotates(self) -> None:
        template().has_resource_properties("AWS::KMS::Key", {"EnableKeyRotation": True})

    def test_a_given_role_is_used_and_left_as_it_is(self) -> None:
        role = "arn:aws:iam::111122223333:role/data-science"
        found = template(lambda data: data["notebooks"]["alice"].update(role_arn=role))

        found.has_resource_properties(INSTANCE, {"RoleArn": role})
        assert not any(name.startswith("Notebook") for name in found.find_resources("AWS::IAM::*"))
        assert role not in json.dumps(found.find_resources("AWS::IAM::Policy"))

    def test_a_made_role_may_write_its_own_log_and_nothing_else(self) -> None:
        found = template()
        own = {
            name: policy
            for name, policy in found.find_resources("AWS::IAM::Policy").items()
            if name.startswith("Notebookalice")
        }

        (policy,) = own.values()
        group = "arn:aws:logs:eu-west-1:111122223333:log-group:/aws/sagemaker/NotebookInstances"

        assert policy["Properties"]["PolicyDocument"]["Statement"] == [
            {
                "Effect": "Allow",
                "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                "Resource": f"{group}:log-stream:emr-notebooks-test-alice/*",
            },
            {
                "Effect": "Allow",
                "Action": ["logs:CreateLogGroup", "logs:DescribeLogStreams"],
                "Resource": [group, f"{group}:log-stream:"],
            },
        ]


class TestLifecycleConfiguration:
    def test_notebooks_with_the_same_script_share_one(self) -> None:
        found = template(two_notebooks)

        found.resource_count_is(INSTANCE, 2)
        found.resource_count_is(LIFECYCLE, 1)

    def test_notebooks_with_other_spark_settings_have_another(self) -> None:
        def change(data: dict[str, Any]) -> None:
            two_notebooks(data)
            data["notebooks"]["bob"]["spark"] = {"executorMemory": "4g"}

        found = template(change)

        configs = [
            line
            for lifecycle in found.find_resources(LIFECYCLE).values()
            for line in script(lifecycle)
            if str(line).startswith("SPARKMAGIC_CONFIG=")
        ]
        assert len(configs) == 2
        assert ['"executorMemory":"4g"' in config for config in configs] == [False, True]

    def test_the_address_in_the_script_is_the_custom_resources_answer(self) -> None:
        lines = script(only(template(), LIFECYCLE))
        resource = next(iter(template().find_resources("Custom::ClusterEndpoint")))

        assert {"Fn::Join": ["", ["LIVY_URL='", {"Fn::GetAtt": [resource, "LivyUrl"]}, "'"]]} in (
            lines
        )

    def test_the_script_stands_in_the_template_line_by_line(self) -> None:
        lines = script(only(template(), LIFECYCLE))

        assert lines[0] == "#!/bin/bash"
        assert len(lines) > 100
        assert not any("\n" in line for line in lines if isinstance(line, str))

    def test_its_logical_id_does_not_depend_on_the_script(self) -> None:
        (name,) = template().find_resources(LIFECYCLE)

        assert name == "Startanalytics712af325ConfigurationA6007995"


class TestResolver:
    def test_may_read_the_clusters_of_the_settings_and_no_other(self) -> None:
        def change(data: dict[str, Any]) -> None:
            data["clusters"]["second"] = {"id": "j-SECOND"}

        reading = [
            each
            for each in statements(template(change))
            if any(action.startswith("elasticmapreduce:") for action in actions(each))
        ]

        arn = "arn:aws:elasticmapreduce:eu-west-1:111122223333:cluster"
        assert reading == [
            {
                "Effect": "Allow",
                "Action": ["elasticmapreduce:DescribeCluster", "elasticmapreduce:ListInstances"],
                "Resource": [f"{arn}/j-2AXXXXXXGAPLF", f"{arn}/j-SECOND"],
            }
        ]

    def test_may_describe_its_own_stack_and_no_other(self) -> None:
        describing = [
            each
            for each in statements(template())
            if "cloudformation:DescribeStacks" in actions(each)
        ]

        assert [each["Resource"] for each in describing] == [{"Ref": "AWS::StackId"}]

    @pytest.mark.parametrize(
        ("selector", "more"),
        [
            ({"name": "nightly-spark"}, {"elasticmapreduce:ListClusters"}),
            ({"tags": {"team": "risk"}}, {"elasticmapreduce:ListClusters", "tag:GetResources"}),
            (
                {"id": "j-2AXXXXXXGAPLF", "scheme": "detect"},
                {"elasticmapreduce:DescribeSecurityConfiguration"},
            ),
            (
                {"id": "j-2AXXXXXXGAPLF", "group_configurations": True},
                {"elasticmapreduce:ListInstanceFleets", "elasticmapreduce:ListInstanceGroups"},
            ),
        ],
    )
    def test_may_do_more_only_where_the_selector_needs_it(
        self, selector: dict[str, Any], more: set[str]
    ) -> None:
        def change(data: dict[str, Any]) -> None:
            data["clusters"]["analytics"] = selector

        assert self.may(template(change)) - self.may(template()) == more

    def test_reads_a_cluster_by_its_tags_only_while_it_has_them(self) -> None:
        def change(data: dict[str, Any]) -> None:
            data["clusters"]["analytics"] = {"tags": {"team": "risk"}}

        [reading] = [
            each
            for each in statements(template(change))
            if "elasticmapreduce:DescribeCluster" in actions(each)
        ]

        assert reading["Condition"] == {"StringEquals": {"aws:ResourceTag/team": "risk"}}

    def test_a_new_refresh_changes_every_endpoint_and_nothing_else(self) -> None:
        first, second = (
            Template.from_stack(build(cdk.App(context=cdk_context()), parse(stage()), refresh=each))
            for each in ("1", "2")
        )

        before, after = (dict(each.to_json()["Resources"]) for each in (first, second))
        changed = {name for name in before | after if before.get(name) != after.get(name)}
        assert changed == set(first.find_resources("Custom::ClusterEndpoint"))

    def test_is_told_which_output_holds_the_last_value(self) -> None:
        found = template()

        [endpoint] = found.find_resources("Custom::ClusterEndpoint").values()
        output = found.to_json()["Outputs"][endpoint["Properties"]["LastValueOutput"]]
        assert output["Value"]["Fn::GetAtt"][1] == "Value"

    @staticmethod
    def may(found: Template) -> set[str]:
        """Every action that any role of the stack has."""
        return {action for statement in statements(found) for action in actions(statement)}

    def test_its_roles_may_write_their_own_logs_and_call_the_one_function(self) -> None:
        policies = template().find_resources("AWS::IAM::Policy")
        resolver, framework = (
            next(
                policy["Properties"]["PolicyDocument"]["Statement"]
                for name, policy in policies.items()
                if name.startswith(f"{role}DefaultPolicy")
            )
            for role in ("ResolverRole", "ResolverFrameworkRole")
        )

        def log(name: str) -> dict[str, Any]:
            (group,) = (
                each for each in template().find_resources("AWS::Logs::LogGroup") if name in each
            )
            write = ["logs:CreateLogStream", "logs:PutLogEvents"]
            return {
                "Effect": "Allow",
                "Action": write,
                "Resource": {"Fn::GetAtt": [group, "Arn"]},
            }

        function = {"Fn::GetAtt": ["ResolverFunction8C958500", "Arn"]}
        assert log("ResolverLog") in resolver
        assert log("ResolverFrameworkLog") in framework
        assert [each["Action"] for each in framework[1:]] == [
            "lambda:InvokeFunction",
            "lambda:GetFunction",
        ]
        assert framework[1]["Resource"] == [function, {"Fn::Join": ["", [function, ":*"]]}]

    def test_no_role_of_the_stack_has_an_aws_managed_policy(self) -> None:
        template().all_resources_properties("AWS::IAM::Role", {"ManagedPolicyArns": Match.absent()})

    def test_one_lambda_serves_all_clusters(self) -> None:
        def change(data: dict[str, Any]) -> None:
            data["clusters"]["second"] = {"id": "j-SECOND"}

        found = template(change)

        found.resource_count_is("Custom::ClusterEndpoint", 2)
        found.resource_properties_count_is(
            "AWS::Lambda::Function", {"Handler": "cluster_endpoint.handler.on_event"}, 1
        )

    def test_a_wait_is_over_before_lambda_and_cloudformation_give_up(self) -> None:
        def change(data: dict[str, Any]) -> None:
            data["clusters"]["analytics"]["wait_minutes"] = 13

        found = template(change)

        found.has_resource_properties(
            "Custom::ClusterEndpoint", {"WaitMinutes": "13", "ServiceTimeout": "900"}
        )
        found.all_resources_properties("AWS::Lambda::Function", {"Timeout": 900})

    def test_logs_are_kept_for_a_month(self) -> None:
        template().all_resources_properties("AWS::Logs::LogGroup", {"RetentionInDays": 30})


class TestNetwork:
    PRIMARY = "sg-0123456789abcdef0"

    def with_group(self, data: dict[str, Any]) -> None:
        data["clusters"]["analytics"].update(security_group_id=self.PRIMARY, ingress="create")

    def test_the_notebooks_reach_livy_and_https_in_the_vpc_and_nothing_else(self) -> None:
        def change(data: dict[str, Any]) -> None:
            self.with_group(data)
            data["network"]["s3_prefix_list_id"] = "pl-6da54004"

        group = only(template(change), "AWS::EC2::SecurityGroup")["Properties"]
        reached = [
            {name: value for name, value in rule.items() if name != "Description"}
            for rule in group["SecurityGroupEgress"]
        ]

        tcp = {"IpProtocol": "tcp"}
        assert reached == [
            {**tcp, "FromPort": 8998, "ToPort": 8998, "DestinationSecurityGroupId": self.PRIMARY},
            {**tcp, "FromPort": 443, "ToPort": 443, "CidrIp": "10.0.0.0/16"},
            {**tcp, "FromPort": 443, "ToPort": 443, "DestinationPrefixListId": "pl-6da54004"},
        ]
        assert "SecurityGroupIngress" not in group

    def test_a_cluster_whose_group_is_not_given_is_reached_in_the_vpcs_range(self) -> None:
        rules = only(template(), "AWS::EC2::SecurityGroup")["Properties"]["SecurityGroupEgress"]

        livy = [rule for rule in rules if rule["ToPort"] == 8998]
        assert [rule["CidrIp"] for rule in livy] == ["10.0.0.0/16"]

    def test_the_primary_admits_the_notebooks_to_livy_alone(self) -> None:
        template(self.with_group).has_resource_properties(
            "AWS::EC2::SecurityGroupIngress",
            {
                "GroupId": self.PRIMARY,
                "IpProtocol": "tcp",
                "FromPort": 8998,
                "ToPort": 8998,
                "SourceSecurityGroupId": {
                    "Fn::GetAtt": [Match.string_like_regexp("SecurityGroup"), "GroupId"]
                },
            },
        )

    def test_an_external_rule_is_not_made_again(self) -> None:
        def change(data: dict[str, Any]) -> None:
            self.with_group(data)
            data["clusters"]["analytics"]["ingress"] = "external"

        template(change).resource_count_is("AWS::EC2::SecurityGroupIngress", 0)

    def test_given_groups_are_used_each_admitted_and_none_is_made(self) -> None:
        given = ["sg-00000000000000001", "sg-00000000000000002"]

        def change(data: dict[str, Any]) -> None:
            self.with_group(data)
            data["network"]["security_group_ids"] = given

        found = template(change)

        found.resource_count_is("AWS::EC2::SecurityGroup", 0)
        found.has_resource_properties(INSTANCE, {"SecurityGroupIds": given})
        rules = found.find_resources("AWS::EC2::SecurityGroupIngress").values()
        assert [rule["Properties"]["SourceSecurityGroupId"] for rule in rules] == given


def test_outputs_say_where_notebooks_and_clusters_are() -> None:
    outputs = template().to_json()["Outputs"]

    for part in ("LivyUrl", "ClusterId", "ReleaseLabel", "Name", "Console"):
        assert any(part in name for name in outputs)
    console = next(output for name, output in outputs.items() if "Console" in name)
    start, instance = console["Value"]["Fn::Join"][1]
    assert start == (
        "https://eu-west-1.console.aws.amazon.com/sagemaker/home?region=eu-west-1"
        "#/notebook-instances/"
    )
    assert instance["Fn::GetAtt"][1] == "NotebookInstanceName"


def test_tags_are_on_everything_that_carries_them() -> None:
    found = template(lambda data: data.update(tags={"cost-center": "42"}))

    for kind in (INSTANCE, "AWS::IAM::Role", "AWS::KMS::Key", "AWS::EC2::SecurityGroup"):
        found.all_resources_properties(
            kind, {"Tags": Match.array_with([{"Key": "cost-center", "Value": "42"}])}
        )


def test_logical_ids_of_notebooks_come_from_their_keys_alone() -> None:
    def change(data: dict[str, Any]) -> None:
        data["stack_name"] = "another"
        data["notebooks"] = {
            "zoe": {"cluster": "analytics"},
            "alice": {"cluster": "analytics", "name": "renamed"},
        }

    before = set(template().find_resources(INSTANCE))
    after = set(template(change).find_resources(INSTANCE))

    assert before == {"NotebookaliceInstanceC79E6389"}
    assert before < after


def script(lifecycle: Mapping[str, Any]) -> list[Any]:
    (hook,) = lifecycle["Properties"]["OnStart"]
    delimiter, lines = hook["Content"]["Fn::Base64"]["Fn::Join"]
    assert delimiter == "\n"
    result: list[Any] = lines
    return result
