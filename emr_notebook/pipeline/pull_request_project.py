"""Makes the CodeBuild project that checks pull requests, for those without GitHub Actions."""

import re
from collections.abc import Mapping, Sequence

import aws_cdk as cdk
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from emr_notebook.checks.nag import acknowledge
from emr_notebook.constructs.iam import allow

BUILD_SPEC = "codebuild/pull-request.yml"
# Its Python is the one that the build specification names.
IMAGE = "aws/codebuild/standard:7.0"
TIMEOUT_MINUTES = 60
TRIGGER_EVENTS = ("PULL_REQUEST_CREATED", "PULL_REQUEST_UPDATED", "PULL_REQUEST_REOPENED")
# CodeBuild API, PullRequestBuildPolicy: the roles of those who may push branches.
APPROVER_ROLES = ("GITHUB_WRITE", "GITHUB_MAINTAIN", "GITHUB_ADMIN")
PLAIN_LOG = "It holds what the pull request's readers see; CloudWatch Logs has a key of its own."
NOTHING_KEPT = "The project keeps nothing that a key could encrypt: no artifacts, no cache."


class PullRequestChecks(Construct):
    """A project that tests each pull request to a branch, and says what deploying it would do.

    Its status stands on the pull request. It reads the stages' accounts with the look-up roles.
    The code of a pull request runs with this role, so one from a fork waits until somebody who may
    push approves the build in a comment.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        connection_arn: str,
        repository: str,
        branch: str,
        lookup_role_arns: Mapping[str, str],
        token_secret_name: str | None = None,
    ) -> None:
        """`repository` is OWNER/NAME on GitHub; `lookup_role_arns` are by stage.

        The secret, if there is one, is a text in Secrets Manager: a token that may read and write
        the repository's pull requests, and nothing else, of a user whose approvals do not count:
        whoever may push can read it.
        """
        super().__init__(scope, id_)
        self._log = logs.LogGroup(
            self,
            "Log",
            retention=logs.RetentionDays.THREE_MONTHS,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        acknowledge(self._log, {"NIST.800.53.R5-CloudWatchLogGroupEncrypted": PLAIN_LOG})
        lookups = sorted(set(lookup_role_arns.values()))
        role = self._role(connection_arn, lookups, token_secret_name)
        self.project = codebuild.CfnProject(
            self,
            "Project",
            description=f"Checks pull requests of {repository}",
            service_role=role.role_arn,
            source=_source(connection_arn, repository),
            triggers=_triggers(branch),
            environment=_environment(" ".join(lookup_role_arns), token_secret_name),
            artifacts=codebuild.CfnProject.ArtifactsProperty(type="NO_ARTIFACTS"),
            logs_config=codebuild.CfnProject.LogsConfigProperty(
                cloud_watch_logs=codebuild.CfnProject.CloudWatchLogsConfigProperty(
                    status="ENABLED", group_name=self._log.log_group_name
                )
            ),
            timeout_in_minutes=TIMEOUT_MINUTES,
        )
        acknowledge(self.project, {"AwsSolutions-CB4": NOTHING_KEPT})

    def _role(self, connection_arn: str, lookups: Sequence[str], secret: str | None) -> iam.Role:
        service = connection_arn.split(":")[2]
        get = [f"{service}:GetConnection", f"{service}:GetConnectionToken"]
        statements = [
            allow(["logs:CreateLogStream", "logs:PutLogEvents"], [self._log.log_group_arn]),
            allow(get, [connection_arn]),
            allow(["sts:AssumeRole"], lookups),
        ]
        if secret:
            statements.append(allow(["secretsmanager:GetSecretValue"], [self._secret_arn(secret)]))
        policy = iam.ManagedPolicy(
            self,
            "Policy",
            statements=[iam.PolicyStatement.from_json(each) for each in statements],
        )
        # Made with its policy: CodeBuild tries the connection when it makes the project.
        return iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("codebuild.amazonaws.com"),
            managed_policies=[policy],
        )

    def _secret_arn(self, name: str) -> str:
        # Secrets Manager puts six characters of its own behind a name.
        return cdk.Stack.of(self).format_arn(
            service="secretsmanager",
            resource="secret",
            resource_name=f"{name}-??????",
            arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
        )


def _source(connection_arn: str, repository: str) -> codebuild.CfnProject.SourceProperty:
    return codebuild.CfnProject.SourceProperty(
        type="GITHUB",
        location=f"https://github.com/{repository}.git",
        auth=codebuild.CfnProject.SourceAuthProperty(
            type="CODECONNECTIONS", resource=connection_arn
        ),
        build_spec=BUILD_SPEC,
        report_build_status=True,
    )


def _triggers(branch: str) -> codebuild.CfnProject.ProjectTriggersProperty:
    filters = [
        codebuild.CfnProject.WebhookFilterProperty(type="EVENT", pattern=", ".join(TRIGGER_EVENTS)),
        # A regular expression that is searched for: main is in maintenance, too.
        codebuild.CfnProject.WebhookFilterProperty(
            type="BASE_REF", pattern=f"^refs/heads/{re.escape(branch)}$"
        ),
    ]
    return codebuild.CfnProject.ProjectTriggersProperty(
        webhook=True,
        filter_groups=[filters],
        pull_request_build_policy=codebuild.CfnProject.PullRequestBuildPolicyProperty(
            requires_comment_approval="FORK_PULL_REQUESTS", approver_roles=list(APPROVER_ROLES)
        ),
    )


def _environment(stages: str, secret: str | None) -> codebuild.CfnProject.EnvironmentProperty:
    variable = codebuild.CfnProject.EnvironmentVariableProperty
    variables = [variable(name="STAGES", value=stages)]
    if secret:
        variables.append(variable(name="GITHUB_TOKEN", value=secret, type="SECRETS_MANAGER"))
    return codebuild.CfnProject.EnvironmentProperty(
        type="LINUX_CONTAINER",
        image=IMAGE,
        compute_type="BUILD_GENERAL1_MEDIUM",
        environment_variables=variables,
        # The tests' sandbox makes namespaces, which CodeBuild grants only so.
        privileged_mode=True,
    )
