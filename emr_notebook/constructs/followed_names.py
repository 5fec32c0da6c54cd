"""Makes the private zone of the followed clusters' names, and the alarm when one is not true."""

from typing import Any, cast

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from emr_notebook.checks.nag import acknowledge
from emr_notebook.constructs.iam import allow
from emr_notebook.constructs.resolver_request import record_removal_grants
from emr_notebook.settings.model import Settings

EVENTS = "events.amazonaws.com"
PLAIN_QUEUE = (
    "Its messages name clusters and DNS names, and hold no secret; SQS encrypts them with a key of "
    "its own, and EventBridge could send to no queue that AWS's key of the account encrypts."
)
PLAIN_TOPIC = (
    "Its messages name an alarm and a queue, and hold no secret; CloudWatch cannot publish to a "
    "topic that AWS's own key encrypts."
)


class FollowedNames(Construct):
    """The private zone of a stage's followed clusters, and who hears when it is not kept true.

    A stage has one: the zone is made unless the settings name one. `records` holds the DNS name of
    each followed cluster by its key.
    """

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        super().__init__(scope, construct_id)
        network = settings.network
        self.records = {key: settings.record_name(key) for key in settings.followed_clusters}
        self._ending = settings.record_name("").removeprefix(".")
        self.checks_zone = network.zone_id is not None
        self.zone_id = network.zone_id or self._zone(settings)
        self.zone_arn = f"arn:{cdk.Aws.PARTITION}:route53:::hostedzone/{self.zone_id}"
        self.failures = sqs.Queue(
            self,
            "Failures",
            enforce_ssl=True,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            retention_period=cdk.Duration.days(14),
        )
        acknowledge(self.failures, {"CKV_AWS_27": PLAIN_QUEUE})
        self._alarm(settings.alarms_topic_arn)

    def admit(self, rule_arns: list[str]) -> None:
        """Let EventBridge's rules send to the dead-letter queue.

        In one statement: SQS takes 20 of them, and 10 conditions, for a queue.
        """
        statement = {
            **allow(["sqs:SendMessage"], [self.failures.queue_arn]),
            "Principal": {"Service": EVENTS},
            "Condition": {"ArnEquals": {"aws:SourceArn": rule_arns}},
        }
        self.failures.add_to_resource_policy(iam.PolicyStatement.from_json(statement))

    def let_remove_records(self, role: iam.IRole) -> cdk.CfnResource:
        """Let the role delete the records of the stage's names; answers what lets it.

        The role's own policies know only the clusters that are followed now: CloudFormation
        changes them before it deletes the records of others, and this one after.
        """
        policy = iam.ManagedPolicy(
            self,
            "Removal",
            description="Deletes the DNS names of clusters that are followed no more",
            roles=[role],
            statements=[
                iam.PolicyStatement.from_json(
                    allow(each.actions, [self.zone_arn], dict(each.conditions))
                )
                for each in record_removal_grants(self._ending)
            ],
        )
        return cast("cdk.CfnResource", policy.node.default_child)

    def sending(self) -> list[dict[str, Any]]:
        """The statement that lets a role send to the dead-letter queue."""
        return [allow(["sqs:SendMessage"], [self.failures.queue_arn])]

    def _zone(self, settings: Settings) -> str:
        vpc = route53.CfnHostedZone.VPCProperty(
            vpc_id=settings.network.vpc_id, vpc_region=cdk.Aws.REGION
        )
        zone = route53.CfnHostedZone(
            self,
            "Zone",
            name=settings.zone_name,
            vpcs=[vpc],
            hosted_zone_config=route53.CfnHostedZone.HostedZoneConfigProperty(
                comment="Names of the EMR clusters that SageMaker notebooks follow"
            ),
        )
        return str(zone.ref)

    def _alarm(self, topic_arn: str | None) -> None:
        if topic_arn is None:
            topic: sns.ITopic = sns.Topic(self, "Alarms", enforce_ssl=True)
            # A topic with a policy of its own lost the one that admits the account's alarms.
            account = {"StringEquals": {"aws:SourceAccount": cdk.Stack.of(self).account}}
            topic.grant_publish(
                iam.ServicePrincipal("cloudwatch.amazonaws.com", conditions=account)
            )
            acknowledge(
                topic, {"CKV_AWS_26": PLAIN_TOPIC, "NIST.800.53.R5-SNSEncryptedKMS": PLAIN_TOPIC}
            )
            cdk.CfnOutput(self, "AlarmsTopicArn", value=topic.topic_arn)
        else:
            topic = sns.Topic.from_topic_arn(self, "Alarms", topic_arn)
        alarm = cloudwatch.Alarm(
            self,
            "NotFollowed",
            alarm_description="The DNS name of an EMR cluster could not be kept true: the message "
            "in the dead-letter queue names the cluster, the resolver's log says why",
            metric=self.failures.metric_approximate_number_of_messages_visible(
                period=cdk.Duration.minutes(5), statistic="Maximum"
            ),
            threshold=1,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(actions.SnsAction(topic))
