"""Tests that the guard is told all properties that CloudFormation replaces a notebook for."""

from typing import Any

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER  # type: ignore[import-untyped]

from emr_notebook.constructs.replacement_guard import common_properties, notebook_overrides
from emr_notebook.settings.file import parse
from emr_notebook.settings.immutable_properties import IMMUTABLE_PROPERTIES
from tests.conftest import stage
from tests.templates import INSTANCE

COMMON = common_properties(subnet_id="subnet-1", security_group_ids=["sg-1"], kms_key_id="key")


def create_only() -> set[str]:
    """The properties for which AWS's own registry schema demands a replacement."""
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("eu-west-1", INSTANCE).schema
    return {path.removeprefix("/properties/") for path in schema["createOnlyProperties"]}


def alice(**settings: Any) -> dict[str, object]:
    parsed = parse(stage(lambda data: data["notebooks"]["alice"].update(settings)))
    common = {**COMMON, "SubnetId": parsed.network.subnet_id}
    return notebook_overrides(parsed.notebook("alice"), common)


def test_it_is_what_the_registrys_schema_says() -> None:
    assert set(COMMON) | set(alice()) == create_only() == IMMUTABLE_PROPERTIES


def test_of_a_notebook_like_the_others_only_the_name_is_told() -> None:
    assert alice() == {"NotebookInstanceName": "emr-notebooks-test-alice"}


def test_a_subnet_and_an_internet_access_of_its_own_are_told() -> None:
    found = alice(
        subnet_id="subnet-00000000000000002",
        opt_outs={"direct_internet_access": {"because": "no NAT yet"}},
    )

    assert found == {
        "NotebookInstanceName": "emr-notebooks-test-alice",
        "SubnetId": "subnet-00000000000000002",
        "DirectInternetAccess": "Enabled",
    }


def test_sagemakers_own_key_is_told_by_leaving_the_key_out() -> None:
    assert "KmsKeyId" not in common_properties(
        subnet_id="subnet-1", security_group_ids=["sg-1"], kms_key_id=None
    )
