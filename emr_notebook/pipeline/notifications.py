"""Makes the topic that mails failures and waiting approvals of the pipeline."""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_codepipeline as codepipeline
from aws_cdk import aws_codestarnotifications as notifications
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

Event = codepipeline.PipelineNotificationEvents
NOTIFIED_EVENTS = (
    Event.PIPELINE_EXECUTION_FAILED,
    Event.MANUAL_APPROVAL_NEEDED,
    Event.MANUAL_APPROVAL_FAILED,
)
SENDER = iam.ServicePrincipal("codestar-notifications.amazonaws.com")


class Notifications(Construct):
    """An encrypted topic that tells the addresses of failures and of approvals that wait.

    SNS asks each address once whether it wants to hear.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        pipeline: codepipeline.Pipeline,
        addresses: Sequence[str],
    ) -> None:
        super().__init__(scope, construct_id)
        key = kms.Key(
            self,
            "Key",
            description="Notices of the pipeline that deploys SageMaker notebooks",
            enable_key_rotation=True,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        # SNS encrypts in the sender's name.
        key.grant(SENDER, "kms:GenerateDataKey*", "kms:Decrypt")
        topic = sns.Topic(self, "Topic", master_key=key, enforce_ssl=True)
        for address in addresses:
            topic.add_subscription(subscriptions.EmailSubscription(address))
        pipeline.notify_on(
            "Notices",
            topic,
            events=list(NOTIFIED_EVENTS),
            detail_type=notifications.DetailType.FULL,
        )
