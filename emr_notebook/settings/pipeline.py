"""Defines and reads the settings of the pipeline, config/pipeline.yaml."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from emr_notebook.settings import types
from emr_notebook.settings.arns import of_other_partitions
from emr_notebook.settings.file import (
    PIPELINE,
    SettingsError,
    load_stage,
    read_file,
    validated,
)
from emr_notebook.settings.messages import Mistake, listed, refusal
from emr_notebook.settings.model import Settings
from emr_notebook.settings.notebook import StackTags
from emr_notebook.settings.partitions import partition_of
from emr_notebook.settings.types import OptOut, Strict, TextFormat

# CodeConnections API, ConnectionArn; connections from before 2024 have the older service's name.
ConnectionArn = Annotated[
    str,
    TextFormat(
        r"arn:aws[a-z-]*:(codeconnections|codestar-connections):[a-z0-9-]+:[0-9]{12}:"
        r"connection/[0-9a-f-]{36}",
        "a connection's ARN, such as arn:aws:codeconnections:eu-west-1:111122223333:"
        "connection/1234abcd-12ab-34cd-56ef-1234567890ab",
    ),
]
# CodePipeline, FullRepositoryId: GitLab has groups in groups.
Repository = Annotated[
    str,
    TextFormat(
        r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+){1,20}",
        "a repository with its owner, such as example/emr-notebooks",
    ),
]
Branch = Annotated[str, TextFormat(r"[A-Za-z0-9_][A-Za-z0-9_./-]*", "a branch, such as main")]
Email = Annotated[
    str, TextFormat(r"[^\s@<>]+@[A-Za-z0-9.-]+", "an email address, such as platform@example.com")
]

# CodePipeline API, PipelineName; CloudFormation takes 128 characters for the stack.
PipelineName = Annotated[
    str,
    TextFormat(
        r"[A-Za-z][A-Za-z0-9-]*",
        "a pipeline's name: letters, digits and hyphens, a letter first, at most 100 characters",
        longest=100,
    ),
]
# Secrets Manager API, CreateSecret.
SecretName = Annotated[
    str,
    TextFormat(
        r"[A-Za-z0-9/_+=.@-]+",
        "a secret's name in Secrets Manager, such as notebooks/pull-requests",
        longest=512,
    ),
]


class Source(Strict):
    """The repository whose commits are deployed."""

    connection_arn: ConnectionArn = Field(
        description="the CodeConnections connection to GitHub, GitLab or Bitbucket"
    )
    repository: Repository
    branch: Branch


class PipelineOptOuts(Strict):
    """Safe defaults of one stage that are given up."""

    approval: OptOut | None = Field(
        default=None, description="deploy without asking anybody, after the diff and the plan"
    )
    destructive_changes: OptOut | None = Field(
        default=None,
        description="let a deploy go on that replaces, deletes or lets go of a resource; a "
        "notebook that may not be replaced stops it all the same",
    )


class PipelineStage(Strict):
    """One stage that is deployed, after those before it."""

    stage: types.Key = Field(description="the settings in config/<stage>.yaml")
    opt_outs: PipelineOptOuts = PipelineOptOuts()


class PullRequests(Strict):
    """Checks of pull requests by CodeBuild, of a repository on github.com.

    Whoever may push a branch runs code with the connection's own credential, which is for all that
    its app is installed for, and with the look-up roles of these stages.
    """

    connection_arn: ConnectionArn = Field(
        description="a connection whose app is installed for this repository alone"
    )
    stages: Annotated[tuple[types.Key, ...], Field(min_length=1, strict=False)] = Field(
        description="the stages whose accounts they may read, to compare with what is deployed"
    )
    token_secret_name: SecretName | None = Field(
        default=None,
        description="a secret whose text is a token that may write comments on pull requests",
    )


class PipelineSettings(Strict):
    """The pipeline: where it is, what it follows, and what it deploys in which order."""

    account: types.AccountId
    region: types.Region
    stack_name: PipelineName
    tags: StackTags = Field(default_factory=dict, description="on everything that can carry tags")
    permissions_boundary_arn: types.PolicyArn | None = Field(
        default=None, description="bounds every role that is made here"
    )
    source: Source
    notify: Annotated[tuple[Email, ...], Field(min_length=1, strict=False)] = Field(
        description="who hears of failures and of approvals that wait"
    )
    pull_requests: PullRequests | None = Field(
        default=None, description="let CodeBuild check each pull request to the branch, too"
    )
    stages: Annotated[tuple[PipelineStage, ...], Field(min_length=1, strict=False)]


def parse_pipeline(data: Any) -> PipelineSettings:
    """Settings from what a YAML file holds; SettingsError lists every mistake."""
    settings = validated(PipelineSettings, data)
    found = [refusal(*mistake) for mistake in _mistakes(settings)]
    if found:
        raise SettingsError(listed(found))
    return settings


def load_pipeline(
    directory: Path = Path("config"),
) -> tuple[PipelineSettings, dict[str, Settings]]:
    """The pipeline's settings and those of its stages, by name, in their order.

    SettingsError lists the mistakes of all the files.
    """
    path = directory / f"{PIPELINE}.yaml"
    if not path.is_file():
        raise SettingsError(f"there is no {path}: docs/continuous-deployment.md says how to begin")
    pipeline = read_file(path, parse_pipeline)
    stages, found = {}, []
    for each in pipeline.stages:
        try:
            stages[each.stage] = load_stage(each.stage, directory, option="stage: ")
        except SettingsError as error:
            found.append(str(error))
    found += [f"{path}: {each}" for each in _stacks_claimed_twice(pipeline, stages)]
    found += [f"{path}: {each}" for each in _stages_elsewhere(pipeline, stages)]
    if found:
        raise SettingsError("\n".join(found))
    return pipeline, stages


def _mistakes(settings: PipelineSettings) -> Iterator[Mistake]:
    """Every contradiction between the parts: its place, what was given and what is accepted."""
    yield from _stages(settings)
    for number, address in enumerate(settings.notify):
        if address in settings.notify[:number]:
            yield ("notify", number), address, "an address that is not in the list already"
    if settings.pull_requests is not None:
        yield from _pull_requests(settings, settings.pull_requests)
    given = {
        ("permissions_boundary_arn",): settings.permissions_boundary_arn,
        ("source", "connection_arn"): settings.source.connection_arn,
    }
    if settings.pull_requests is not None:
        given["pull_requests", "connection_arn"] = settings.pull_requests.connection_arn
    yield from of_other_partitions(settings.region, given.items())


def _stages(settings: PipelineSettings) -> Iterator[Mistake]:
    names = [each.stage for each in settings.stages]
    for number, name in enumerate(names):
        place = ("stages", number, "stage")
        if name in names[:number]:
            yield place, name, "a stage that is not in the list already"
        if name == settings.stack_name:
            yield place, name, "a stage that is not called as the pipeline's stack is"


def _pull_requests(settings: PipelineSettings, pull_requests: PullRequests) -> Iterator[Mistake]:
    names = [each.stage for each in settings.stages]
    repository = settings.source.repository
    if repository.count("/") != 1:
        accepted = "OWNER/NAME on github.com, the only one that pull_requests is for"
        yield ("source", "repository"), repository, accepted
    for number, name in enumerate(pull_requests.stages):
        if name not in names:
            accepted = f"one of the pipeline's stages: {', '.join(names)}"
            yield ("pull_requests", "stages", number), name, accepted


def _stages_elsewhere(pipeline: PipelineSettings, stages: Mapping[str, Settings]) -> Iterator[str]:
    """Roles of one partition are assumed by none of another."""
    own = partition_of(pipeline.region)
    for name, settings in stages.items():
        if settings.partition is not own:
            yield (
                f"stage {name} is in {settings.region}, which is in the partition "
                f"{settings.partition.name}; the pipeline, in {pipeline.region}, deploys in "
                f"{own.name} alone: give that stage a pipeline there"
            )


def _stacks_claimed_twice(
    pipeline: PipelineSettings, stages: Mapping[str, Settings]
) -> Iterator[str]:
    """What would be deployed by one stage, or the pipeline, and then made another by the next."""
    own = f"the pipeline's own stack of {PIPELINE}.yaml"
    taken = {(pipeline.account, pipeline.region, pipeline.stack_name): own}
    for region in {each.region for each in stages.values()}:
        # The CDK's, for a bucket in each other region.
        support = f"{pipeline.stack_name}-support-{region}"
        taken[pipeline.account, region, support] = own
    for name, settings in stages.items():
        for stack in settings.stack_names():
            first = taken.setdefault((settings.account, settings.region, stack), f"stage {name}")
            if first != f"stage {name}":
                yield (
                    f"stage {name} and {first} both have the stack {stack} in "
                    f"{settings.account} {settings.region}: give one of them another stack_name"
                )
