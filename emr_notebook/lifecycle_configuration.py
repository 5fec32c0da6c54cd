"""Construct: the lifecycle configuration whose script connects a notebook at every start."""

import hashlib
from functools import cache
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from emr_notebook import start_script
from emr_notebook.cluster_endpoint import ClusterEndpoint
from emr_notebook.removal import keep_with_the_files
from emr_notebook.settings import Spark, StageOptOuts, Tls

Hook = sagemaker.CfnNotebookInstanceLifecycleConfig.NotebookInstanceLifecycleHookProperty
NOTEBOOK_ASSETS = Path(__file__).parent.parent / "assets" / "notebook"


class LifecycleConfiguration(Construct):
    """The scripts of all notebooks that use one cluster with the same Spark settings.

    `authorities` are the certificates in the file of `tls`, as ca_file.pem gives them.
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
        tls: Tls | None,
        authorities: str,
        stage_opt_outs: StageOptOuts,
    ) -> None:
        super().__init__(scope, construct_id)
        unverified = tls is not None and tls.verify == "none"
        header = start_script.header(
            cluster=cluster,
            livy_url=endpoint.livy_url,
            cluster_id=endpoint.cluster_id,
            release_label=endpoint.release_label,
            spark_version=endpoint.spark_version,
            livy_version=endpoint.livy_version,
            authorities=authorities,
            sparkmagic_config=start_script.sparkmagic_config(
                spark.model_dump(exclude_none=True), ignore_ssl_errors=unverified
            ),
        )
        greeting = {"START_HERE": _asset("start_here.ipynb").rstrip("\n")}
        self._resource = sagemaker.CfnNotebookInstanceLifecycleConfig(
            self,
            "Configuration",
            on_create=[_hook(start_script.script_lines(greeting, _asset("on_create.sh")))],
            on_start=[_hook(start_script.script_lines(header, _asset("on_start.sh")))],
        )
        if tls is not None and tls.because is not None:
            # Kept where an auditor looks.
            self._resource.add_metadata("OptOuts", {"tls": tls.because})
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


def _hook(lines: list[str]) -> Hook:
    start_script.check_size(lines)
    # Fn.join would melt the lines into one long text, which a diff shows as a whole.
    text = cdk.Token.as_string({"Fn::Join": ["\n", lines]})
    return Hook(content=cdk.Fn.base64(text))


@cache
def _asset(name: str) -> str:
    return (NOTEBOOK_ASSETS / name).read_text(encoding="utf-8")
