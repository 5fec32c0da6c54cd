"""Makes the lifecycle configuration whose script connects a notebook at every start."""

import hashlib
from functools import cache
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from emr_notebook.constructs import start_script
from emr_notebook.constructs.agent import Agent
from emr_notebook.constructs.cluster_endpoint import ClusterEndpoint
from emr_notebook.constructs.cluster_record import ClusterRecord
from emr_notebook.constructs.replacement_guard import ReplacementGuard
from emr_notebook.constructs.retention import retain_with_notebook
from emr_notebook.names import STACK_TAG
from emr_notebook.settings.cluster import Tls
from emr_notebook.settings.model import StageOptOuts
from emr_notebook.settings.notebook import ResolvedNotebook

Hook = sagemaker.CfnNotebookInstanceLifecycleConfig.NotebookInstanceLifecycleHookProperty
NOTEBOOK_ASSETS = Path(__file__).parents[2] / "assets" / "notebook"


class LifecycleConfiguration(Construct):
    """The scripts of `notebook` and of all others whose id_for is the same.

    Those use one cluster with the same Spark settings.
    `agent` is the program that they run, with the notebook's start hook where it has one.
    `authorities` are the certificates in the file of `tls`, as ca_file.pem gives them; `after` is
    the record of the cluster's name, where this stack has it.
    Its template holds the script line by line, so that `cdk diff` shows which line changed.
    Raises start_script.ScriptTooLarge when SageMaker would refuse the script's length.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        notebook: ResolvedNotebook,
        endpoint: ClusterEndpoint,
        agent: Agent,
        tls: Tls | None,
        authorities: str,
        stage_opt_outs: StageOptOuts,
        guard: ReplacementGuard,
        after: ClusterRecord | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.agent = agent
        unverified = tls is not None and tls.verify == "none"
        # Where TLS forbids the name, the URL is the address itself.
        name = endpoint.record_name if tls is None or tls.names_alias else None
        on_start = _asset("on_start.sh")
        header = start_script.with_version(
            _header(
                notebook, endpoint, agent, authorities, followed_name=name, unverified=unverified
            ),
            on_start,
        )
        greeting = {"START_HERE": _asset("start_here.ipynb").rstrip("\n")}
        self._resource = sagemaker.CfnNotebookInstanceLifecycleConfig(
            self,
            "Resource",
            notebook_instance_lifecycle_config_name=notebook.lifecycle_config_name,
            on_create=[_hook(start_script.script_lines(greeting, _asset("on_create.sh")))],
            on_start=[_hook(start_script.script_lines(header, on_start), followed_name=name)],
            # By which `emr-notebook status` finds those that an edit has left behind.
            tags=[cdk.CfnTag(key=STACK_TAG, value=notebook.stack)],
        )
        if tls is not None and tls.because is not None:
            # Kept where an auditor looks.
            self._resource.add_metadata("OptOuts", {"tls": tls.because})
        retain_with_notebook(self._resource, stage_opt_outs)
        # A refused replacement leaves everything as it was: notebooks come after this.
        self._resource.add_resource_dependency(guard.resource)
        if after is not None:
            # A first start then finds the name.
            self._resource.add_resource_dependency(after.resource)
        # The name, as a reference to the resource. Asked of CDK once, for hundreds of notebooks.
        self.name = self._resource.attr_notebook_instance_lifecycle_config_name

    @staticmethod
    def id_for(notebook: ResolvedNotebook) -> str:
        """A construct id that an edit of the script leaves as it is: notebooks stay untouched.

        It is the same for notebooks that can share a configuration.
        """
        if notebook.lifecycle_config_name is not None:
            # The name has one script at a time; another id would be made while it is taken.
            return f"Named-{notebook.lifecycle_config_name}"
        digest = hashlib.sha256(notebook.start_settings.encode()).hexdigest()[:8]
        return f"Start-{notebook.cluster}-{digest}"


def _header(
    notebook: ResolvedNotebook,
    endpoint: ClusterEndpoint,
    agent: Agent,
    authorities: str,
    *,
    followed_name: str | None,
    unverified: bool,
) -> dict[str, str]:
    return start_script.header(
        cluster=notebook.cluster,
        livy_url=endpoint.notebook_url,
        livy_fallback_url=endpoint.livy_url if followed_name else "",
        cluster_id=endpoint.cluster_id,
        release_label=endpoint.release_label,
        spark_version=endpoint.spark_version,
        livy_version=endpoint.livy_version,
        authorities=authorities,
        agent_uri=agent.uri,
        agent_sha256=agent.sha256,
        idle_minutes=notebook.idle_minutes,
        start_hook=notebook.hook.run_as if notebook.hook else "",
        environment=notebook.environment,
        sparkmagic_config=start_script.sparkmagic_config(
            notebook.spark.model_dump(mode="json"),
            team=notebook.sparkmagic.given,
            ignore_ssl_errors=unverified,
        ),
    )


def _hook(lines: list[str], *, followed_name: str | None = None) -> Hook:
    longest = dict(start_script.LONGEST_VALUE)
    if followed_name is not None:
        longest["LIVY_URL"] = len(f"https://{followed_name}:65535")
    start_script.check_size(lines, token_allowance=longest)
    # Fn.join would melt the lines into one long text, which a diff shows as a whole.
    text = cdk.Token.as_string({"Fn::Join": ["\n", lines]})
    return Hook(content=cdk.Fn.base64(text))


@cache
def _asset(name: str) -> str:
    return (NOTEBOOK_ASSETS / name).read_text(encoding="utf-8")
