"""Construct: the lifecycle configuration whose script connects a notebook at every start."""

import hashlib
import json
from functools import cache
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from emr_notebook import start_script
from emr_notebook.cluster_endpoint import ClusterEndpoint
from emr_notebook.removal import keep_with_the_files
from emr_notebook.settings import Spark, StageOptOuts

NOTEBOOK_ASSETS = Path(__file__).parent.parent / "assets" / "notebook"


class LifecycleConfiguration(Construct):
    """The start script of all notebooks that use one cluster with the same Spark settings.

    Its template holds the script line by line, so that `cdk diff` shows which line changed.
    Raises start_script.ScriptTooLarge when SageMaker would refuse the script's length.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        cluster: str,
        endpoint: ClusterEndpoint,
        spark: Spark,
        stage_opt_outs: StageOptOuts,
    ) -> None:
        super().__init__(scope, construct_id)
        header = start_script.header(
            cluster=cluster,
            livy_url=endpoint.livy_url,
            cluster_id=endpoint.cluster_id,
            release_label=endpoint.release_label,
            spark_version=endpoint.spark_version,
            livy_version=endpoint.livy_version,
            sparkmagic_config=start_script.sparkmagic_config(spark.model_dump(exclude_none=True)),
            start_here=json.loads(_asset("start_here.ipynb")),
        )
        lines = start_script.script_lines(header, _asset("on_start.sh"))
        start_script.check_size(lines)
        # Fn.join would melt the lines into one long text, which a diff shows as a whole.
        text = cdk.Token.as_string({"Fn::Join": ["\n", lines]})
        self._resource = sagemaker.CfnNotebookInstanceLifecycleConfig(
            self,
            "Configuration",
            on_start=[
                sagemaker.CfnNotebookInstanceLifecycleConfig.NotebookInstanceLifecycleHookProperty(
                    content=cdk.Fn.base64(text)
                )
            ],
        )
        keep_with_the_files(self, stage_opt_outs)

    @staticmethod
    def id_for(cluster: str, spark: Spark) -> str:
        """A construct id that an edit of the script leaves as it is: notebooks stay untouched."""
        digest = hashlib.sha256(spark.model_dump_json().encode()).hexdigest()[:8]
        return f"Start-{cluster}-{digest}"

    @property
    def name(self) -> str:
        """The configuration's name, as a reference to the resource."""
        return self._resource.attr_notebook_instance_lifecycle_config_name


@cache
def _asset(name: str) -> str:
    return (NOTEBOOK_ASSETS / name).read_text(encoding="utf-8")
