"""How a stage's stacks are put together: what is in which, and in which order it changes."""

import json
import re
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk.assertions import Template

from emr_notebook.build import build
from emr_notebook.settings.file import parse
from emr_notebook.settings.immutable_properties import IMMUTABLE_PROPERTIES
from tests.conftest import Change, cdk_context, stage, template, templates
from tests.templates import (
    ENDPOINT,
    GROUP,
    GUARD,
    INSTANCE,
    KEY,
    KEY_ARN,
    LAMBDA,
    LIFECYCLE,
    ROLE,
    lifecycle_of,
    only,
    properties,
    resources,
    tags,
    two_notebooks,
    two_stacks,
)

MAIN, SCIENCE = "emr-notebooks-test", "emr-notebooks-test-science"


def artifacts(folder: Path, change: Change) -> dict[str, Any]:
    """A stage's stacks as the cloud assembly describes them to whoever deploys it."""
    app = cdk.App(context=cdk_context(), outdir=str(folder))
    build(app, parse(stage(change)))
    app.synth()
    found = json.loads((folder / "manifest.json").read_text())["artifacts"]
    return {name: each for name, each in found.items() if each["type"].endswith(":stack")}


def keys_of(found: Template, kind: str, setting: str) -> set[str]:
    return {each["Properties"][setting] for each in resources(found, kind).values()}


class TestStage:
    def test_every_stack_is_of_the_stages_account_region_and_tags(self, tmp_path: Path) -> None:
        def change(data: dict[str, Any]) -> None:
            two_stacks(data)
            data["tags"] = {"cost-center": "42"}

        found = artifacts(tmp_path, change)

        assert set(found) == {MAIN, SCIENCE}
        for each in found.values():
            assert each["environment"] == "aws://111122223333/eu-west-1"
            assert each["properties"]["tags"] == {"cost-center": "42"}

    @pytest.mark.parametrize("asked", [True, False])
    def test_termination_protection_is_what_the_settings_say_on_every_stack(
        self, tmp_path: Path, asked: bool
    ) -> None:
        def change(data: dict[str, Any]) -> None:
            two_stacks(data)
            data["termination_protection"] = asked

        found = artifacts(tmp_path, change)

        assert set(found) == {MAIN, SCIENCE}
        for each in found.values():
            assert each["properties"].get("terminationProtection", False) is asked

    def test_a_region_that_this_cdk_does_not_know_yet_is_as_good_as_any(self) -> None:
        def change(data: dict[str, Any]) -> None:
            data["region"] = "eu-central-9"
            # Each of these has an ARN in it whose partition only the deploy knows.
            data["clusters"]["analytics"] = {"name": "nightly-spark"}
            data["notebooks"]["alice"].update(
                owner="alice@example.com", default_code_repository={"name": "team"}
            )

        assert set(templates(change)) == {MAIN}

    def test_its_tags_are_on_everything_that_carries_them(self) -> None:
        found = template(lambda data: data.update(tags={"cost-center": "42"}))

        for kind in (INSTANCE, LIFECYCLE, ROLE, KEY, GROUP, LAMBDA, "AWS::Logs::LogGroup"):
            tagged = [tags(each).get("cost-center") for each in resources(found, kind).values()]
            assert tagged == ["42"] * len(tagged) != []


class TestSeveralStacks:
    def test_a_notebook_is_in_the_stack_that_its_entry_names(self) -> None:
        found = templates(two_stacks)

        assert {
            name: keys_of(each, INSTANCE, "NotebookInstanceName") for name, each in found.items()
        } == {MAIN: {"emr-notebooks-test-alice"}, SCIENCE: {"emr-notebooks-test-bob"}}

    def test_a_stack_knows_the_clusters_of_its_notebooks_and_the_main_one_the_idle_ones(
        self,
    ) -> None:
        found = templates(two_stacks)

        assert keys_of(found[MAIN], ENDPOINT, "ClusterKey") == {"analytics", "idle"}
        assert keys_of(found[SCIENCE], ENDPOINT, "ClusterKey") == {"second"}
        assert "j-2AXXXXXXGAPLF" not in json.dumps(found[SCIENCE].to_json())

    def test_a_cluster_that_two_stacks_use_is_in_both(self) -> None:
        def change(data: dict[str, Any]) -> None:
            two_stacks(data)
            data["notebooks"]["bob"]["cluster"] = "analytics"

        found = templates(change)

        assert keys_of(found[MAIN], ENDPOINT, "ClusterKey") == {"analytics", "idle", "second"}
        assert keys_of(found[SCIENCE], ENDPOINT, "ClusterKey") == {"analytics"}

    def test_an_idle_cluster_is_looked_up_once_where_every_notebook_names_a_stack(self) -> None:
        def change(data: dict[str, Any]) -> None:
            two_stacks(data)
            data["notebooks"]["alice"]["stack"] = "teaching"

        found = templates(change)

        looked_up = [
            each["Properties"]["ClusterKey"]
            for stack in found.values()
            for each in resources(stack, ENDPOINT).values()
        ]
        assert set(found) == {"emr-notebooks-test-teaching", SCIENCE}
        assert sorted(looked_up) == ["analytics", "idle", "second"]

    def test_none_refers_to_another_or_waits_for_it(self, tmp_path: Path) -> None:
        found = artifacts(tmp_path, two_stacks)

        assert set(found) == {MAIN, SCIENCE}
        for name, each in found.items():
            text = (tmp_path / each["properties"]["templateFile"]).read_text()
            assert "Fn::ImportValue" not in text
            assert "Fn::GetStackOutput" not in text
            # A parameter of any other kind could carry another stack's value.
            assert list(json.loads(text)["Parameters"]) == ["BootstrapVersion"]
            outputs = json.loads(text)["Outputs"].values()
            assert [output for output in outputs if "Export" in output] == []
            assert set(each.get("dependencies", [])) & (set(found) - {name}) == set()

    def test_each_has_all_that_its_notebooks_need(self) -> None:
        def alike(data: dict[str, Any]) -> None:
            data["notebooks"]["bob"] = {"cluster": "analytics", "stack": "science"}

        main, science = templates(alike).values()

        def kinds(found: Template) -> list[str]:
            return sorted(each["Type"] for each in found.to_json()["Resources"].values())

        assert kinds(main) == kinds(science)

    def test_the_same_settings_have_the_same_logical_ids_in_every_stack(self) -> None:
        def in_stack(name: str | None) -> set[str]:
            def change(data: dict[str, Any]) -> None:
                data["notebooks"]["alice"].update({"stack": name} if name else {})

            (found,) = templates(change).values()
            return set(found.to_json()["Resources"])

        assert in_stack(None) == in_stack("science")

    def test_a_given_key_serves_all_and_no_stack_makes_one(self) -> None:
        def change(data: dict[str, Any]) -> None:
            two_stacks(data)
            data["kms_key_arn"] = KEY_ARN

        stacks = templates(change)

        assert set(stacks) == {MAIN, SCIENCE}
        for found in stacks.values():
            assert resources(found, KEY) == {}
            assert properties(found, INSTANCE)["KmsKeyId"] == KEY_ARN

    def test_a_stage_without_a_notebook_looks_its_clusters_up_all_the_same(self) -> None:
        (found,) = templates(lambda data: data.update(notebooks={})).values()

        assert keys_of(found, ENDPOINT, "ClusterKey") == {"analytics"}
        assert resources(found, GUARD) == {}


class TestGuard:
    def test_is_told_of_every_notebook_what_it_was_born_with(self) -> None:
        def change(data: dict[str, Any]) -> None:
            two_notebooks(data)
            data["notebooks"]["bob"].update(
                name="bobs-own",
                subnet_id="subnet-00000000000000002",
                opt_outs={"direct_internet_access": {"because": "no NAT yet"}},
            )

        assert known_to_guard(template(change)) == immutable_properties(template(change))

    @pytest.mark.parametrize(
        "change",
        [
            {},
            {"kms_key_arn": KEY_ARN},
            {"opt_outs": {"aws_managed_key": {"because": "no key policy is agreed yet"}}},
        ],
    )
    def test_is_told_of_the_key_that_the_notebooks_have(self, change: dict[str, Any]) -> None:
        found = template(lambda data: data.update(change))

        assert known_to_guard(found) == immutable_properties(found)

    def test_is_told_of_groups_that_are_given(self) -> None:
        found = template(
            lambda data: data["network"].update(security_group_ids=["sg-00000000000000001"])
        )

        assert known_to_guard(found) == immutable_properties(found)

    def test_of_each_stack_knows_the_notebooks_of_that_stack(self) -> None:
        stacks = templates(two_stacks)

        assert set(stacks) == {MAIN, SCIENCE}
        for found in stacks.values():
            assert known_to_guard(found) == immutable_properties(found) != []

    def test_is_told_which_notebooks_may_be_replaced(self) -> None:
        def change(data: dict[str, Any]) -> None:
            two_notebooks(data)
            data["notebooks"]["bob"]["replace"] = True

        assert properties(template(change), GUARD)["Replace"] == ["bob"]
        assert "Replace" not in properties(template(two_notebooks), GUARD)

    def test_is_asked_before_any_notebook_changes(self) -> None:
        def change(data: dict[str, Any]) -> None:
            two_notebooks(data)
            data["notebooks"]["bob"]["lifecycle_config_name"] = "bobs"

        found = template(change)
        (guard,) = resources(found, GUARD)

        instances = resources(found, INSTANCE).values()
        assert len(instances) == 2
        for instance in instances:
            lifecycle = resources(found, LIFECYCLE)[lifecycle_of(found, instance)]
            assert guard in lifecycle["DependsOn"]
            # By itself, too: an update may leave the lifecycle configuration as it is.
            assert guard in instance["DependsOn"]

    def test_needs_nothing_that_is_asked_after_it(self) -> None:
        found = template(two_notebooks)
        (guard,) = resources(found, GUARD)
        all_of_it = found.to_json()["Resources"]
        needed: set[str] = set()
        open_ends = [guard]
        while open_ends:
            each = all_of_it[open_ends.pop()]
            names = re.findall(r'"(?:Ref|Fn::GetAtt)": \[?"(\w+)"', json.dumps(each))
            new = ({*names, *each.get("DependsOn", [])} & all_of_it.keys()) - needed
            needed |= new
            open_ends += new

        assert not needed & {*resources(found, INSTANCE), *resources(found, LIFECYCLE), guard}

    def test_answers_within_two_minutes_or_fails(self) -> None:
        assert properties(template(), GUARD)["ServiceTimeout"] == "120"


def known_to_guard(found: Template) -> list[dict[str, Any]]:
    """What the guard knows of each notebook."""
    guard = properties(found, GUARD)
    return sorted(
        ({**guard["Shared"], **each} for each in guard["Notebooks"].values()),
        key=lambda each: str(each["NotebookInstanceName"]),
    )


def immutable_properties(found: Template) -> list[dict[str, Any]]:
    """What each notebook is made with and cannot change without a replacement."""
    instances = [each["Properties"] for each in resources(found, INSTANCE).values()]
    return sorted(
        ({name: each[name] for name in IMMUTABLE_PROPERTIES & set(each)} for each in instances),
        key=lambda each: str(each["NotebookInstanceName"]),
    )


class TestOutputs:
    def test_lead_to_the_stacks_notebooks_in_the_console(self) -> None:
        outputs = template().to_json()["Outputs"]

        assert outputs["Notebooks"]["Value"] == (
            "https://eu-west-1.console.aws.amazon.com/sagemaker/home?region=eu-west-1"
            "#/notebook-instances"
        )

    @pytest.mark.parametrize(
        ("region", "host"),
        [
            ("cn-north-1", "cn-north-1.console.amazonaws.cn"),
            ("us-gov-west-1", "us-gov-west-1.console.amazonaws-us-gov.com"),
            ("eusc-de-east-1", "eusc-de-east-1.console.amazonaws-eusc.eu"),
        ],
    )
    def test_lead_to_the_console_of_the_stages_partition(self, region: str, host: str) -> None:
        outputs = template(lambda data: data.update(region=region)).to_json()["Outputs"]

        page = f"https://{host}/sagemaker/home?region={region}#/notebook-instances"
        assert outputs["Notebooks"]["Value"] == page

    def test_lead_nowhere_where_no_public_console_is_known(self) -> None:
        found = template(lambda data: data.update(region="us-iso-east-1"))

        assert "Notebooks" not in found.to_json()["Outputs"]

    def test_say_of_each_cluster_what_the_deploy_found(self) -> None:
        found = template(lambda data: data["clusters"].update(second={"id": "j-SECOND"}))

        values = [each["Value"] for each in found.to_json()["Outputs"].values()]
        endpoints = resources(found, ENDPOINT)
        assert len(endpoints) == 2
        for endpoint in endpoints:
            for answer in ("LivyUrl", "State", "Value"):
                assert {"Fn::GetAtt": [endpoint, answer]} in values

    def test_are_three_a_cluster(self) -> None:
        """CloudFormation takes 200."""
        found = template(lambda data: data["clusters"].update(second={"id": "j-SECOND"}))

        of_clusters = [name for name in found.to_json()["Outputs"] if name.startswith("Cluster")]
        assert len(of_clusters) == 6

    def test_are_not_more_for_more_notebooks(self) -> None:
        """CloudFormation takes 200."""
        one, two = (template(change).to_json()["Outputs"] for change in (_as_is, two_notebooks))

        assert one == two


def _as_is(_: dict[str, Any]) -> None:
    pass


def test_the_template_says_what_it_is_for() -> None:
    assert "Spark on EMR" in template().to_json()["Description"]


def test_one_resolver_serves_the_endpoints_and_the_guard() -> None:
    found = template()

    assert len(resources(found, LAMBDA)) == 2
    assert (
        only(found, GUARD)["Properties"]["ServiceToken"]
        == (only(found, ENDPOINT)["Properties"]["ServiceToken"])
    )
