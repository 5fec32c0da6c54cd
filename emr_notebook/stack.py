"""Wires a stage's constructs; defines no resource."""

from collections.abc import Mapping
from typing import Any

import aws_cdk as cdk
from constructs import Construct

from emr_notebook.access import NotebookNetwork, VolumeKey, opened_port
from emr_notebook.cluster_endpoint import ClusterEndpoint, EndpointResolver
from emr_notebook.lifecycle_configuration import LifecycleConfiguration
from emr_notebook.settings import ResolvedNotebook, Settings
from emr_notebook.spark_notebook import SparkNotebook


class EmrNotebookStack(cdk.Stack):
    """One stage's notebooks, and the endpoints of the clusters that they use.

    `authorities` holds the certificates of each cluster that has a `tls.ca_file`, by its key.
    """

    def __init__(
        self,
        scope: Construct,
        settings: Settings,
        *,
        authorities: Mapping[str, str] | None = None,
        refresh: str,
    ) -> None:
        super().__init__(
            scope,
            settings.stack_name,
            stack_name=settings.stack_name,
            env=cdk.Environment(account=settings.account, region=settings.region),
            description="SageMaker notebooks whose PySpark kernel runs on Spark on EMR",
            tags=settings.tags or None,
        )
        for tag, value in settings.tags.items():
            cdk.Tags.of(self).add(tag, value)
        notebooks = [settings.notebook(key) for key in settings.notebooks]
        resolver = EndpointResolver(self, "Resolver", clusters=settings.clusters)
        self.endpoints = {
            key: ClusterEndpoint(
                self,
                f"Cluster-{key}",
                key=key,
                cluster=cluster,
                by=resolver,
                opened_port=opened_port(settings.network, cluster),
                refresh=refresh,
            )
            for key, cluster in settings.clusters.items()
        }
        network = NotebookNetwork(
            self,
            "Network",
            network=settings.network,
            clusters=settings.clusters,
            stage_opt_outs=settings.opt_outs,
        )
        volume_key = VolumeKey(self, "VolumeKey", settings=settings)
        shared = _LifecycleConfigurations(self, settings, authorities or {})
        self.notebooks = {
            notebook.key: SparkNotebook(
                self,
                f"Notebook-{notebook.key}",
                notebook=notebook,
                lifecycle=shared.of(notebook, self.endpoints[notebook.cluster]),
                network=network,
                volume_key_arn=volume_key.arn,
                stage_opt_outs=settings.opt_outs,
            )
            for notebook in notebooks
        }


class _LifecycleConfigurations:
    """A stack's lifecycle configurations: one for all notebooks whose start script is the same."""

    def __init__(
        self, scope: Construct, settings: Settings, authorities: Mapping[str, str]
    ) -> None:
        self._scope = scope
        self._settings = settings
        self._authorities = authorities
        self._made: dict[Any, LifecycleConfiguration] = {}

    def of(self, notebook: ResolvedNotebook, endpoint: ClusterEndpoint) -> LifecycleConfiguration:
        # Whom to trust follows from the cluster.
        distinct = (notebook.cluster, notebook.spark.model_dump_json())
        tls = self._settings.clusters[notebook.cluster].tls
        if distinct not in self._made:
            self._made[distinct] = LifecycleConfiguration(
                self._scope,
                LifecycleConfiguration.id_for(notebook.cluster, notebook.spark),
                cluster=notebook.cluster,
                endpoint=endpoint,
                spark=notebook.spark,
                tls=tls,
                authorities=self._authorities[notebook.cluster] if tls and tls.ca_file else "",
                stage_opt_outs=self._settings.opt_outs,
            )
        return self._made[distinct]
