"""What follows a cluster: its record, the rule and the schedule that have it looked at again."""

import json
import re
from typing import Any

import pytest
from aws_cdk.assertions import Template

from tests.conftest import Change, template, templates
from tests.templates import actions, policies, properties, referred, resources, statements

RECORD, ZONE = "Custom::ClusterRecord", "AWS::Route53::HostedZone"
RULE, SCHEDULE = "AWS::Events::Rule", "AWS::Scheduler::Schedule"
NAME = "analytics.emr-notebooks-test.internal"
KEY = "route53:ChangeResourceRecordSets"
MADE = (ZONE, RECORD, RULE, SCHEDULE, "AWS::SQS::Queue", "AWS::CloudWatch::Alarm")


def following(**cluster: Any) -> Change:
    """A stage whose one cluster is this one."""
    given = {name: x for name, x in {"name": "nightly-spark", **cluster}.items() if x is not None}
    return lambda data: data["clusters"].update(analytics=given)


def two_stacks(data: dict[str, Any]) -> None:
    """Alice and bob use the cluster, from stacks of their own."""
    following()(data)
    data["notebooks"]["bob"] = {"cluster": "analytics", "stack": "science"}


def text(value: Any) -> str:
    """A text of the template, its references as their logical ids."""
    if isinstance(value, str):
        return value
    if "Fn::Sub" in value:
        pattern, values = value["Fn::Sub"]
        return re.sub(r"\$\{(\w+)\}", lambda found: text_or_reference(values[found[1]]), pattern)
    parts = value["Fn::Join"][1]
    return "".join(each if isinstance(each, str) else f"<{referred(each)}>" for each in parts)


def text_or_reference(value: Any) -> str:
    return value if isinstance(value, str) else f"<{referred(value)}>"


def writing(found: Template) -> dict[str, Any]:
    [statement] = [
        each
        for each in statements(found)
        if actions(each) == [KEY] and "ForAllValues:StringLike" not in each["Condition"]
    ]
    return statement


class TestWhatIsFollowed:
    def test_a_cluster_by_name_is_unless_it_declines(self) -> None:
        for kind in MADE:
            assert len(resources(template(following()), kind)) == 1, kind
            assert resources(template(following(follow=False)), kind) == {}, kind

    def test_a_cluster_by_its_id_is_where_it_asks_for_it(self) -> None:
        by_id: Any = {"name": None, "id": "j-2AXXXXXXGAPLF"}

        assert resources(template(), RECORD) == {}
        assert len(resources(template(following(**by_id, follow=True)), RECORD)) == 1

    def test_one_stack_of_the_stage_has_it_all_and_the_others_know_the_name(self) -> None:
        found = templates(two_stacks)

        assert [len(resources(each, RECORD)) for each in found.values()] == [1, 0]
        for each in found.values():
            endpoint = properties(each, "Custom::ClusterEndpoint")
            assert endpoint["RecordName"] == NAME
        for action in (KEY, "route53:ListResourceRecordSets"):
            held = [any(action in actions(x) for x in statements(each)) for each in found.values()]
            assert held == [True, False]

    def test_a_cluster_of_another_stack_alone_is_kept_true_here_without_a_wait(self) -> None:
        def elsewhere(data: dict[str, Any]) -> None:
            data["clusters"]["second"] = {"name": "hourly-spark"}
            data["notebooks"]["bob"] = {"cluster": "second", "stack": "science"}

        home, science = templates(elsewhere).values()

        assert properties(home, RECORD)["WaitMinutes"] == "0"
        assert resources(science, RECORD) == {}


class TestTheRecord:
    def test_the_zone_is_of_the_vpc_and_named_after_the_stage(self) -> None:
        zone = properties(template(following()), ZONE)

        assert zone["Name"] == "emr-notebooks-test.internal"
        [vpc] = zone["VPCs"]
        assert vpc == {"VPCId": "vpc-0a1b2c3d4e5f60718", "VPCRegion": {"Ref": "AWS::Region"}}

    def test_a_zone_of_the_settings_is_used_and_checked(self) -> None:
        def given(data: dict[str, Any]) -> None:
            following()(data)
            data["network"].update(zone_id="Z0123456789", zone_name="example.com")

        found = template(given)

        assert resources(found, ZONE) == {}
        record = properties(found, RECORD)
        assert record["RecordName"] == "analytics.emr-notebooks-test.example.com"
        assert (record["ZoneId"], record["ZoneName"]) == ("Z0123456789", "example.com")
        assert record["VpcId"] == "vpc-0a1b2c3d4e5f60718"
        assert any("route53:GetHostedZone" in actions(each) for each in statements(found))

    def test_the_resolver_may_write_its_names_and_types_and_no_others(self) -> None:
        found = writing(template(following()))

        assert text(found["Resource"]).startswith(
            "arn:<AWS::Partition>:route53:::hostedzone/<Names"
        )
        assert found["Condition"] == {
            "ForAllValues:StringEquals": {
                f"{KEY}NormalizedRecordNames": [NAME],
                f"{KEY}RecordTypes": ["A", "TXT"],
                f"{KEY}Actions": ["CREATE", "DELETE"],
            }
        }

    @pytest.mark.parametrize(
        ("network", "ending"),
        [
            ({}, "emr-notebooks-test.internal"),
            (
                {"zone_id": "Z0123456789", "zone_name": "example.com"},
                "emr-notebooks-test.example.com",
            ),
        ],
    )
    def test_that_of_a_cluster_which_is_no_more_in_the_settings_can_still_be_deleted(
        self, network: dict[str, str], ending: str
    ) -> None:
        def given(data: dict[str, Any]) -> None:
            following()(data)
            data["network"].update(network)

        found = template(given)
        [policy] = resources(found, "AWS::IAM::ManagedPolicy", "NamesRemoval")
        [read, delete] = policies(found)[policy]

        # CloudFormation changes the role before it deletes a record, and deletes this after it.
        role = properties(found, "AWS::IAM::Role", "ResolverRole")
        attached = properties(found, "AWS::IAM::ManagedPolicy", "NamesRemoval")["Roles"]
        assert [each["Ref"] for each in attached] == list(
            resources(found, "AWS::IAM::Role", "ResolverRole")
        )
        assert policy not in [referred(each) for each in role["ManagedPolicyArns"]]
        [record] = resources(found, RECORD).values()
        assert policy in record["DependsOn"]
        assert actions(read) == ["route53:ListResourceRecordSets"]
        assert delete["Condition"] == {
            "ForAllValues:StringLike": {f"{KEY}NormalizedRecordNames": [f"*.{ending}"]},
            "ForAllValues:StringEquals": {
                f"{KEY}RecordTypes": ["A", "TXT"],
                f"{KEY}Actions": ["DELETE"],
            },
        }

    def test_a_new_refresh_has_it_looked_at_again(self) -> None:
        [found] = templates(following(), refresh="2").values()

        assert properties(found, RECORD)["Refresh"] == "2"

    def test_notebooks_start_after_it(self) -> None:
        found = template(following())
        [record] = resources(found, RECORD)
        [script] = resources(found, "AWS::SageMaker::NotebookInstanceLifecycleConfig").values()

        assert record in script["DependsOn"]


class TestLookingAgain:
    def test_events_of_the_name_count_for_a_cluster_by_name(self) -> None:
        pattern = properties(template(following()), RULE)["EventPattern"]

        assert pattern["source"] == ["aws.emr"]
        assert pattern["detail-type"] == ["EMR Cluster State Change"]
        assert pattern["detail"]["name"] == ["nightly-spark"]
        assert {"RUNNING", "WAITING", "TERMINATED"} <= set(pattern["detail"]["state"])

    def test_events_of_the_state_alone_count_for_one_by_tags(self) -> None:
        by_tags: Any = {"name": None, "tags": {"team": "risk"}}
        pattern = properties(template(following(**by_tags)), RULE)["EventPattern"]

        assert set(pattern["detail"]) == {"state"}

    def test_events_of_the_id_count_for_one_by_its_id(self) -> None:
        by_id: Any = {"name": None, "id": "j-2AXXXXXXGAPLF", "follow": True}
        pattern = properties(template(following(**by_id)), RULE)["EventPattern"]

        assert pattern["detail"]["clusterId"] == ["j-2AXXXXXXGAPLF"]

    def test_rule_and_schedule_ask_for_what_the_deploy_asks_for(self) -> None:
        found = template(following())
        record = properties(found, RECORD)
        [target] = properties(found, RULE)["Targets"]
        schedule = properties(found, SCHEDULE)

        asked = {
            name: text_or_reference(value)
            for name, value in record.items()
            if name not in ("ServiceToken", "ServiceTimeout")
        }
        [endpoint] = resources(found, "Custom::ClusterEndpoint")
        assert json.loads(text(target["Input"])) == {
            "Follow": {**asked, "LivyUrl": f"<{endpoint}>"}
        }
        assert schedule["Target"]["Input"] == target["Input"]
        assert schedule["ScheduleExpression"] == "rate(5 minutes)"

    def test_they_go_before_the_record_which_they_would_make_again(self) -> None:
        found = template(following())
        [record] = resources(found, RECORD)

        for kind in (RULE, SCHEDULE):
            [each] = resources(found, kind).values()
            assert each["DependsOn"] == [record]

    def test_what_fails_goes_to_one_queue(self) -> None:
        found = template(following())
        [queue] = resources(found, "AWS::SQS::Queue")
        [target] = properties(found, RULE)["Targets"]
        function = properties(found, "AWS::Lambda::Function", "ResolverFunction")
        schedule = properties(found, SCHEDULE)["Target"]

        letters = (target, schedule)
        assert [referred(each["DeadLetterConfig"]["Arn"]) for each in letters] == [queue] * 2
        assert referred(function["DeadLetterConfig"]["TargetArn"]) == queue
        sending = [each for each in statements(found) if actions(each) == ["sqs:SendMessage"]]
        assert [referred(each["Resource"]) for each in sending] == [queue] * 2

    def test_scheduler_may_call_the_resolver_for_this_account_alone(self) -> None:
        found = template(following())
        role = properties(found, "AWS::IAM::Role", "FollowerRole")
        [trust] = role["AssumeRolePolicyDocument"]["Statement"]

        assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
        group = "arn:aws:scheduler:eu-west-1:111122223333:schedule-group/default"
        assert trust["Condition"] == {
            "StringEquals": {"aws:SourceAccount": "111122223333", "aws:SourceArn": group}
        }


class TestTheAlarm:
    def test_a_message_in_the_queue_tells_a_topic_that_cloudwatch_may_publish_to(self) -> None:
        found = template(following())
        [topic] = resources(found, "AWS::SNS::Topic")
        alarm = properties(found, "AWS::CloudWatch::Alarm")
        policy = properties(found, "AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"]

        assert [referred(each) for each in alarm["AlarmActions"]] == [topic]
        assert (alarm["Threshold"], alarm["MetricName"]) == (
            1,
            "ApproximateNumberOfMessagesVisible",
        )
        allowed = [each["Principal"] for each in policy if each["Effect"] == "Allow"]
        assert allowed == [{"Service": "cloudwatch.amazonaws.com"}]

    def test_a_topic_of_the_settings_is_told_instead(self) -> None:
        arn = "arn:aws:sns:eu-west-1:111122223333:alarms"

        def given(data: dict[str, Any]) -> None:
            following()(data)
            data["alarms_topic_arn"] = arn

        found = template(given)

        assert resources(found, "AWS::SNS::Topic") == {}
        assert properties(found, "AWS::CloudWatch::Alarm")["AlarmActions"] == [arn]


class TestManyClusters:
    """Forty: the most that are accepted, with the longest names."""

    @staticmethod
    def forty(data: dict[str, Any]) -> None:
        following()(data)
        data["network"].update(zone_id="Z0123456789", zone_name=f"{'z' * 63}.{'z' * 63}")
        for number in range(1, 40):
            data["clusters"][f"c{number:031}"] = {"name": f"nightly-{number}"}

    def test_the_queues_policy_is_one_that_sqs_takes(self) -> None:
        found = template(self.forty)
        listed = properties(found, "AWS::SQS::QueuePolicy")["PolicyDocument"]["Statement"]
        [admitted] = [each for each in listed if each["Effect"] == "Allow"]

        # SQS's quotas: 20 statements, 10 conditions, 8,192 bytes.
        assert len(listed) <= 10
        arns = admitted["Condition"]["ArnEquals"]["aws:SourceArn"]
        assert {referred(each) for each in arns} == set(resources(found, RULE))
        longest = "arn:aws-us-gov:events:us-gov-west-1:111122223333:rule/" + "r" * 64
        assert len(json.dumps([longest] * len(arns))) < 8192 - 1000

    def test_the_policies_of_the_names_are_ones_that_iam_takes(self) -> None:
        found = template(self.forty)
        named = [
            each["Condition"]["ForAllValues:StringEquals"][f"{KEY}NormalizedRecordNames"]
            for each in statements(found)
            if actions(each) == [KEY] and "ForAllValues:StringLike" not in each["Condition"]
        ]

        records = resources(found, RECORD).values()
        assert sorted(name for each in named for name in each) == sorted(
            each["Properties"]["RecordName"] for each in records
        )
        assert all(len(json.dumps(each)) < 6144 - 500 for each in policies(found).values())
