"""Makes the encrypted bucket of what passes from step to step in the pipeline."""

import aws_cdk as cdk
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from emr_notebook.checks.nag import acknowledge

# A stage's approval waits for at most 7 days (CodePipeline); the rest is for looking back.
KEPT_DAYS = 30


class Artifacts(Construct):
    """The bucket of the pipeline's artifacts, and the key of its own that other accounts need."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        key = kms.Key(
            self,
            "Key",
            description="Artifacts of the pipeline that deploys SageMaker notebooks",
            enable_key_rotation=True,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            encryption=s3.BucketEncryption.KMS,
            encryption_key=key,
            bucket_key_enabled=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            # CodePipeline takes no other.
            versioned=True,
            lifecycle_rules=[
                s3.LifecycleRule(
                    expiration=cdk.Duration.days(KEPT_DAYS),
                    noncurrent_version_expiration=cdk.Duration.days(KEPT_DAYS),
                    abort_incomplete_multipart_upload_after=cdk.Duration.days(1),
                )
            ],
            # CloudFormation deletes no bucket that holds something.
            removal_policy=cdk.RemovalPolicy.RETAIN,
        )
        because = (
            "Only the pipeline's own roles read and write it, and it holds nothing that is not in "
            "the repository; CloudTrail has its data events where an account records them."
        )
        acknowledge(self.bucket, {"AwsSolutions-S1": because, "CKV_AWS_18": because})
