"""Publishes the notebook's agent, and says who may read it."""

from pathlib import Path
from typing import Any

import aws_cdk as cdk
from constructs import Construct

from emr_notebook.checks.nag import wildcard_rule
from emr_notebook.constructs.agent_archive import AgentArchive


class Agent(Construct):
    """The program that looks after notebooks, as an object of the bootstrap's bucket.

    Not an aws_s3_assets.Asset, whose object is named by a hash of the CDK's own: this one's name is
    the SHA-256 of its bytes, the same in the template, in IAM's policy and in the start script.
    """

    def __init__(self, scope: Construct, construct_id: str, *, archive: AgentArchive) -> None:
        super().__init__(scope, construct_id)
        stack = cdk.Stack.of(self)
        name = f"asset.{archive.file_name}"
        # In the cloud assembly, where assets are: the CDK publishes it from there.
        Path(cdk.Stage.of(self).outdir, name).write_bytes(archive.content)  # type: ignore[union-attr]
        place = stack.synthesizer.add_file_asset(
            source_hash=archive.sha256, file_name=name, packaging=cdk.FileAssetPackaging.FILE
        )
        self.sha256 = archive.sha256
        self.uri = f"s3://{place.bucket_name}/{place.object_key}"
        self._bucket_arn = f"arn:{stack.partition}:s3:::{place.bucket_name}"
        self._object_arn = f"{self._bucket_arn}/{place.object_key}"
        self._keys_arn = f"arn:{stack.partition}:kms:{stack.region}:{stack.account}:key/*"

    def acknowledgements(self) -> dict[str, str]:
        """The findings of cdk-nag on read_statements, and why they are accepted."""
        reason = (
            "Which key the bootstrap's bucket has, a template does not know; it opens the agent's "
            "object alone, through S3 alone."
        )
        return {wildcard_rule(cdk.Stack.of(self), self._keys_arn): reason}

    def read_statements(self) -> list[dict[str, Any]]:
        """What reading it takes: this object, and the bucket's key for nothing else.

        The bootstrap's own keys let every reader of the account in; one that was given to it
        (`cdk bootstrap --bootstrap-kms-key-id`) may leave that to the readers' policies.
        """
        return [
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": self._object_arn},
            {
                "Effect": "Allow",
                "Action": "kms:Decrypt",
                "Resource": self._keys_arn,
                "Condition": {
                    "StringEquals": {
                        "kms:ViaService": f"s3.{cdk.Aws.REGION}.{cdk.Aws.URL_SUFFIX}",
                        # The object is the context; of a bucket with a bucket key, the bucket.
                        "kms:EncryptionContext:aws:s3:arn": [self._object_arn, self._bucket_arn],
                    }
                },
            },
        ]
