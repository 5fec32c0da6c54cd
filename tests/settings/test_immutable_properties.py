"""Tests that the list of immutable properties is what AWS's registry says."""

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER  # type: ignore[import-untyped]

from emr_notebook.settings.immutable_properties import IMMUTABLE_PROPERTIES
from tests.templates import INSTANCE


def test_they_are_those_for_which_the_registrys_schema_demands_a_replacement() -> None:
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("eu-west-1", INSTANCE).schema
    create_only = {path.removeprefix("/properties/") for path in schema["createOnlyProperties"]}

    assert create_only == IMMUTABLE_PROPERTIES
