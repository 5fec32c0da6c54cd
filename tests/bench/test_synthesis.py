"""The apps whose synthesis is measured: that the two of a pair make the same."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_s3 as s3

from bench import bare_apps
from bench.stages import NOTEBOOKS_PER_STACK
from bench.synthesis import AppRunner, app_runner, marginal_cost

Resource = Mapping[str, Any]
# Notebooks that need a second stack.
NOTEBOOKS = NOTEBOOKS_PER_STACK + 1


@pytest.fixture(scope="module")
def runner() -> Iterator[AppRunner]:
    with app_runner() as made:
        yield made


def stacks(runner: AppRunner) -> dict[str, dict[str, Resource]]:
    return {each.name: json.loads(each.read_text())["Resources"] for each in runner.templates()}


def made_by(runner: AppRunner) -> tuple[list[str], int]:
    """The types of the one stack's resources, and how many files it publishes beside itself."""
    (resources,) = stacks(runner).values()
    files = list(Path(runner.folder, "cdk.out").glob("asset.*"))
    return sorted(each["Type"] for each in resources.values()), len(files)


def with_types_for_names(value: Any, resources: Mapping[str, Resource]) -> Any:
    """A part of a template in which references name what is referred to by its type."""
    if isinstance(value, list):
        return [with_types_for_names(each, resources) for each in value]
    if isinstance(value, dict):
        return {key: with_types_for_names(each, resources) for key, each in value.items()}
    return resources[value]["Type"] if value in resources else value


def is_of_a_notebook(resource: Resource) -> bool:
    tags = resource.get("Properties", {}).get("Tags", [])
    return resource["Type"] == "AWS::SageMaker::NotebookInstance" or any(
        tag["Key"] == "EmrNotebookName" for tag in tags
    )


def notebooks_and_roles(resources: Mapping[str, Resource]) -> list[str]:
    return sorted(
        json.dumps(
            # The bare app has no replacement guard to depend on.
            with_types_for_names({**each, "Metadata": None, "DependsOn": None}, resources),
            sort_keys=True,
        )
        for each in resources.values()
        if is_of_a_notebook(each)
    )


@pytest.mark.slow
class TestBareLoop:
    def test_makes_the_same_stacks_of_the_same_notebooks_and_roles(self, runner: AppRunner) -> None:
        runner.app(NOTEBOOKS)
        wanted = {name: notebooks_and_roles(each) for name, each in stacks(runner).items()}
        runner.loop(NOTEBOOKS)
        made = {name: notebooks_and_roles(each) for name, each in stacks(runner).items()}

        assert sorted(map(len, made.values())) == [2, 2 * NOTEBOOKS_PER_STACK]
        assert made == wanted

    def test_makes_all_that_notebooks_share_but_the_resolver(self, runner: AppRunner) -> None:
        runner.loop(1)
        (resources,) = stacks(runner).values()

        assert sorted(x["Type"] for x in resources.values() if not is_of_a_notebook(x)) == [
            "AWS::CDK::Metadata",
            "AWS::EC2::SecurityGroup",
            "AWS::EC2::SecurityGroupIngress",
            "AWS::IAM::ManagedPolicy",
            "AWS::IAM::ManagedPolicy",
            "AWS::KMS::Key",
            "AWS::SageMaker::NotebookInstanceLifecycleConfig",
        ]


@pytest.mark.slow
class TestSameApp:
    def test_makes_resources_of_the_same_types_and_as_many_files(self, runner: AppRunner) -> None:
        runner.app(1)
        wanted = made_by(runner)
        runner.same()

        assert made_by(runner) == wanted


@pytest.mark.slow
class TestEmptyApp:
    def test_has_one_stack_with_nothing_but_what_cdk_puts_into_each(
        self, runner: AppRunner
    ) -> None:
        runner.empty()
        (resources,) = stacks(runner).values()

        assert [each["Type"] for each in resources.values()] == ["AWS::CDK::Metadata"]


@pytest.mark.slow
class TestChecks:
    def test_cdk_nag_alone_looks_at_the_measured_app(self, runner: AppRunner) -> None:
        runner.app(1)
        report = json.loads(Path(runner.folder, "cdk.out/validation-report.json").read_text())

        assert [each["pluginName"] for each in report["pluginReports"]] == ["AwsSolutions"]

    def test_cdk_nag_looks_at_the_bare_apps(self, tmp_path: Path) -> None:
        app = cdk.App(outdir=str(tmp_path))
        s3.CfnBucket(cdk.Stack(app, "Stack"), "Unlogged")

        with pytest.raises(RuntimeError, match="AwsSolutions-S1"):
            bare_apps.finish(app)


class TestAfterTheFirst:
    def test_what_one_costs_does_not_count(self) -> None:
        assert marginal_cost(lambda count: 100 + 2 * count, 11, runs=1) == 2

    def test_one_slow_run_changes_nothing(self) -> None:
        costs = iter([7.0, 1.0, 1.0, 21.0, 80.0, 21.0])

        assert marginal_cost(lambda _: next(costs), 11, runs=3) == 2
