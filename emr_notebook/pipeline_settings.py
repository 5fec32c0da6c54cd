"""What may be asked of the pipeline: the settings in config/pipeline.yaml, as one frozen value."""

from typing import Annotated

from pydantic import Field

from emr_notebook import patterns
from emr_notebook.patterns import Form
from emr_notebook.settings_notebook import Tags
from emr_notebook.strict import OptOut, Strict

# CodeConnections API, ConnectionArn; connections from before 2024 have the older service's name.
ConnectionArn = Annotated[
    str,
    Form(
        r"arn:aws[a-z-]*:(codeconnections|codestar-connections):[a-z0-9-]+:[0-9]{12}:"
        r"connection/[0-9a-f-]{36}",
        "a connection's ARN, such as arn:aws:codeconnections:eu-west-1:111122223333:"
        "connection/1234abcd-12ab-34cd-56ef-1234567890ab",
    ),
]
# CodePipeline, FullRepositoryId: GitLab has groups in groups.
Repository = Annotated[
    str,
    Form(
        r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+){1,20}",
        "a repository with its owner, such as example/emr-notebooks",
    ),
]
Branch = Annotated[str, Form(r"[A-Za-z0-9_][A-Za-z0-9_./-]*", "a branch, such as main")]
Email = Annotated[
    str, Form(r"[^\s@<>]+@[A-Za-z0-9.-]+", "an email address, such as platform@example.com")
]

# CodePipeline API, PipelineName; CloudFormation takes 128 characters for the stack.
PipelineName = Annotated[
    str,
    Form(
        r"[A-Za-z][A-Za-z0-9-]*",
        "a pipeline's name: letters, digits and hyphens, a letter first, at most 100 characters",
        longest=100,
    ),
]
# Secrets Manager API, CreateSecret.
SecretName = Annotated[
    str,
    Form(
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

    stage: patterns.Key = Field(description="the settings in config/<stage>.yaml")
    opt_outs: PipelineOptOuts = PipelineOptOuts()


class PullRequests(Strict):
    """Checks of pull requests by CodeBuild, of a repository on github.com.

    Whoever may push a branch runs code with the connection's own credential, which is for all that
    its app is installed for, and with the look-up roles of these stages.
    """

    connection_arn: ConnectionArn = Field(
        description="a connection whose app is installed for this repository alone"
    )
    stages: Annotated[tuple[patterns.Key, ...], Field(min_length=1, strict=False)] = Field(
        description="the stages whose accounts they may read, to compare with what is deployed"
    )
    token_secret_name: SecretName | None = Field(
        default=None,
        description="a secret whose text is a token that may write comments on pull requests",
    )


class PipelineSettings(Strict):
    """The pipeline: where it is, what it follows, and what it deploys in which order."""

    account: patterns.AccountId
    region: patterns.Region
    stack_name: PipelineName
    tags: Tags = Field(default_factory=dict, description="on everything that can carry tags")
    permissions_boundary_arn: patterns.PolicyArn | None = Field(
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
