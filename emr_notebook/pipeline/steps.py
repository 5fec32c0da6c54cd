"""Defines the pipeline's steps: the README's own commands, each in a clean clone of the source."""

import shlex
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_iam as iam
from aws_cdk import pipelines

from emr_notebook.bootstrap import lookup_role_arn
from emr_notebook.settings.model import Settings
from emr_notebook.settings.pipeline import PipelineStage

# Both are in aws/codebuild/standard:7.0. The project's own steps bring a Node of their own; CDK's
# (self-mutation, assets) use this one, and it must be one that the CDK supports.
RUNTIMES = {"python": "3.12", "nodejs": "22"}
IMAGE = codebuild.LinuxBuildImage.STANDARD_7_0
INSTALL = "make install"
SYNTH = "make synth STAGE=pipeline"
TEST = "make test"
# Longer than a start of notebooks takes.
VERIFY_MINUTES = 15
SUMMARY_FILE = "plan-summary.txt"
SUMMARY = "PLAN_SUMMARY"
# What CodePipeline takes as an approval's text (CustomData), without the plan's share.
APPROVAL_WORDS = "{stage}: the diff and the plan are in the log of {step}. "


def build_spec() -> codebuild.BuildSpec:
    """What every project of the pipeline has in common."""
    return codebuild.BuildSpec.from_object({"phases": {"install": {"runtime-versions": RUNTIMES}}})


def environment(*, privileged: bool = False) -> codebuild.BuildEnvironment:
    """Where commands run."""
    return codebuild.BuildEnvironment(
        build_image=IMAGE, compute_type=codebuild.ComputeType.MEDIUM, privileged=privileged
    )


def test_step(source: pipelines.CodePipelineSource) -> pipelines.CodeBuildStep:
    """Everything CI runs. Its sandbox keeps to mounts of its own, for which CodeBuild asks this."""
    return pipelines.CodeBuildStep(
        "Test",
        input=source,
        commands=[TEST],
        build_environment=environment(privileged=True),
        timeout=cdk.Duration.hours(1),
    )


def synth_step(
    source: pipelines.CodePipelineSource, test: pipelines.Step
) -> pipelines.CodeBuildStep:
    """The templates of the pipeline and of all its stages, after the tests."""
    step = pipelines.CodeBuildStep(
        "Synth",
        input=source,
        commands=[INSTALL, SYNTH],
        primary_output_directory="cdk.out",
        timeout=cdk.Duration.minutes(30),
    )
    step.add_step_dependency(test)
    return step


@dataclass(frozen=True)
class StageSteps:
    """What comes before and after the deploy of one stage, in this order."""

    source: pipelines.CodePipelineSource
    pipeline_stage: PipelineStage
    settings: Settings

    def before(self) -> list[pipelines.Step]:
        """The diff and the plan, and then the approval, unless the stage does without one."""
        review = self._review()
        if self.pipeline_stage.opt_outs.approval is not None:
            return [review]
        return pipelines.Step.sequence([review, self._approval(review)])

    def after(self) -> list[pipelines.Step]:
        """Do the notebooks that run reach Spark?"""
        stage = shlex.quote(self.pipeline_stage.stage)
        verify = (
            f".venv/bin/emr-notebook verify --stage {stage} --lookup-role --wait {VERIFY_MINUTES}"
        )
        return [self._lookup_step("Verify", [verify])]

    def _review(self) -> pipelines.CodeBuildStep:
        options = ["--lookup-role", f"--summary={SUMMARY_FILE}"]
        if self.pipeline_stage.opt_outs.destructive_changes is None:
            options.append("--fail-on=destructive")
        diff = f"scripts/diff.sh {shlex.quote(self.pipeline_stage.stage)} {' '.join(options)}"
        return self._lookup_step(
            "DiffAndPlan",
            [
                # 2 is a difference, which is why the pipeline runs.
                f"{diff} || test $? -eq 2",
                f'export {SUMMARY}="$(cat {SUMMARY_FILE})"',
            ],
        )

    def _approval(self, review: pipelines.CodeBuildStep) -> pipelines.ManualApprovalStep:
        words = APPROVAL_WORDS.format(stage=self.pipeline_stage.stage, step=review.id)
        return pipelines.ManualApprovalStep(
            "Approve", comment=words + review.exported_variable(SUMMARY)
        )

    def _lookup_step(self, name: str, commands: list[str]) -> pipelines.CodeBuildStep:
        """A step that may read the stage's account, and no other, with bootstrap's look-up role."""
        return pipelines.CodeBuildStep(
            name,
            input=self.source,
            commands=[INSTALL, *commands],
            timeout=cdk.Duration.minutes(45),
            role_policy_statements=[
                iam.PolicyStatement(
                    actions=["sts:AssumeRole"], resources=[lookup_role_arn(self.settings)]
                )
            ],
        )
