"""The resolver's Lambda and its roles, and the custom resource of each cluster."""

from typing import Any

import pytest
from aws_cdk.assertions import Template

from tests.conftest import template, templates
from tests.templates import (
    ENDPOINT,
    LAMBDA,
    ROLE,
    actions,
    only,
    policies,
    properties,
    referred,
    resources,
    statements,
)

CLUSTER = "arn:aws:elasticmapreduce:eu-west-1:111122223333:cluster"
READ = [
    "elasticmapreduce:DescribeCluster",
    "elasticmapreduce:ListInstanceFleets",
    "elasticmapreduce:ListInstanceGroups",
    "elasticmapreduce:ListInstances",
]


def with_cluster(**cluster: Any) -> Template:
    """The template of a stage with this cluster alone, not followed."""
    cluster.setdefault("follow", False)
    return template(lambda data: data["clusters"].update(analytics=cluster))


RESOLVER, FRAMEWORK = "ResolverFunction", "ResolverProvider"


def role(found: Template, function: str) -> dict[str, Any]:
    """The role of the one Lambda whose logical id starts so."""
    name = referred(properties(found, LAMBDA, function)["Role"])
    return dict(resources(found, ROLE)[name]["Properties"])


def held(found: Template, function: str) -> list[dict[str, Any]]:
    """What a Lambda's role may do, in all of its policies."""
    granted = policies(found)
    names = [each["Ref"] for each in role(found, function)["ManagedPolicyArns"]]
    return [statement for name in names for statement in granted[name]]


def writing(found: Template, function: str) -> dict[str, Any]:
    """A Lambda writes its own log group."""
    group = properties(found, LAMBDA, function)["LoggingConfig"]["LogGroup"]["Ref"]
    return {
        "Effect": "Allow",
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": {"Fn::GetAtt": [group, "Arn"]},
    }


class TestGrants:
    def test_the_resolver_reads_the_cluster_of_the_settings_and_its_own_stack_and_no_more(
        self,
    ) -> None:
        found = template()

        assert held(found, RESOLVER) == [
            writing(found, RESOLVER),
            {
                "Effect": "Allow",
                "Action": "cloudformation:DescribeStacks",
                "Resource": {"Ref": "AWS::StackId"},
            },
            {"Effect": "Allow", "Action": READ, "Resource": f"{CLUSTER}/j-2AXXXXXXGAPLF"},
        ]

    def test_the_framework_calls_the_resolver_and_no_more(self) -> None:
        found = template()
        (function,) = resources(found, LAMBDA, RESOLVER)

        assert held(found, FRAMEWORK) == [
            writing(found, FRAMEWORK),
            {
                "Effect": "Allow",
                "Action": ["lambda:GetFunction", "lambda:InvokeFunction"],
                "Resource": {"Fn::GetAtt": [function, "Arn"]},
            },
        ]

    def test_only_lambda_takes_their_roles(self) -> None:
        for function in (RESOLVER, FRAMEWORK):
            trust = role(template(), function)["AssumeRolePolicyDocument"]
            (statement,) = trust["Statement"]
            assert statement == {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"Service": "lambda.amazonaws.com"},
            }

    def test_each_cluster_that_is_given_by_its_id_may_be_read(self) -> None:
        found = template(lambda data: data["clusters"].update(second={"id": "j-SECOND"}))

        (reading,) = [each for each in statements(found) if actions(each) == READ]
        assert reading["Resource"] == [f"{CLUSTER}/j-2AXXXXXXGAPLF", f"{CLUSTER}/j-SECOND"]

    @pytest.mark.parametrize(
        ("selector", "more"),
        [
            ({"name": "nightly-spark"}, {"elasticmapreduce:ListClusters"}),
            ({"tags": {"team": "risk"}}, {"elasticmapreduce:ListClusters", "tag:GetResources"}),
            (
                {"id": "j-2AXXXXXXGAPLF", "scheme": "detect"},
                {"elasticmapreduce:DescribeSecurityConfiguration"},
            ),
        ],
    )
    def test_the_stack_may_do_more_only_where_the_selector_needs_it(
        self, selector: dict[str, Any], more: set[str]
    ) -> None:
        assert may(with_cluster(**selector)) - may(template()) == more

    def test_the_stack_may_do_less_where_groups_configurations_are_declined(self) -> None:
        declining = with_cluster(id="j-2AXXXXXXGAPLF", group_configurations=False)

        assert may(template()) - may(declining) == {
            "elasticmapreduce:ListInstanceFleets",
            "elasticmapreduce:ListInstanceGroups",
        }

    def test_a_cluster_by_its_tags_is_read_only_while_it_has_them(self) -> None:
        found = with_cluster(tags={"team": "risk"})

        (reading,) = [each for each in statements(found) if actions(each) == READ]
        assert reading["Resource"] == f"{CLUSTER}/*"
        assert reading["Condition"] == {"StringEquals": {"aws:ResourceTag/team": "risk"}}


def may(found: Template) -> set[str]:
    """Every action that anything in the stack has."""
    return {action for statement in statements(found) for action in actions(statement)}


class TestResolver:
    def test_is_one_for_all_clusters(self) -> None:
        found = template(lambda data: data["clusters"].update(second={"id": "j-SECOND"}))

        assert len(resources(found, ENDPOINT)) == 2
        tokens = {
            str(each["Properties"]["ServiceToken"]) for each in resources(found, ENDPOINT).values()
        }
        assert len(tokens) == 1
        found.resource_properties_count_is(
            LAMBDA, {"Handler": "cluster_endpoint.handler.on_event"}, 1
        )

    @pytest.mark.parametrize("architecture", [None, "arm64", "x86_64"])
    def test_runs_on_the_processor_of_the_settings(self, architecture: str | None) -> None:
        given = {} if architecture is None else {"resolver_architecture": architecture}
        found = template(lambda data: data.update(given))

        function = only(found, LAMBDA, "ResolverFunction")["Properties"]
        assert function["Architectures"] == [architecture or "arm64"]

    def test_a_wait_is_over_before_lambda_and_cloudformation_give_up(self) -> None:
        found = with_cluster(id="j-2AXXXXXXGAPLF", wait_minutes=13)

        endpoint = properties(found, ENDPOINT)
        assert (endpoint["WaitMinutes"], endpoint["ServiceTimeout"]) == ("13", "900")
        found.all_resources_properties(LAMBDA, {"Timeout": 900})

    def test_logs_are_kept_for_a_month_and_go_with_the_stack(self) -> None:
        groups = resources(template(), "AWS::Logs::LogGroup")

        assert len(groups) == 2
        for each in groups.values():
            assert each["Properties"]["RetentionInDays"] == 30
            assert each["DeletionPolicy"] == "Delete"


class TestEndpoint:
    def test_a_new_refresh_changes_every_endpoint_and_nothing_else(self) -> None:
        def two(data: dict[str, Any]) -> None:
            data["clusters"]["second"] = {"id": "j-SECOND"}

        before, after = (
            templates(two, refresh=each)["emr-notebooks-test"].to_json()["Resources"]
            for each in ("1", "2")
        )

        changed = {name for name in before | after if before.get(name) != after.get(name)}
        assert changed == {name for name, x in before.items() if x["Type"] == ENDPOINT}
        assert len(changed) == 2

    def test_the_resolver_is_told_which_output_holds_the_last_value(self) -> None:
        found = template()

        output = found.to_json()["Outputs"][properties(found, ENDPOINT)["LastValueOutput"]]
        (endpoint,) = resources(found, ENDPOINT)
        assert output["Value"] == {"Fn::GetAtt": [endpoint, "Value"]}

    def test_that_output_has_the_name_that_version_0_1_0_gave_it(self) -> None:
        """In a rollback it is asked of the stack as it was deployed."""
        assert (
            properties(template(), ENDPOINT)["LastValueOutput"] == "ClusteranalyticsValue98B69D71"
        )

    def test_a_cluster_that_no_notebook_uses_is_looked_up_all_the_same(self) -> None:
        found = template(lambda data: data["clusters"].update(idle={"id": "j-IDLE"}))

        assert only(found, ENDPOINT, "Clusteridle")["Properties"]["ClusterId"] == "j-IDLE"
