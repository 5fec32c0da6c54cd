"""Tests what the template tells the guard."""

import json
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk.assertions import Template

from cluster_endpoint.handler import GUARD_TYPE
from emr_notebook.constructs.replacement_guard import (
    ReplacementGuard,
    common_properties,
    notebook_overrides,
)
from emr_notebook.settings.file import parse
from emr_notebook.settings.immutable_properties import IMMUTABLE_PROPERTIES
from replacement_guard.properties import immutable_properties, replaceable
from tests.assets.replacement_guard.guard_events import COMMON, NAME, guard_event
from tests.conftest import Change, stage, template

NOTEBOOK = "AWS::SageMaker::NotebookInstance"
NOTEBOOKS = {"alice": {NAME: "lab-alice", "SubnetId": "subnet-9"}}


def made(replace: list[str]) -> Template:
    """A stack with a guard, and a topic that depends on it."""
    stack = cdk.Stack()
    guard = ReplacementGuard(
        stack,
        "Guard",
        service_token="arn:token",
        common=COMMON,
        overrides=NOTEBOOKS,
        replace=replace,
    )
    topic = cdk.CfnResource(stack, "Topic", type="AWS::SNS::Topic")
    topic.add_resource_dependency(guard.resource)
    return Template.from_stack(stack)


def only(found: Template, kind: str) -> dict[str, Any]:
    (resource,) = found.find_resources(kind).values()
    return dict(resource)


def test_it_holds_what_it_is_given_and_waits_two_minutes() -> None:
    assert only(made([]), GUARD_TYPE)["Properties"] == {
        "ServiceToken": "arn:token",
        "ServiceTimeout": "120",
        "Shared": COMMON,
        "Notebooks": NOTEBOOKS,
    }


def test_keys_that_may_be_replaced_are_listed() -> None:
    assert only(made(["bob", "alice"]), GUARD_TYPE)["Properties"]["Replace"] == ["bob", "alice"]


def test_what_depends_on_it_comes_later() -> None:
    found = made([])

    assert only(found, "AWS::SNS::Topic")["DependsOn"] == list(found.find_resources(GUARD_TYPE))


def test_the_lambda_reads_what_the_template_holds() -> None:
    event = guard_event("Create", only(made(["alice"]), GUARD_TYPE)["Properties"])

    groups = {"SecurityGroupIds": ("sg-1", "sg-2")}
    assert immutable_properties(event, "ResourceProperties") == {
        "alice": {**COMMON, **groups, **NOTEBOOKS["alice"]}
    }
    assert replaceable(event) == {"alice"}


STAGE_COMMON = common_properties(
    subnet_id="subnet-1", security_group_ids=["sg-1"], kms_key_id="key"
)


def overrides_of_alice(**settings: Any) -> dict[str, object]:
    parsed = parse(stage(lambda data: data["notebooks"]["alice"].update(settings)))
    common = {**STAGE_COMMON, "SubnetId": parsed.network.subnet_id}
    return notebook_overrides(parsed.notebook("alice"), common)


def test_common_properties_and_overrides_are_all_that_are_immutable() -> None:
    assert set(STAGE_COMMON) | set(overrides_of_alice()) == IMMUTABLE_PROPERTIES


def test_of_a_notebook_like_the_others_only_the_name_is_told() -> None:
    assert overrides_of_alice() == {NAME: "emr-notebooks-test-alice"}


def test_a_subnet_and_an_internet_access_of_its_own_are_told() -> None:
    found = overrides_of_alice(
        subnet_id="subnet-00000000000000002",
        opt_outs={"direct_internet_access": {"because": "no NAT yet"}},
    )

    assert found == {
        NAME: "emr-notebooks-test-alice",
        "SubnetId": "subnet-00000000000000002",
        "DirectInternetAccess": "Enabled",
    }


def test_sagemakers_own_key_is_told_by_leaving_the_key_out() -> None:
    assert "KmsKeyId" not in common_properties(
        subnet_id="subnet-1", security_group_ids=["sg-1"], kms_key_id=None
    )


def unlike_each_other(data: dict[str, Any]) -> None:
    data["notebooks"]["bob"] = {
        "cluster": "analytics",
        "name": "risk-lab",
        "subnet_id": "subnet-0f9e8d7c6b5a41322",
        "opt_outs": {"direct_internet_access": {"because": "its libraries come from outside"}},
    }


def with_sagemakers_own_key(data: dict[str, Any]) -> None:
    data["opt_outs"] = {"aws_managed_key": {"because": "no key policy of our own"}}


def with_own_groups(data: dict[str, Any]) -> None:
    data["network"]["security_group_ids"] = ["sg-0f9e8d7c6b5a41322", "sg-0a1b2c3d4e5f60718"]


@pytest.mark.parametrize("change", [unlike_each_other, with_sagemakers_own_key, with_own_groups])
def test_a_stage_tells_it_all_that_cloudformation_replaces_its_notebooks_for(
    change: Change,
) -> None:
    found = template(change)

    held = immutable_properties(
        guard_event("Create", deployed(only(found, GUARD_TYPE)["Properties"])), "ResourceProperties"
    )

    made_with = [
        {
            name: deployed(each["Properties"][name])
            for name in IMMUTABLE_PROPERTIES
            if name in each["Properties"]
        }
        for each in found.find_resources(NOTEBOOK).values()
    ]
    assert by_name(list(held.values())) == by_name(made_with)


def by_name(notebooks: list[Any]) -> dict[str, Any]:
    return {
        each[NAME]: {**each, "SecurityGroupIds": sorted(each["SecurityGroupIds"])}
        for each in notebooks
    }


def deployed(value: Any) -> Any:
    """The template's value as CloudFormation hands it over: a text for each intrinsic function."""
    if isinstance(value, list):
        return [deployed(each) for each in value]
    if not isinstance(value, dict):
        return value
    if any(name == "Ref" or name.startswith("Fn::") for name in value):
        return json.dumps(value)
    return {name: deployed(inner) for name, inner in value.items()}
