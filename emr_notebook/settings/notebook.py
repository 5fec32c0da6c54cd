"""Defines the settings of one notebook, and of what it gets unless it says otherwise."""

import json
import re
from typing import Annotated, Self

from pydantic import Field, model_validator

from emr_notebook.settings import types
from emr_notebook.settings.environment import Environment
from emr_notebook.settings.schedule import Action, Schedule, WeeklyTime
from emr_notebook.settings.sparkmagic import SparkMagic
from emr_notebook.settings.start_hook import NO_HOOK, StartHook
from emr_notebook.settings.types import OptOut, Strict


class NotebookOptOuts(Strict):
    """Secure defaults of one notebook that are given up."""

    direct_internet_access: OptOut | None = Field(
        default=None, description="let the notebook reach the internet through SageMaker's network"
    )
    root_access: OptOut | None = Field(default=None, description="let the user become root")


# What Livy makes of a field. Lists (jars, files) are left out: it adds those of both.
PROPERTY_OF_FIELD = {
    "driverMemory": "spark.driver.memory",
    "driverCores": "spark.driver.cores",
    "executorMemory": "spark.executor.memory",
    "executorCores": "spark.executor.cores",
    "numExecutors": "spark.executor.instances",
    "queue": "spark.yarn.queue",
    "name": "spark.app.name",
}
# Fields that not every Livy takes: the resolver refuses one that the cluster's does not know.
VERSIONED_FIELDS = ("idleTimeout", "ttl")
Paths = Annotated[tuple[types.DataPath, ...], Field(strict=False)]


class Spark(Strict):
    """What a notebook's Livy session asks for, in the names of Livy's REST API."""

    driverMemory: types.Memory | None = None  # noqa: N815 - Livy's own names
    driverCores: types.Cores | None = None  # noqa: N815
    executorMemory: types.Memory | None = None  # noqa: N815
    executorCores: types.Cores | None = None  # noqa: N815
    numExecutors: types.Executors | None = None  # noqa: N815
    queue: types.Queue | None = Field(default=None, description="the YARN queue")
    name: types.SessionName | None = Field(
        default=None,
        description="the session's name; Livy refuses a second session of the same name, so a "
        "notebook with one runs one Spark kernel at a time",
    )
    proxyUser: types.ProxyUser | None = Field(  # noqa: N815
        default=None,
        description="the user that Livy runs the session as. Courtesy, not control: a Livy that "
        "asks for no login lets any notebook name any user",
    )
    ttl: types.Duration | None = Field(
        default=None,
        description="the session ends this long after its start, in Livy 0.9; in 0.8, this long "
        "after its last use",
    )
    idleTimeout: types.Duration | None = Field(  # noqa: N815
        default=None, description="the session ends this long after its last use; from Livy 0.9 on"
    )
    jars: Paths = Field(default=(), description="paths on S3 or HDFS")
    pyFiles: Paths = Field(default=(), description="paths on S3 or HDFS")  # noqa: N815
    files: Paths = Field(default=(), description="paths on S3 or HDFS")
    archives: Paths = Field(default=(), description="paths on S3 or HDFS")
    conf: dict[types.SparkProperty, types.SparkValue] = Field(
        default_factory=dict, description="Spark properties, as text"
    )

    @model_validator(mode="after")
    def _each_property_once(self) -> Self:
        twice = [
            f"{field} and conf's {name} are one property"
            for field, name in PROPERTY_OF_FIELD.items()
            if getattr(self, field) is not None and name in self.conf
        ]
        if twice:
            raise ValueError(f"{'; '.join(twice)}: give one of the two")
        return self

    @property
    def versioned_fields(self) -> tuple[str, ...]:
        """Those of VERSIONED_FIELDS that are asked for."""
        return tuple(name for name in VERSIONED_FIELDS if getattr(self, name) is not None)


# CodeCommit API, RepositoryName: the region and the name.
CODECOMMIT_URL = re.compile(
    r"https://git-codecommit\.([a-z0-9-]+)\.amazonaws\.com[^/]*/v1/repos/([\w.-]{1,100})"
)


class CodeRepository(Strict):
    """A Git repository: its address, or the name of a SageMaker code repository that exists."""

    url: types.RepositoryUrl | None = None
    name: types.RepositoryName | None = None
    secret_arn: types.SecretArn | None = Field(
        default=None,
        description="the named repository's secret, which a made role and who starts the notebook "
        "may then read",
    )
    secret_key_arn: types.KmsKeyArn | None = Field(
        default=None,
        description="the secret's own KMS key, if it has one, by which they may decrypt it",
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.url is None) == (self.name is None):
            raise ValueError("give either url or name (a SageMaker code repository's)")
        if self.secret_arn is not None and self.name is None:
            raise ValueError("secret_arn goes with name: a public address needs no secret")
        if self.secret_key_arn is not None and self.secret_arn is None:
            raise ValueError("secret_key_arn goes with secret_arn: it is that secret's key")
        return self

    @property
    def reference(self) -> str:
        """What SageMaker takes: the address or the name."""
        return self.url or self.name or ""


# IAM takes ten policies on a role; two are the app's own, and one more where it stops itself.
Policies = Annotated[tuple[types.PolicyArn, ...], Field(max_length=8, strict=False)]
# SageMaker API, AdditionalCodeRepositoryNamesOrUrls.
Repositories = Annotated[tuple[CodeRepository, ...], Field(max_length=3, strict=False)]
Tags = dict[types.TagKey, types.TagValue]
StackTags = dict[types.TagKey, types.StackTagValue]


class NotebookDefaults(Strict):
    """What a notebook gets unless it says otherwise; what it says replaces the default whole."""

    instance_type: types.InstanceType = "ml.t3.medium"
    volume_size_in_gb: types.VolumeSize = 5
    role_arn: types.RoleArn | None = Field(
        default=None,
        description="a role that exists already; it is not modified. Without it, one is made",
    )
    managed_policy_arns: Policies = Field(
        default=(), description="up to 8 policies that a made role has beside the app's own"
    )
    lifecycle_config_name: types.LifecycleConfigName | None = Field(
        default=None, description="its lifecycle configuration's name; without it, one is made up"
    )
    default_code_repository: CodeRepository | None = Field(
        default=None, description="the repository in which JupyterLab starts"
    )
    additional_code_repositories: Repositories = Field(
        default=(), description="up to 3 repositories beside the default one"
    )
    spark: Spark = Spark()
    sparkmagic: SparkMagic = SparkMagic()
    schedule: Schedule | None = Field(
        default=None, description="when it is started and stopped by itself; none: never"
    )
    stop_after_idle_minutes: types.IdleMinutes = Field(
        default=types.NEVER, description="it stops itself when nobody used it for that long"
    )
    start_hook: StartHook | None = Field(
        default=None, description="a script that runs after each start; none: nothing does"
    )
    environment: Environment = Field(
        default_factory=dict, description="variables of kernels, terminals and the start hook"
    )
    opt_outs: NotebookOptOuts = NotebookOptOuts()


class Notebook(Strict):
    """One person's notebook instance."""

    cluster: types.Key
    owner: types.Owner | None = Field(
        default=None, description="becomes a tag, by which the owners' policy lets them open it"
    )
    name: types.NotebookName | None = Field(
        default=None, description="the instance's name; <stack_name>-<key> without it"
    )
    stack: types.Key | None = Field(
        default=None, description="the stack <stack_name>-<stack> instead of <stack_name>"
    )
    subnet_id: types.SubnetId | None = Field(
        default=None, description="a subnet of its own; network.subnet_id without it"
    )
    replace: bool = Field(
        default=False,
        description="a change of what is fixed at birth may replace this notebook: the new one "
        "starts empty, the old one is kept under its name",
    )
    tags: Tags = Field(default_factory=dict, description="beside the stage's, and before them")
    instance_type: types.InstanceType | None = None
    volume_size_in_gb: types.VolumeSize | None = None
    role_arn: types.RoleArn | None = None
    managed_policy_arns: Policies | None = None
    lifecycle_config_name: types.LifecycleConfigName | None = None
    default_code_repository: CodeRepository | None = None
    additional_code_repositories: Repositories | None = None
    spark: Spark | None = None
    sparkmagic: SparkMagic | None = None
    schedule: Schedule | None = None
    stop_after_idle_minutes: types.IdleMinutes | None = None
    start_hook: StartHook | None = None
    environment: Environment | None = None
    opt_outs: NotebookOptOuts | None = None


class ResolvedNotebook(Strict):
    """A notebook after the defaults: nothing left to decide. `stack` is the stack's full name."""

    key: str
    name: str
    stack: str
    cluster: str
    owner: str | None
    subnet_id: str
    replace: bool
    tags: Tags
    instance_type: str
    volume_size_in_gb: int
    role_arn: str | None
    managed_policy_arns: tuple[str, ...]
    lifecycle_config_name: str | None
    default_code_repository: CodeRepository | None
    additional_code_repositories: tuple[CodeRepository, ...]
    spark: Spark
    sparkmagic: SparkMagic
    schedule: Schedule | None
    stop_after_idle_minutes: types.IdleMinutes
    start_hook: StartHook | None
    environment: Environment
    opt_outs: NotebookOptOuts

    @property
    def idle_minutes(self) -> int | None:
        """After how many minutes without a use it stops itself; None: never."""
        limit = self.stop_after_idle_minutes
        return None if limit == types.NEVER else int(limit)

    @property
    def code_repositories(self) -> tuple[CodeRepository, ...]:
        """The default one, if there is one, and the additional ones."""
        first = self.default_code_repository
        return (*([] if first is None else [first]), *self.additional_code_repositories)

    @property
    def scheduled(self) -> dict[Action, WeeklyTime]:
        """When it is started and stopped by itself, if at all."""
        return {} if self.schedule is None else self.schedule.times

    @property
    def hook(self) -> StartHook | None:
        """What runs after each start, if anything does."""
        return None if self.start_hook == NO_HOOK else self.start_hook

    @property
    def start_settings(self) -> str:
        """What the start script follows from, beside the cluster: the same text, the same script.

        Without defaults, so that a setting that is yet to come changes no text.
        """
        others = {
            "hook": self.hook and self.hook.model_dump(mode="json", exclude={"because"}),
            "environment": self.environment,
            "idle_minutes": self.idle_minutes,
            "sparkmagic": self.sparkmagic.given,
        }
        given = {name: value for name, value in others.items() if value}
        spark = self.spark.model_dump_json(exclude_defaults=True)
        return spark + json.dumps(given, sort_keys=True) if given else spark
