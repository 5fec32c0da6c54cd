"""Makes the key that encrypts the notebooks' volumes."""

from typing import cast

import aws_cdk as cdk
from aws_cdk import aws_kms as kms
from constructs import Construct

from emr_notebook.constructs.retention import retain_with_notebook
from emr_notebook.settings.model import Settings, StageOptOuts


class VolumeKey(Construct):
    """The key that encrypts the notebooks' volumes: given, made and kept, or SageMaker's own."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        super().__init__(scope, construct_id)
        self.arn = settings.kms_key_arn
        if self.arn is None and settings.opt_outs.aws_managed_key is None:
            self.arn = self._create_key(settings.opt_outs)

    def _create_key(self, opt_outs: StageOptOuts) -> str:
        key = kms.Key(
            self, "Key", description="Volumes of SageMaker notebooks", enable_key_rotation=True
        )
        retain_with_notebook(cast("cdk.CfnResource", key.node.default_child), opt_outs)
        return key.key_arn
