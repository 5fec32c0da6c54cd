"""What CloudFormation's handlers call, as its registry has it."""

import json
from fnmatch import fnmatchcase

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER  # type: ignore[import-untyped]

from emr_notebook.cli.doctor.handlers import ONLY_WITH, action_resources, handler_actions
from emr_notebook.cli.doctor.stack_resources import resource_kinds
from emr_notebook.settings.file import parse
from scripts.handlers import PATH, TYPES, handlers_text
from tests.conftest import stage

NOTEBOOK, FUNCTION = "AWS::SageMaker::NotebookInstance", "AWS::Lambda::Function"


def test_the_file_is_what_the_registrys_schemas_and_the_service_reference_say() -> None:
    assert PATH.read_text(encoding="utf-8") == handlers_text(), "run `make schema`"


def test_a_notebook_takes_all_that_its_schema_lists() -> None:
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("eu-west-1", NOTEBOOK).schema
    listed = {
        action
        for handler in ("create", "update", "delete")
        for action in schema["handlers"][handler]["permissions"]
    }

    assert set(handler_actions(NOTEBOOK, frozenset({"SubnetId", "KmsKeyId"}))) == listed


@pytest.mark.parametrize("kind", TYPES)
def test_a_property_that_decides_is_one_of_the_types_and_decides_about_a_listed_action(
    kind: str,
) -> None:
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("eu-west-1", kind).schema
    listed = handler_actions(kind, frozenset(ONLY_WITH.get(kind, {})))

    for name, patterns in ONLY_WITH.get(kind, {}).items():
        assert name.partition("/")[0] in schema["properties"]
        for pattern in patterns:
            assert any(fnmatchcase(action, pattern) for action in listed), pattern


def test_a_function_in_no_vpc_and_without_a_key_takes_nothing_for_them() -> None:
    without = handler_actions(FUNCTION, frozenset({"Code"}))

    assert not [each for each in without if each.startswith(("ec2:", "kms:", "elasticfilesystem:"))]
    assert {"s3:GetObject", "lambda:CreateFunction", "iam:PassRole"} <= set(without)


def test_what_iam_cannot_simulate_is_left_out() -> None:
    assert "s3:REST.PUT.OBJECT" not in handler_actions(
        "AWS::Logs::LogGroup", frozenset(ONLY_WITH["AWS::Logs::LogGroup"])
    )


def test_an_action_is_judged_on_each_resource_that_it_is_about() -> None:
    values = {
        "Partition": ("aws",),
        "Region": ("eu-west-1",),
        "Account": ("111122223333",),
        "NetworkInterfaceId": ("eni-1",),
        "SubnetId": ("subnet-1", "subnet-2"),
        "SecurityGroupId": ("sg-1",),
        "RoleNameWithPath": ("arn:aws:iam::111122223333:role/given",),
    }
    ec2 = "arn:aws:ec2:eu-west-1:111122223333"

    assert set(action_resources("ec2:CreateNetworkInterface", values)) == {
        f"{ec2}:network-interface/eni-1",
        f"{ec2}:subnet/subnet-1",
        f"{ec2}:subnet/subnet-2",
        f"{ec2}:security-group/sg-1",
    }
    assert action_resources("ec2:DescribeVpcs", values) == ["*"]
    assert action_resources("iam:PassRole", values) == ["arn:aws:iam::111122223333:role/given"]


def test_no_action_that_is_about_a_resource_is_asked_of_all() -> None:
    forms = json.loads(PATH.read_text(encoding="utf-8"))["resources"]
    for kind in resource_kinds(parse(stage())):
        for action in handler_actions(kind.resource_type, kind.properties):
            assert (action_resources(action, kind.values) == ["*"]) == (forms[action] == []), action
