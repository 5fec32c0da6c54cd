"""Runs `emr-notebook plan` of a deployed stage on an AWS that takes its time for every call."""

import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

from bench.stages import ACCOUNT, REGION
from bench.stub_aws import ANSWERS as EMR_ANSWERS
from emr_notebook.cli import main
from emr_notebook.cli.aws.reader import Reader
from emr_notebook.cli.plan import command
from emr_notebook.settings.file import load_stage
from emr_notebook.synthesis import stage_templates

# A round trip to another continent.
SECONDS_PER_CALL = 0.05


def synthesize(stage: str) -> None:
    """What a plan begins with, and nothing else."""
    stage_templates(load_stage(stage), refresh="", directory=Path())


def run_plan(stage: str, template: str) -> None:
    """The whole command; the stage's one stack is deployed as the template has it."""
    aws = Aws(json.loads(Path(template).read_text()))
    sys.argv = ["emr-notebook", "plan", "--stage", stage]
    with patch.object(command, "reader_for", lambda *_, **__: Reader(REGION, aws.call)):
        main.main()


class Aws:
    """Its answers, of a stage whose notebooks are deployed and run."""

    def __init__(self, template: Mapping[str, Any]) -> None:
        self._template = template
        self._calls = {
            "describe_stacks": lambda _: {"Stacks": [{"StackStatus": "CREATE_COMPLETE"}]},
            "get_template": lambda _: {"TemplateBody": template},
            "list_stack_resources": self._resources,
            "list_notebook_instances": self._notebooks,
            "describe_cluster": EMR_ANSWERS["DescribeCluster"],
            "list_instances": EMR_ANSWERS["ListInstances"],
            "list_instance_groups": EMR_ANSWERS["ListInstanceGroups"],
        }

    def call(self, _service: str, method: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """One call's answer, after a while."""
        time.sleep(SECONDS_PER_CALL)
        answer: Mapping[str, Any] = self._calls[method](given)
        return answer

    def _resources(self, given: Mapping[str, Any]) -> dict[str, Any]:
        # CloudFormation's pages are of a hundred.
        listed, start = list(self._template["Resources"].items()), int(given.get("NextToken", 0))
        more = {"NextToken": str(start + 100)} if start + 100 < len(listed) else {}
        summaries = [
            {"LogicalResourceId": name, "PhysicalResourceId": f"{ACCOUNT}-{name}"}
            | {"ResourceType": each["Type"], "ResourceStatus": "CREATE_COMPLETE"}
            for name, each in listed[start : start + 100]
        ]
        return {"StackResourceSummaries": summaries, **more}

    def _notebooks(self, _: Mapping[str, Any]) -> dict[str, Any]:
        names = [
            each["Properties"]["NotebookInstanceName"]
            for each in self._template["Resources"].values()
            if each["Type"] == "AWS::SageMaker::NotebookInstance"
        ]
        state = {"NotebookInstanceStatus": "InService"}
        return {"NotebookInstances": [{"NotebookInstanceName": name, **state} for name in names]}
