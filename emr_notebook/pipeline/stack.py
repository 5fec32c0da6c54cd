"""Makes the pipeline: tests a commit, and reviews it before each stage that it goes to."""

from collections.abc import Mapping
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_codepipeline as codepipeline
from aws_cdk import pipelines
from constructs import Construct

from emr_notebook.bootstrap import lookup_role_arn
from emr_notebook.build import build
from emr_notebook.checks.nag import add_checks
from emr_notebook.constructs.iam import apply_permissions_boundary
from emr_notebook.pipeline.artifacts import Artifacts
from emr_notebook.pipeline.notifications import Notifications
from emr_notebook.pipeline.policies import accept_wildcards, allow_connection
from emr_notebook.pipeline.pull_request_project import PullRequestChecks
from emr_notebook.pipeline.steps import StageSteps, build_spec, environment, synth_step, test_step
from emr_notebook.settings.model import Settings
from emr_notebook.settings.pipeline import PipelineSettings

# npm's newest release is 3.0.0, published by accident: a range keeps to the line that is used.
CLI_VERSION = "2"


def build_pipeline(
    app: cdk.App,
    settings: PipelineSettings,
    stages: Mapping[str, Settings],
    *,
    directory: Path = Path(),
) -> "PipelineStack":
    """Put the pipeline and all its stages together; `stages` are the settings by stage.

    Paths in the stages' settings start from `directory`. Pure and raising as `build` is and does.
    """
    # Stages stand beside the pipeline, not in it: each is checked by its own rules, once.
    cdk_stages = {
        pipeline_stage.stage: NotebookStage(
            app,
            pipeline_stage.stage,
            stages[pipeline_stage.stage],
            directory=directory,
        )
        for pipeline_stage in settings.stages
    }
    return PipelineStack(app, settings, stages, cdk_stages)


class NotebookStage(cdk.Stage):
    """One stage: the same stacks, of the same names, as `cdk deploy -c stage=…` makes."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        settings: Settings,
        *,
        directory: Path,
    ) -> None:
        super().__init__(
            scope, name, env=cdk.Environment(account=settings.account, region=settings.region)
        )
        build(self, settings, directory=directory)


class PipelineStack(cdk.Stack):
    """The pipeline, which updates itself before it deploys a stage."""

    def __init__(
        self,
        scope: Construct,
        settings: PipelineSettings,
        stages: Mapping[str, Settings],
        cdk_stages: Mapping[str, NotebookStage],
    ) -> None:
        super().__init__(
            scope,
            settings.stack_name,
            stack_name=settings.stack_name,
            env=cdk.Environment(account=settings.account, region=settings.region),
            description="Deploys SageMaker notebooks whose PySpark kernel runs on Spark on EMR",
            tags=settings.tags or None,
        )
        source = pipelines.CodePipelineSource.connection(
            settings.source.repository,
            settings.source.branch,
            connection_arn=settings.source.connection_arn,
            # The project's own checks ask git what belongs to it.
            code_build_clone_output=True,
        )
        for tag, value in settings.tags.items():
            cdk.Tags.of(self).add(tag, value)
        apply_permissions_boundary(self, settings.permissions_boundary_arn)
        self.pipeline = self._create_pipeline(settings, source)
        for pipeline_stage in settings.stages:
            steps = StageSteps(source, pipeline_stage, stages[pipeline_stage.stage])
            self.pipeline.add_stage(
                cdk_stages[pipeline_stage.stage], pre=steps.before(), post=steps.after()
            )
        self.pipeline.build_pipeline()
        Notifications(self, "Notices", pipeline=self.pipeline.pipeline, addresses=settings.notify)
        if settings.pull_requests is not None:
            PullRequestChecks(
                self,
                "PullRequests",
                connection_arn=settings.pull_requests.connection_arn,
                repository=settings.source.repository,
                branch=settings.source.branch,
                lookup_role_arns={
                    name: lookup_role_arn(stages[name]) for name in settings.pull_requests.stages
                },
                token_secret_name=settings.pull_requests.token_secret_name,
            )
        allow_connection(self, settings.source.connection_arn)
        accept_wildcards(self, self._replication_buckets())
        add_checks(self)

    def _create_pipeline(
        self,
        settings: PipelineSettings,
        source: pipelines.CodePipelineSource,
    ) -> pipelines.CodePipeline:
        return pipelines.CodePipeline(
            self,
            "Pipeline",
            synth=synth_step(source, test_step(source)),
            pipeline_name=settings.stack_name,
            pipeline_type=codepipeline.PipelineType.V2,
            execution_mode=codepipeline.ExecutionMode.QUEUED,
            cli_version=CLI_VERSION,
            artifact_bucket=Artifacts(self, "Artifacts").bucket,
            # Of the buckets that CDK makes in the other regions of stages.
            cross_account_keys=True,
            enable_key_rotation=True,
            publish_assets_in_parallel=False,
            code_build_defaults=pipelines.CodeBuildOptions(
                build_environment=environment(),
                partial_build_spec=build_spec(),
            ),
        )

    def _replication_buckets(self) -> list[str]:
        """The buckets in the stages' other regions, by the names that CDK gave them.

        CDK shortens the name of one, so that the stack's name does not tell it.
        """
        support = self.pipeline.pipeline.cross_region_support.values()
        return [str(self.resolve(each.replication_bucket.bucket_name)) for each in support]
