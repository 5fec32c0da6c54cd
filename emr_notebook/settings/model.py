"""Defines the settings of one stage, as one frozen value."""

import hashlib
import json
from typing import Annotated, Literal

from pydantic import Field

from emr_notebook.settings import types
from emr_notebook.settings.cluster import Cluster
from emr_notebook.settings.immutable_properties import FROM_SETTINGS
from emr_notebook.settings.network import Network
from emr_notebook.settings.notebook import Notebook, NotebookDefaults, ResolvedNotebook, StackTags
from emr_notebook.settings.partitions import Partition, partition_of
from emr_notebook.settings.types import OptOut, Strict


class StageOptOuts(Strict):
    """Secure defaults of the whole stage that are given up."""

    aws_managed_key: OptOut | None = Field(
        default=None, description="encrypt volumes with SageMaker's own key instead of one of yours"
    )
    delete_volumes: OptOut | None = Field(
        default=None, description="delete notebooks and their files with the stack or their entry"
    )


class Settings(Strict):
    """One stage: an account and region, its clusters and its notebooks."""

    account: types.AccountId
    region: types.Region
    stack_name: types.StackName
    termination_protection: bool = Field(
        default=False, description="CloudFormation refuses to delete the stacks"
    )
    tags: StackTags = Field(default_factory=dict, description="on everything that can carry tags")
    network: Network
    alarms_topic_arn: types.TopicArn | None = Field(
        default=None,
        description="the SNS topic that hears when a followed cluster's name could not be kept "
        "true; without it, one is made when a cluster is followed",
    )
    kms_key_arn: types.KmsKeyArn | None = Field(
        default=None, description="encrypts the volumes; without it, a key is made and kept"
    )
    permissions_boundary_arn: types.PolicyArn | None = Field(
        default=None, description="bounds every role that is made here"
    )
    role_path: types.RolePath | None = Field(
        default=None, description="the path in IAM of every role that is made here; / without it"
    )
    owner_identity: Literal["principal-tag", "user-name"] = Field(
        default="principal-tag",
        description="how the owners' policy knows a notebook's owner: by the principal's tag "
        "Owner (IAM Identity Center, session tags), or by an IAM user's name",
    )
    checks: Annotated[tuple[Literal["nist"], ...], Field(strict=False)] = Field(
        default=(), description="nist: cdk-nag's NIST 800-53 R5 rules, beside AwsSolutions"
    )
    resolver_architecture: Literal["arm64", "x86_64"] = Field(
        default="arm64", description="the processor that the resolver's Lambda runs on"
    )
    refresh: types.Refresh | None = Field(
        default=None,
        description="a new value lets the next deploy look every cluster up again; "
        "-c refresh= comes before it",
    )
    clusters: Annotated[dict[types.Key, Cluster], Field(min_length=1)]
    defaults: NotebookDefaults = NotebookDefaults()
    notebooks: dict[types.Key, Notebook] = Field(default_factory=dict)
    opt_outs: StageOptOuts = StageOptOuts()

    @property
    def partition(self) -> Partition:
        """The part of AWS that the stage's region is in."""
        return partition_of(self.region)

    @property
    def resolved_notebooks(self) -> tuple[ResolvedNotebook, ...]:
        """All notebooks, in the order of the file, with their defaults filled in."""
        return tuple(self.notebook(key) for key in self.notebooks)

    def notebook(self, key: str) -> ResolvedNotebook:
        """The notebook with its defaults filled in and its name decided."""
        own = self.notebooks[key]
        values = {
            field: own_value if (own_value := getattr(own, field)) is not None else default
            for field, default in self.defaults
        }
        return ResolvedNotebook(
            key=key,
            name=own.name or self._default_name(key),
            stack=self.full_stack_name(own.stack),
            cluster=own.cluster,
            owner=own.owner,
            subnet_id=own.subnet_id or self.network.subnet_id,
            replace=own.replace,
            tags={**self.tags, **own.tags},
            **values,
        )

    def full_stack_name(self, stack: str | None) -> str:
        """The name of a stack in CloudFormation, of a notebook's `stack`."""
        return self.stack_name if stack is None else f"{self.stack_name}-{stack}"

    def stack_names(self) -> list[str]:
        """The stage's stacks in the order of the file; one when there is no notebook yet."""
        named = [self.full_stack_name(each.stack) for each in self.notebooks.values()]
        return list(dict.fromkeys(named)) or [self.stack_name]

    def home_stack_name(self) -> str:
        """The stack of what belongs to no notebook: that without a `stack`, or else the first."""
        names = self.stack_names()
        return self.stack_name if self.stack_name in names else names[0]

    def stacks_of_cluster(self, key: str) -> list[str]:
        """The stacks whose notebooks use a cluster; the home stack of one that none uses."""
        users = [each for each in self.notebooks.values() if each.cluster == key]
        used_in = dict.fromkeys(self.full_stack_name(each.stack) for each in users)
        return list(used_in) or [self.home_stack_name()]

    @property
    def followed_clusters(self) -> dict[str, Cluster]:
        """The clusters whose DNS names are kept true, by key."""
        return {key: each for key, each in self.clusters.items() if each.is_followed}

    @property
    def zone_name(self) -> str:
        """The private hosted zone of the followed clusters' names: the network's, or one made."""
        return self.network.zone_name or f"{self.stack_name.lower()}.internal"

    def record_name(self, cluster: str) -> str:
        """The DNS name of a followed cluster, by its key.

        In a zone of somebody else's, the stage has a label of its own.
        """
        stage = f".{self.stack_name.lower()}" if self.network.zone_name else ""
        return f"{cluster}{stage}.{self.zone_name}"

    def _default_name(self, key: str) -> str:
        """<stack_name>-<key>; with `replace`, a name that changes with the immutable properties.

        CloudFormation makes a replacement while the old notebook still has its name.
        """
        if not self.notebooks[key].replace:
            return f"{self.stack_name}-{key}"
        values = self._immutable_values(self.notebooks[key])
        text = json.dumps([values[name] for name in FROM_SETTINGS])
        return f"{self.stack_name}-{key}-{hashlib.sha256(text.encode()).hexdigest()[:4]}"

    def _immutable_values(self, notebook: Notebook) -> dict[str, object]:
        """A value for each of FROM_SETTINGS that differs when the property would.

        A deployed notebook's name follows from these: another value would rename it.
        """
        opt_outs = notebook.opt_outs or self.defaults.opt_outs
        groups = self.network.security_group_ids
        return {
            "SubnetId": notebook.subnet_id or self.network.subnet_id,
            "SecurityGroupIds": self.network.vpc_id if groups is None else sorted(groups),
            "KmsKeyId": self.kms_key_arn or self.opt_outs.aws_managed_key is None,
            "DirectInternetAccess": opt_outs.direct_internet_access is None,
        }
