"""What may be asked for: the settings of one stage, as one frozen value."""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from emr_notebook import patterns


class Strict(BaseModel):
    """A part of the settings: frozen, and no key that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class OptOut(Strict):
    """A secure default given up, with the reason that an auditor will read."""

    because: patterns.Because


class StageOptOuts(Strict):
    """Secure defaults of the whole stage that are given up."""

    aws_managed_key: OptOut | None = Field(
        default=None, description="encrypt volumes with SageMaker's own key instead of one of yours"
    )
    delete_volumes: OptOut | None = Field(
        default=None, description="delete notebooks and their files with the stack or their entry"
    )


class NotebookOptOuts(Strict):
    """Secure defaults of one notebook that are given up."""

    direct_internet_access: OptOut | None = Field(
        default=None, description="let the notebook reach the internet through SageMaker's network"
    )
    root_access: OptOut | None = Field(default=None, description="let the user become root")


class Network(Strict):
    """Where the notebooks live. All of it is fixed at a notebook's birth."""

    vpc_id: patterns.VpcId
    subnet_id: patterns.SubnetId
    vpc_cidr: patterns.Cidr | None = Field(
        default=None, description="the VPC's range: HTTPS to its endpoints is allowed there"
    )
    s3_prefix_list_id: patterns.PrefixListId | None = Field(
        default=None, description="S3's prefix list in this region, for a gateway endpoint"
    )
    security_group_ids: (
        Annotated[
            tuple[patterns.SecurityGroupId, ...], Field(min_length=1, max_length=5, strict=False)
        ]
        | None
    ) = Field(default=None, description="groups that exist already; without it, one is made")


class Tls(Strict):
    """Whom a notebook trusts when Livy uses TLS: one file's authorities, or the system's."""

    ca_file: Annotated[str, Field(min_length=1)] | None = Field(
        default=None, description="a PEM file with the authorities' certificates"
    )
    verify: Literal["system", "none"] | None = Field(
        default=None, description="system: public authorities; none: nobody is asked, with because"
    )
    because: patterns.Because | None = Field(default=None, description="why nobody is asked")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.ca_file is None) == (self.verify is None):
            raise ValueError("give either ca_file or verify (system or none)")
        if (self.verify == "none") != (self.because is not None):
            raise ValueError("verify: none goes with because, and because with it")
        return self


class Cluster(Strict):
    """An EMR cluster that notebooks use."""

    id: patterns.ClusterId | None = Field(default=None, description="this cluster alone")
    name: patterns.ClusterName | None = Field(
        default=None, description="the one active cluster with this name"
    )
    tags: Annotated[dict[patterns.TagKey, patterns.TagValue], Field(min_length=1)] | None = Field(
        default=None, description="the one active cluster with all these tags"
    )
    security_group_id: patterns.SecurityGroupId | None = Field(
        default=None, description="the primary node's security group"
    )
    ingress: Literal["create", "external"] | None = Field(
        default=None,
        description="create: this stack adds the rule that admits the notebooks to Livy; "
        "external: the rule exists already",
    )
    wait_minutes: patterns.WaitMinutes = Field(
        default=10, description="how long a deploy waits for a cluster that is still starting"
    )

    port: patterns.Port = Field(default=8998, description="the port that Livy listens on")
    scheme: Literal["http", "https", "detect"] | None = Field(
        default=None,
        description="http and https force; detect lets the resolver read the cluster's security "
        "configuration; without it, a cluster that has one is refused",
    )
    tls: Tls | None = Field(default=None, description="whom to trust when Livy uses TLS")
    group_configurations: bool = Field(
        default=False,
        description="look for livy-conf in the primary's own instance group or fleet, too",
    )

    @model_validator(mode="after")
    def _one_selector(self) -> Self:
        given = [name for name in ("id", "name", "tags") if getattr(self, name) is not None]
        if len(given) != 1:
            said = " and ".join(given) if given else "none"
            raise ValueError(f"{said} of id, name and tags is given: give one of them")
        return self

    @model_validator(mode="after")
    def _ingress_goes_with_the_group(self) -> Self:
        if (self.security_group_id is None) != (self.ingress is None):
            given, missing = (
                ("security_group_id", "ingress (create or external)")
                if self.ingress is None
                else ("ingress", "security_group_id (the primary node's)")
            )
            raise ValueError(f"{given} is given without {missing}: give both or none")
        return self


class Spark(Strict):
    """What a notebook's Livy session asks of Spark, in the names of Livy's REST API."""

    driverMemory: patterns.Memory | None = None  # noqa: N815 - Livy's own names
    driverCores: patterns.Cores | None = None  # noqa: N815
    executorMemory: patterns.Memory | None = None  # noqa: N815
    executorCores: patterns.Cores | None = None  # noqa: N815
    numExecutors: patterns.Executors | None = None  # noqa: N815
    queue: Annotated[str, Field(min_length=1, max_length=256)] | None = None
    conf: dict[str, str] = Field(default_factory=dict, description="Spark properties, as text")


class NotebookDefaults(Strict):
    """What a notebook gets unless it says otherwise."""

    instance_type: patterns.InstanceType = "ml.t3.medium"
    volume_size_in_gb: patterns.VolumeSize = 5
    role_arn: patterns.RoleArn | None = Field(
        default=None,
        description="a role that exists already; it is not modified. Without it, one is made",
    )
    spark: Spark = Spark()
    opt_outs: NotebookOptOuts = NotebookOptOuts()


class Notebook(Strict):
    """One person's notebook instance."""

    cluster: patterns.Key
    owner: patterns.TagValue | None = Field(default=None, description="becomes a tag")
    name: patterns.NotebookName | None = Field(
        default=None, description="the instance's name; <stack_name>-<key> without it"
    )
    instance_type: patterns.InstanceType | None = None
    volume_size_in_gb: patterns.VolumeSize | None = None
    role_arn: patterns.RoleArn | None = None
    spark: Spark | None = None
    opt_outs: NotebookOptOuts | None = None


class Settings(Strict):
    """One stage: an account and region, its clusters and its notebooks."""

    account: patterns.AccountId
    region: patterns.Region
    stack_name: patterns.StackName
    tags: dict[patterns.TagKey, patterns.TagValue] = Field(default_factory=dict)
    network: Network
    kms_key_arn: patterns.KmsKeyArn | None = Field(
        default=None, description="encrypts the volumes; without it, a key is made and kept"
    )
    clusters: Annotated[dict[patterns.Key, Cluster], Field(min_length=1)]
    defaults: NotebookDefaults = NotebookDefaults()
    notebooks: dict[patterns.Key, Notebook] = Field(default_factory=dict)
    opt_outs: StageOptOuts = StageOptOuts()

    def notebook(self, key: str) -> "ResolvedNotebook":
        """The notebook with its defaults filled in and its name decided."""
        own = self.notebooks[key]
        values = {
            field: own_value if (own_value := getattr(own, field)) is not None else default
            for field, default in self.defaults
        }
        name = own.name or f"{self.stack_name}-{key}"
        return ResolvedNotebook(key=key, name=name, cluster=own.cluster, owner=own.owner, **values)

    def mistakes(self) -> list[tuple[tuple[str, ...], Any, str]]:
        """What is wrong between parts that are each right: (path, given, accepted)."""
        return [
            *self._cluster_mistakes(),
            *self._egress_mistakes(),
            *self._name_mistakes(),
            *self._key_mistakes(),
        ]

    def _cluster_mistakes(self) -> list[tuple[tuple[str, ...], Any, str]]:
        known = ", ".join(sorted(self.clusters))
        return [
            (("notebooks", key, "cluster"), notebook.cluster, f"one of the clusters: {known}")
            for key, notebook in self.notebooks.items()
            if notebook.cluster not in self.clusters
        ]

    def _egress_mistakes(self) -> list[tuple[tuple[str, ...], Any, str]]:
        if self.network.security_group_ids is not None or self.network.vpc_cidr is not None:
            return []
        accepted = (
            "the primary's security group, unless network.vpc_cidr or network.security_group_ids "
            "is given: without one of them no rule lets the notebooks reach Livy"
        )
        return [
            (("clusters", key, "security_group_id"), cluster.security_group_id, accepted)
            for key, cluster in self.clusters.items()
            if cluster.security_group_id is None
        ]

    def _name_mistakes(self) -> list[tuple[tuple[str, ...], Any, str]]:
        found: list[tuple[tuple[str, ...], Any, str]] = []
        taken: dict[str, str] = {}
        for key in self.notebooks:
            name = self.notebook(key).name
            where = ("notebooks", key, "name")
            if len(name) > 63:
                found.append((where, name, f"at most 63 characters; this is {len(name)} long"))
            if name.lower() in taken:
                found.append(
                    (where, name, f"a name of its own: {taken[name.lower()]} has this one")
                )
            taken.setdefault(name.lower(), key)
        return found

    def _key_mistakes(self) -> list[tuple[tuple[str, ...], Any, str]]:
        if self.kms_key_arn is not None and self.opt_outs.aws_managed_key is not None:
            why = "no key beside opt_outs.aws_managed_key: remove one of the two"
            return [(("kms_key_arn",), self.kms_key_arn, why)]
        return []


class ResolvedNotebook(Strict):
    """A notebook after the defaults: nothing left to decide."""

    key: str
    name: str
    cluster: str
    owner: str | None
    instance_type: str
    volume_size_in_gb: int
    role_arn: str | None
    spark: Spark
    opt_outs: NotebookOptOuts
