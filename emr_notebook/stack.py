"""Wires one stack's constructs; defines no resource."""

from collections.abc import Mapping, Sequence

import aws_cdk as cdk
from constructs import Construct

from emr_notebook.constructs.agent import Agent
from emr_notebook.constructs.agent_archive import agent_archive
from emr_notebook.constructs.cluster_endpoint import ClusterEndpoint, EndpointResolver
from emr_notebook.constructs.cluster_record import ClusterRecord, ScheduleRole
from emr_notebook.constructs.followed_names import FollowedNames
from emr_notebook.constructs.iam import apply_permissions_boundary, apply_role_path
from emr_notebook.constructs.lifecycle_configuration import LifecycleConfiguration
from emr_notebook.constructs.network import NotebookNetwork
from emr_notebook.constructs.notebook import SparkNotebook
from emr_notebook.constructs.notebook_role import NotebookRoles
from emr_notebook.constructs.notebook_schedules import NotebookSchedules
from emr_notebook.constructs.owners_policy import OwnersPolicy
from emr_notebook.constructs.replacement_guard import (
    ReplacementGuard,
    common_properties,
    notebook_overrides,
)
from emr_notebook.constructs.resolver_request import (
    has_proxy_user,
    opened_port,
    session_fields,
)
from emr_notebook.constructs.volume_key import VolumeKey
from emr_notebook.settings.cluster import Cluster
from emr_notebook.settings.model import Settings
from emr_notebook.settings.notebook import ResolvedNotebook

# Below what a resource says of itself: a notebook's own tag wins over the stage's.
STAGE_TAG_PRIORITY = 40


class EmrNotebookStack(cdk.Stack):
    """Some of a stage's notebooks, with all that they need: it depends on no other stack.

    It holds the notebooks that the settings place in `name`, the endpoints of their clusters, and
    those of the `idle_clusters`. The one stack of a stage that `follows` keeps the DNS names of
    all followed clusters true. `authorities` holds the certificates of each cluster that has a
    `tls.ca_file`, by its key; `hooks` the script of each notebook that has a `start_hook`.
    """

    def __init__(
        self,
        scope: Construct,
        settings: Settings,
        *,
        name: str,
        idle_clusters: frozenset[str],
        follows: bool,
        authorities: Mapping[str, str],
        hooks: Mapping[str, bytes],
        refresh: str,
    ) -> None:
        super().__init__(
            scope,
            name,
            stack_name=name,
            env=cdk.Environment(account=settings.account, region=settings.region),
            description="SageMaker notebooks whose PySpark kernel runs on Spark on EMR",
            tags=settings.tags or None,
            termination_protection=settings.termination_protection,
            # Half the size: CloudFormation takes 1 MB. `cdk synth` and `cdk diff` show it readably.
            suppress_template_indentation=True,
        )
        for tag, value in settings.tags.items():
            cdk.Tags.of(self).add(tag, value, priority=STAGE_TAG_PRIORITY)
        apply_permissions_boundary(self, settings.permissions_boundary_arn)
        self._settings, self._authorities, self._hooks = settings, authorities, hooks
        notebooks = settings.resolved_notebooks
        self._notebooks = [each for each in notebooks if each.stack == name]
        used = {each.cluster for each in self._notebooks} | idle_clusters
        clusters = {key: each for key, each in settings.clusters.items() if key in used}
        followed = settings.followed_clusters
        names = FollowedNames(self, "Names", settings=settings) if follows and followed else None
        resolver = EndpointResolver(
            self,
            "Resolver",
            clusters=clusters | followed if follows else clusters,
            architecture=settings.resolver_architecture,
            names=names,
        )
        self.endpoints = {
            key: self._add_endpoint(key, cluster, resolver, refresh)
            for key, cluster in clusters.items()
        }
        self._records = self._add_records(names, resolver, refresh) if names else {}
        self._network = NotebookNetwork(
            self,
            "Network",
            network=settings.network,
            clusters=clusters,
            stage_opt_outs=settings.opt_outs,
        )
        self._volume_key_arn = VolumeKey(self, "VolumeKey", settings=settings).arn
        if self._notebooks:
            self._guard = self._add_guard(resolver)
            self._add_notebooks()
        apply_role_path(self, settings.role_path)

    def _add_endpoint(
        self, key: str, cluster: Cluster, resolver: EndpointResolver, refresh: str
    ) -> ClusterEndpoint:
        settings = self._settings
        return ClusterEndpoint(
            self,
            f"Cluster-{key}",
            key=key,
            cluster=cluster,
            resolver=resolver,
            opened_port=opened_port(settings.network, cluster),
            session_fields=session_fields(self._notebooks, key),
            has_proxy_user=has_proxy_user(self._notebooks, key),
            refresh=refresh,
            record_name=settings.record_name(key) if cluster.is_followed else None,
        )

    def _add_records(
        self, names: FollowedNames, resolver: EndpointResolver, refresh: str
    ) -> dict[str, ClusterRecord]:
        settings = self._settings
        role = ScheduleRole(self, "Follower", resolver=resolver, names=names)
        records = {
            key: ClusterRecord(
                self,
                f"Record-{key}",
                key=key,
                settings=settings,
                names=names,
                resolver=resolver,
                role=role,
                opened_port=opened_port(settings.network, cluster),
                # Another stack waits for its clusters itself.
                wait_minutes=cluster.wait_minutes if key in self.endpoints else 0,
                livy_url=self.endpoints[key].livy_url if key in self.endpoints else None,
                refresh=refresh,
            )
            for key, cluster in settings.followed_clusters.items()
        }
        names.admit([each.rule_arn for each in records.values()])
        return records

    def _add_guard(self, resolver: EndpointResolver) -> ReplacementGuard:
        common = common_properties(
            subnet_id=self._settings.network.subnet_id,
            security_group_ids=self._network.security_group_ids,
            kms_key_id=self._volume_key_arn,
        )
        return ReplacementGuard(
            self,
            "Guard",
            service_token=resolver.service_token,
            common=common,
            overrides={each.key: notebook_overrides(each, common) for each in self._notebooks},
            replace=[each.key for each in self._notebooks if each.replace],
        )

    def _add_notebooks(self) -> None:
        opt_outs = self._settings.opt_outs
        agents: dict[bytes | None, Agent] = {None: Agent(self, "Agent", archive=agent_archive())}
        for hook in dict.fromkeys(self._hooks[x.key] for x in self._notebooks if x.hook):
            archive = agent_archive(hook)
            agents[hook] = Agent(self, f"Agent-{archive.sha256[:8]}", archive=archive)
        roles = NotebookRoles(self, "Roles", agent=agents[None], stage_opt_outs=opt_outs)
        lifecycles = self._lifecycle_configurations(agents)
        made_roles, scheduled = [], []
        for notebook in self._notebooks:
            made = SparkNotebook(
                self,
                f"Notebook-{notebook.key}",
                notebook=notebook,
                lifecycle=lifecycles[notebook.key],
                network=self._network,
                roles=roles,
                volume_key_arn=self._volume_key_arn,
                stage_opt_outs=opt_outs,
                guard=self._guard,
            )
            if notebook.owner is not None and made.made_role_arn is not None:
                made_roles.append(made.made_role_arn)
            if notebook.scheduled:
                scheduled.append(made)
        if scheduled:
            NotebookSchedules(
                self,
                "Schedules",
                notebooks=scheduled,
                network=self._network,
                volume_key_arn=self._volume_key_arn,
            )
        if console := self._settings.partition.console:
            cdk.CfnOutput(self, "Notebooks", value=_notebooks_page(console, self.region))
        if owned := [each for each in self._notebooks if each.owner is not None]:
            self._add_owners_policy(owned, next(iter(made_roles), None))

    def _add_owners_policy(
        self, notebooks: Sequence[ResolvedNotebook], made_role_arn: str | None
    ) -> None:
        owners = OwnersPolicy(
            self,
            "Owners",
            notebooks=notebooks,
            made_role_arn=made_role_arn,
            security_group_ids=self._network.security_group_ids,
            volume_key_arn=self._volume_key_arn,
            identity=self._settings.owner_identity,
            stage_opt_outs=self._settings.opt_outs,
        )
        for number, arn in enumerate(owners.arns, start=1):
            suffix = number if number > 1 else ""
            cdk.CfnOutput(self, f"OwnersPolicyArn{suffix}", value=arn)

    def _lifecycle_configurations(
        self, agents: Mapping[bytes | None, Agent]
    ) -> dict[str, LifecycleConfiguration]:
        """A notebook's lifecycle configuration by its key: one for all whose scripts are the same.

        `agents` are by their start hook. Whom to trust follows from the cluster.
        """
        made: dict[str, LifecycleConfiguration] = {}
        for notebook in self._notebooks:
            construct_id = LifecycleConfiguration.id_for(notebook)
            if construct_id not in made:
                tls = self._settings.clusters[notebook.cluster].tls
                made[construct_id] = LifecycleConfiguration(
                    self,
                    construct_id,
                    notebook=notebook,
                    endpoint=self.endpoints[notebook.cluster],
                    agent=agents[self._hooks.get(notebook.key)],
                    tls=tls,
                    authorities=self._authorities[notebook.cluster] if tls and tls.ca_file else "",
                    stage_opt_outs=self._settings.opt_outs,
                    guard=self._guard,
                    after=self._records.get(notebook.cluster),
                )
        return {each.key: made[LifecycleConfiguration.id_for(each)] for each in self._notebooks}


def _notebooks_page(console: str, region: str) -> str:
    home = f"https://{region}.{console}/sagemaker/home"
    return f"{home}?region={region}#/notebook-instances"
