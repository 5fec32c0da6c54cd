"""Answers from memory for a stage that was deployed: for `plan` of its next deploy."""

import copy
import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from emr_notebook.cli.plan.costs import costs
from emr_notebook.cli.plan.read import read_aws_state
from emr_notebook.cli.plan.stack import plan_stack
from emr_notebook.cli.plan.stage import StagePlan
from emr_notebook.settings.file import parse
from emr_notebook.synthesis import stage_templates
from tests.assets.cluster_endpoint.emr_records import ACCOUNT, CREATED, REGION, refused
from tests.cli.aws.stage_in_memory import NOW, NotebookWorld
from tests.cli.aws_in_memory import Fields
from tests.conftest import ROOT, Change, stage

STACK = "emr-notebooks-test"
GROUP_ID = "sg-0f0000000000000f0"
KEY_ID = "11111111-2222-3333-4444-555555555555"
KEY_ARN = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{KEY_ID}"
# What the cluster of emr_records is found to be.
LIVE = {
    "LivyUrl": "http://10.0.0.5:8998",
    "ClusterId": "j-2AXXXXXXGAPLF",
    "ReleaseLabel": "emr-7.9.0",
    "SparkVersion": "3.5.5",
    "LivyVersion": "0.8.0",
}
PHYSICAL = {"AWS::EC2::SecurityGroup": GROUP_ID, "AWS::KMS::Key": KEY_ID}
PAGE_OF_RESOURCES = 100
OTHER_SUBNET = "subnet-00000000000000002"


@dataclass
class PlanWorld(NotebookWorld):
    """A region with stacks, too: each its status, its template and its outputs."""

    stacks: dict[str, Fields] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.answers |= {
            ("cloudformation", "describe_stacks"): self._stack,
            ("cloudformation", "get_template"): lambda given: {
                "TemplateBody": self.stacks[given["StackName"]]["template"]
            },
            ("cloudformation", "list_stack_resources"): self._resources,
        }

    def deploy(
        self, change: Change = lambda _: None, *, refresh: str = "", found: Mapping[str, str] = LIVE
    ) -> None:
        """Deploy a stage, whose notebooks then run; `found` are all clusters' values."""
        for name, template in templates(stage(change), refresh).items():
            outputs = {
                key: {**found, "State": "live", "Value": json.dumps(dict(found))}.get(
                    str(declared["Value"]["Fn::GetAtt"][1]), ""
                )
                for key, declared in template["Outputs"].items()
                if "Fn::GetAtt" in declared["Value"]
            }
            status = "UPDATE_COMPLETE"
            self.stacks[name] = {"status": status, "template": template, "outputs": outputs}
            for resource in template["Resources"].values():
                if resource["Type"] == "AWS::SageMaker::NotebookInstance":
                    self.put(resource["Properties"]["NotebookInstanceName"])

    def plan(
        self,
        change: Change = lambda _: None,
        *,
        refresh: str = "",
        prices: Mapping[str, Any] | None = None,
        hours: float | None = None,
    ) -> StagePlan:
        """Plan the deploy of a stage."""
        data = stage(change)
        settings = parse(data)
        state = read_aws_state(self.reader(), settings, lambda _: None)
        made = templates(data, refresh)
        stacks = [plan_stack(settings, made[name], state.stacks[name], state) for name in made]
        notebooks = [each for stack in stacks for each in stack.notebooks]
        priced = costs(notebooks, prices or {}, hours)
        return StagePlan("test", refresh, stacks, state.denied, priced, now=NOW)

    def _stack(self, given: Fields) -> Fields:
        name = given["StackName"]
        if name not in self.stacks:
            raise refused("ValidationError", f"Stack with id {name} does not exist")
        found = self.stacks[name]
        outputs = [{"OutputKey": k, "OutputValue": v} for k, v in found["outputs"].items()]
        described = {"StackName": name, "CreationTime": CREATED, "StackStatus": found["status"]}
        return {"Stacks": [{**described, "Outputs": outputs}]}

    def _resources(self, given: Fields) -> Fields:
        listed = list(self.stacks[given["StackName"]]["template"]["Resources"].items())
        start = int(given.get("NextToken", 0))
        end = start + PAGE_OF_RESOURCES
        more = {"NextToken": str(end)} if end < len(listed) else {}
        return {"StackResourceSummaries": [_summary(*x) for x in listed[start:end]], **more}


def _summary(logical_id: str, resource: Fields) -> Fields:
    kind = resource["Type"]
    named = f"arn:aws:x:{REGION}:{ACCOUNT}:{kind.rpartition(':')[2].lower()}/{logical_id.lower()}"
    return {
        "LogicalResourceId": logical_id,
        "PhysicalResourceId": PHYSICAL.get(kind, named),
        "ResourceType": kind,
        "LastUpdatedTimestamp": CREATED,
        "ResourceStatus": "CREATE_COMPLETE",
    }


def templates(data: dict[str, Any], refresh: str = "") -> dict[str, dict[str, Any]]:
    """A stage's templates; those of a stage that was asked for before are not made anew."""
    return copy.deepcopy(_synthesized(json.dumps(data), refresh))


@functools.cache
def _synthesized(data: str, refresh: str) -> dict[str, dict[str, Any]]:
    made = stage_templates(parse(json.loads(data)), refresh=refresh, directory=ROOT)
    return {name: dict(template) for name, template in made.items()}


def of_alice(**settings: Any) -> Change:
    """A stage in which Alice's notebook has these settings, too."""
    return lambda data: data["notebooks"]["alice"].update(settings)


def deployed(change: Change = lambda _: None, **more: Any) -> PlanWorld:
    """A region in which a stage was deployed and nothing has happened since."""
    made = PlanWorld()
    made.deploy(change, **more)
    made.calls.clear()
    return made
