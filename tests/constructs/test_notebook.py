"""A notebook instance: closed by default, kept with its files, and what its settings change."""

from typing import Any

import pytest
from aws_cdk.assertions import Match

from tests.conftest import template, templates
from tests.templates import (
    GROUP,
    INSTANCE,
    KEY,
    KEY_ARN,
    LIFECYCLE,
    POLICY,
    ROLE,
    ROLE_ARN,
    only,
    properties,
    resources,
    tags,
    two_notebooks,
    two_stacks,
)


def alice(**settings: Any) -> dict[str, Any]:
    """The properties of the one notebook with these settings."""
    return properties(template(lambda data: data["notebooks"]["alice"].update(settings)), INSTANCE)


def test_it_is_closed_by_default() -> None:
    template().has_resource_properties(
        INSTANCE,
        {
            "NotebookInstanceName": "emr-notebooks-test-alice",
            "DirectInternetAccess": "Disabled",
            "RootAccess": "Disabled",
            "InstanceMetadataServiceConfiguration": {"MinimumInstanceMetadataServiceVersion": "2"},
            "PlatformIdentifier": "notebook-al2023-v1",
            "SubnetId": "subnet-0a1b2c3d4e5f60718",
            "KmsKeyId": {"Fn::GetAtt": [Match.string_like_regexp("VolumeKey"), "Arn"]},
        },
    )


def test_it_takes_name_type_volume_and_subnet_from_the_settings() -> None:
    found = alice(
        name="alices-own",
        instance_type="ml.m5.xlarge",
        volume_size_in_gb=50,
        subnet_id="subnet-00000000000000002",
    )

    assert found["NotebookInstanceName"] == "alices-own"
    assert found["InstanceType"] == "ml.m5.xlarge"
    assert found["VolumeSizeInGB"] == 50
    assert found["SubnetId"] == "subnet-00000000000000002"


def test_a_notebook_takes_from_the_stages_defaults_what_it_does_not_say_itself() -> None:
    def change(data: dict[str, Any]) -> None:
        two_notebooks(data)
        data["defaults"] = {"instance_type": "ml.m5.large", "volume_size_in_gb": 20}
        data["notebooks"]["bob"]["volume_size_in_gb"] = 100

    found = template(change)

    sizes = {
        each["Properties"]["NotebookInstanceName"]: (
            each["Properties"]["InstanceType"],
            each["Properties"]["VolumeSizeInGB"],
        )
        for each in resources(found, INSTANCE).values()
    }
    assert sizes == {
        "emr-notebooks-test-alice": ("ml.m5.large", 20),
        "emr-notebooks-test-bob": ("ml.m5.large", 100),
    }


def test_a_volume_has_5_gigabytes_without_a_word() -> None:
    assert alice()["VolumeSizeInGB"] == 5


class TestTags:
    def test_are_the_stages_the_notebooks_its_owner_and_its_stack(self) -> None:
        def change(data: dict[str, Any]) -> None:
            data["tags"] = {"cost-center": "42", "stage": "test"}
            data["notebooks"]["alice"].update(owner="alice@example.com", tags={"project": "risk"})

        assert tags(only(template(change), INSTANCE)) == {
            "cost-center": "42",
            "stage": "test",
            "project": "risk",
            "Owner": "alice@example.com",
            "EmrNotebookStack": "emr-notebooks-test",
        }

    def test_the_notebooks_own_value_wins_over_the_stages_on_that_notebook_alone(self) -> None:
        def change(data: dict[str, Any]) -> None:
            two_notebooks(data)
            data["tags"] = {"cost-center": "42"}
            data["notebooks"]["alice"]["tags"] = {"cost-center": "7"}

        found = template(change)

        assert tags(only(found, INSTANCE, "Notebookalice"))["cost-center"] == "7"
        assert tags(only(found, INSTANCE, "Notebookbob"))["cost-center"] == "42"

    def test_name_the_stack_in_cloudformation_that_holds_the_notebook(self) -> None:
        found = {name: only(each, INSTANCE) for name, each in templates(two_stacks).items()}

        assert {name: tags(each)["EmrNotebookStack"] for name, each in found.items()} == {
            "emr-notebooks-test": "emr-notebooks-test",
            "emr-notebooks-test-science": "emr-notebooks-test-science",
        }

    def test_of_a_notebook_without_an_owner_name_none(self) -> None:
        assert "Owner" not in tags(only(template(), INSTANCE))


class TestRepositories:
    def test_the_default_and_up_to_three_more_are_handed_over_by_address_or_name(self) -> None:
        found = alice(
            default_code_repository={"url": "https://github.com/example/notebooks.git"},
            additional_code_repositories=[
                {"name": "shared-library"},
                {"url": "https://github.com/example/more.git"},
                {"name": "models"},
            ],
        )

        assert found["DefaultCodeRepository"] == "https://github.com/example/notebooks.git"
        assert found["AdditionalCodeRepositories"] == [
            "shared-library",
            "https://github.com/example/more.git",
            "models",
        ]

    def test_a_default_repository_may_be_one_that_sagemaker_knows_by_name(self) -> None:
        found = alice(default_code_repository={"name": "team"})

        assert found["DefaultCodeRepository"] == "team"

    def test_without_one_nothing_is_said(self) -> None:
        assert {"DefaultCodeRepository", "AdditionalCodeRepositories"} & set(alice()) == set()


class TestKept:
    @pytest.mark.parametrize(
        ("kind", "prefix"),
        [
            (INSTANCE, "Notebook"),
            (ROLE, "Notebook"),
            (POLICY, "RolesLog"),
            (LIFECYCLE, "Start"),
            (KEY, ""),
            (GROUP, ""),
        ],
    )
    def test_and_what_it_needs_to_start_outlive_their_entry_but_not_a_failed_creation(
        self, kind: str, prefix: str
    ) -> None:
        kept = only(template(), kind, prefix)

        assert kept["DeletionPolicy"] == "RetainExceptOnCreate"
        assert kept["UpdateReplacePolicy"] == "Retain"

    def test_whatever_it_refers_to_is_kept_but_the_looked_up_addresses(self) -> None:
        """Those stand in the kept script already."""
        held = template().to_json()["Resources"]
        needed, new = set[str](), {name for name, x in held.items() if x["Type"] == INSTANCE}
        while new:
            needed |= new
            new = {name for each in new for name in referred_in(held[each]["Properties"])}
            new = {name for name in new - needed if not held[name]["Type"].startswith("Custom::")}

        assert {held[name]["Type"] for name in needed} == {
            INSTANCE,
            LIFECYCLE,
            ROLE,
            POLICY,
            KEY,
            GROUP,
        }
        assert {held[name].get("DeletionPolicy") for name in needed} == {"RetainExceptOnCreate"}
        assert {held[name].get("UpdateReplacePolicy") for name in needed} == {"Retain"}

    def test_goes_with_its_entry_when_the_stage_says_why(self) -> None:
        because = "the sandbox is made anew each time"
        found = template(
            lambda data: data.update(opt_outs={"delete_volumes": {"because": because}})
        )

        held = found.to_json()["Resources"].values()
        assert {each["DeletionPolicy"] for each in held if "DeletionPolicy" in each} == {"Delete"}
        assert only(found, INSTANCE)["UpdateReplacePolicy"] == "Delete"
        assert only(found, INSTANCE)["Metadata"]["OptOuts"] == {"delete_volumes": because}


def test_an_opt_out_takes_effect_and_leaves_its_reason_in_the_template() -> None:
    reasons = {"root_access": "builds drivers", "direct_internet_access": "no NAT yet"}
    opt_outs = {name: {"because": because} for name, because in reasons.items()}
    found = template(lambda data: data["notebooks"]["alice"].update(opt_outs=opt_outs))

    instance = only(found, INSTANCE)

    assert instance["Properties"]["RootAccess"] == "Enabled"
    assert instance["Properties"]["DirectInternetAccess"] == "Enabled"
    assert instance["Metadata"]["OptOuts"] == reasons


def test_the_reason_for_a_hook_that_root_runs_is_kept_in_the_template() -> None:
    because = "mounts the team's file system"
    hook = {"file": "examples/hooks/efs.sh", "as": "root", "because": because}
    found = template(lambda data: data["notebooks"]["alice"].update(start_hook=hook))

    assert only(found, INSTANCE)["Metadata"]["OptOuts"] == {"start_hook": because}


def test_its_volume_is_encrypted_with_the_key_that_is_given() -> None:
    found = template(lambda data: data.update(kms_key_arn=KEY_ARN))

    assert properties(found, INSTANCE)["KmsKeyId"] == KEY_ARN


def test_a_stage_without_a_key_leaves_its_reason_at_each_notebook() -> None:
    opt_outs = {"aws_managed_key": {"because": "no key policy is agreed yet"}}
    instance = only(template(lambda data: data.update(opt_outs=opt_outs)), INSTANCE)

    assert "KmsKeyId" not in instance["Properties"]
    assert instance["Metadata"]["OptOuts"] == {"aws_managed_key": "no key policy is agreed yet"}


@pytest.mark.parametrize(("role_arn", "added"), [(None, [INSTANCE, ROLE]), (ROLE_ARN, [INSTANCE])])
def test_an_extra_notebook_is_itself_and_its_role_and_no_other_resource(
    role_arn: str | None, added: list[str]
) -> None:
    def change(data: dict[str, Any]) -> None:
        two_notebooks(data)
        data["notebooks"]["bob"].update({"role_arn": role_arn} if role_arn else {})

    before, after = (each.to_json()["Resources"] for each in (template(), template(change)))

    assert sorted(after[name]["Type"] for name in set(after) - set(before)) == sorted(added)
    assert set(before) - set(after) == set()


def referred_in(value: Any) -> set[str]:
    """The logical ids that a value refers to, however deep."""
    if isinstance(value, list):
        return {name for each in value for name in referred_in(each)}
    if not isinstance(value, dict):
        return set()
    own = {value["Ref"]} if set(value) == {"Ref"} else set[str]()
    if set(value) == {"Fn::GetAtt"}:
        own = {value["Fn::GetAtt"][0]}
    return {name for name in own if "::" not in name} | referred_in(list(value.values()))
