"""What is read of CloudFormation's stacks and of lifecycle configurations."""

import base64
from typing import Any

import pytest

from emr_notebook.cli.aws.deployed_stack import DeployedStack, deployed_stack
from emr_notebook.cli.aws.reader import Refused
from emr_notebook.cli.aws.start_script import DeployedScript, deployed_script, read_script
from tests.assets.cluster_endpoint.emr_records import CREATED, refused
from tests.cli.aws.stage_in_memory import script, world
from tests.cli.aws_in_memory import AwsInMemory, Fields
from tests.conftest import template

STACK = "emr-notebooks-test"


def cloudformation(
    status: str = "UPDATE_COMPLETE",
    body: Any = None,
    outputs: dict[str, str] | None = None,
) -> AwsInMemory:
    """AWS with one stack."""

    def describe(given: Fields) -> Fields:
        if given["StackName"] != STACK:
            said = f"Stack with id {given['StackName']} does not exist"
            raise refused("ValidationError", said)
        listed = [{"OutputKey": key, "OutputValue": v} for key, v in (outputs or {}).items()]
        stack = {"StackName": STACK, "CreationTime": CREATED, "StackStatus": status}
        return {"Stacks": [{**stack, **({"Outputs": listed} if listed else {})}]}

    found = AwsInMemory()
    found.answers["cloudformation", "describe_stacks"] = describe
    if body is not None:
        found.answers["cloudformation", "get_template"] = lambda _: {"TemplateBody": body}
    return found


def stack_of_the_app() -> DeployedStack:
    """The real app's stack, deployed with an output for each that it declares."""
    body = dict(template().to_json())
    found = {name: f"value of {name}" for name in body["Outputs"]}
    found[next(name for name in found if name.startswith("ClusteranalyticsValue"))] = (
        '{"SparkVersion": "3.5.5", "LivyUrl": "shadowed"}'
    )
    return deployed_stack(cloudformation(body=body, outputs=found).reader(), STACK)


def test_a_stack_that_was_never_deployed_has_no_status_and_nothing_in_it() -> None:
    found = deployed_stack(cloudformation().reader(), "emr-notebooks-other")

    assert found == DeployedStack("emr-notebooks-other")
    assert found.status is None
    assert not found.endpoints()
    assert not found.notebook_names()


def test_a_stack_of_which_only_a_change_set_was_made_counts_as_never_deployed() -> None:
    found = deployed_stack(cloudformation("REVIEW_IN_PROGRESS").reader(), STACK)

    assert found.status is None


def test_another_refusal_is_none_of_a_missing_stack() -> None:
    found = cloudformation()
    found.answers["cloudformation", "describe_stacks"] = _throttled

    with pytest.raises(Refused, match="Rate exceeded"):
        deployed_stack(found.reader(), STACK)


def _throttled(_: Fields) -> Fields:
    raise refused("Throttling", "Rate exceeded")


def test_a_template_that_boto3_hands_over_as_text_is_read_all_the_same() -> None:
    body = '{"Resources": {"A": {"Type": "AWS::X::Y"}}}'
    found = deployed_stack(cloudformation(body=body).reader(), STACK)

    assert list(found.of_type("AWS::X::Y")) == ["A"]


def test_the_apps_own_stack_tells_its_notebooks_names() -> None:
    assert list(stack_of_the_app().notebook_names().values()) == [f"{STACK}-alice"]


def test_the_apps_own_stack_tells_what_the_deploy_found_of_each_cluster() -> None:
    found = stack_of_the_app().endpoints()

    assert list(found) == ["analytics"]
    assert found["analytics"]["SparkVersion"] == "3.5.5"


def test_an_output_of_its_own_wins_over_the_same_value_in_the_json() -> None:
    found = stack_of_the_app().endpoints()["analytics"]

    assert found["LivyUrl"].startswith("value of ClusteranalyticsLivyUrl")


def test_outputs_that_are_not_json_leave_the_others_readable() -> None:
    body = {
        "Resources": {
            "E": {"Type": "Custom::ClusterEndpoint", "Properties": {"ClusterKey": "analytics"}}
        },
        "Outputs": {
            "U": {"Value": {"Fn::GetAtt": ["E", "LivyUrl"]}},
            "V": {"Value": {"Fn::GetAtt": ["E", "Value"]}},
            "Other": {"Value": "text"},
        },
    }
    outputs = {"U": "http://10.0.0.5:8998", "V": "cut off {", "Other": "text"}
    found = deployed_stack(cloudformation(body=body, outputs=outputs).reader(), STACK)

    assert found.endpoints()["analytics"]["LivyUrl"] == "http://10.0.0.5:8998"


def test_a_script_tells_its_address_and_version_from_its_header_alone() -> None:
    found = read_script(script("https://ip-10-0-0-5.ec2.internal:18998", "0a1b2c3d"))

    assert found == DeployedScript("https://ip-10-0-0-5.ec2.internal:18998", "0a1b2c3d")


def test_a_script_of_somebody_else_tells_nothing() -> None:
    content = base64.b64encode(b"#!/bin/bash\necho hello \xff\n").decode()

    assert read_script(content) == DeployedScript()


def test_a_configuration_without_a_start_script_tells_nothing() -> None:
    made = world()
    made.answers["sagemaker", "describe_notebook_instance_lifecycle_config"] = lambda _: {}

    assert deployed_script(made.reader(), "start") == DeployedScript()


def test_the_apps_own_start_script_tells_its_version() -> None:
    resources = template().find_resources("AWS::SageMaker::NotebookInstanceLifecycleConfig")
    [found] = resources.values()
    [_, lines] = found["Properties"]["OnStart"][0]["Content"]["Fn::Base64"]["Fn::Join"]
    text = "\n".join(line if isinstance(line, str) else "LIVY_URL='…'" for line in lines)

    read = read_script(base64.b64encode(text.encode()).decode())

    assert len(read.version) == 8
    assert f"SCRIPT_VERSION='{read.version}'" in text
