"""What the tests of the pipeline share: one of two stages, and what stands in its template."""

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aws_cdk as cdk
import yaml

from emr_notebook.pipeline.stack import build_pipeline
from emr_notebook.settings.file import parse
from emr_notebook.settings.pipeline import parse_pipeline
from tests.conftest import Change, cdk_context, stage

CONNECTION = (
    "arn:aws:codeconnections:eu-west-1:111122223333:connection/1234abcd-12ab-34cd-56ef-1234567890ab"
)
PROD_ACCOUNT = "444455556666"
PIPELINE: dict[str, Any] = {
    "account": "111122223333",
    "region": "eu-west-1",
    "stack_name": "notebooks-pipeline",
    "source": {
        "connection_arn": CONNECTION,
        "repository": "example/notebooks",
        "branch": "main",
    },
    "notify": ["platform@example.com"],
    "stages": [{"stage": "dev"}, {"stage": "prod"}],
}
STAGES = {
    "dev": stage(lambda data: data.update(stack_name="notebooks-dev")),
    "prod": stage(
        lambda data: data.update(
            stack_name="notebooks-prod", account=PROD_ACCOUNT, tags={"cost-center": "42"}
        )
    ),
}
BECAUSE = {"because": "nobody works there"}


def pipeline(change: Change = lambda _: None) -> dict[str, Any]:
    """A pipeline of two stages in two accounts, as a settings file holds it, changed in place."""
    data = copy.deepcopy(PIPELINE)
    change(data)
    return data


class Assembly:
    """The pipeline's template and those of its stages' stacks, by the stacks' names."""

    def __init__(
        self,
        change: Change = lambda _: None,
        stages: Mapping[str, Mapping[str, Any]] = STAGES,
    ) -> None:
        with TemporaryDirectory(prefix="cdk.out-") as folder:
            app = cdk.App(context=cdk_context(), outdir=folder)
            settings = {name: parse(dict(data)) for name, data in stages.items()}
            own = parse_pipeline(pipeline(change))
            build_pipeline(app, own, settings)
            made = app.synth()
            self.template = _read(made.get_stack_by_name(own.stack_name))
            self.stacks = {each.stack_name: _read(each) for each in made.stacks_recursively}
            self.build_specs = {each.name: each.read_text() for each in Path(folder).glob("*.yaml")}

    def of_type(self, kind: str) -> dict[str, Any]:
        """The template's resources of a type, by logical id."""
        held = self.template["Resources"].items()
        return {name: each for name, each in held if each["Type"] == kind}

    @property
    def properties(self) -> dict[str, Any]:
        """The pipeline's own."""
        ((_, found),) = self.of_type("AWS::CodePipeline::Pipeline").items()
        return dict(found["Properties"])

    def actions(self, stage: str) -> dict[str, dict[str, Any]]:
        """A stage's actions by name."""
        (found,) = (each for each in self.properties["Stages"] if each["Name"] == stage)
        return {each["Name"]: each for each in found["Actions"]}

    def order(self, stage: str) -> dict[str, int]:
        """When a stage's actions run: those of one number run at the same time."""
        return {name: int(each["RunOrder"]) for name, each in self.actions(stage).items()}

    def project(self, stage: str, action: str) -> dict[str, Any]:
        """The CodeBuild project that an action runs."""
        name = self.actions(stage)[action]["Configuration"]["ProjectName"]["Ref"]
        return dict(self.template["Resources"][name]["Properties"])

    def spec(self, stage: str, action: str) -> dict[str, Any]:
        """An action's buildspec, which stands in the template or in a file beside it."""
        given = self.project(stage, action)["Source"]["BuildSpec"]
        return dict(yaml.safe_load(self.build_specs.get(given, given)))

    def commands(self, stage: str, action: str, phase: str = "build") -> list[str]:
        """What an action runs, line by line."""
        found: list[str] = self.spec(stage, action)["phases"][phase]["commands"]
        return found

    def may(self, stage: str, action: str) -> list[dict[str, Any]]:
        """The statements of the policy of an action's project."""
        role = self.project(stage, action)["ServiceRole"]["Fn::GetAtt"][0]
        return [
            statement
            for each in self.of_type("AWS::IAM::Policy").values()
            if {"Ref": role} in each["Properties"]["Roles"]
            for statement in each["Properties"]["PolicyDocument"]["Statement"]
        ]


def _read(stack: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(stack.template_full_path).read_text())
    return found
