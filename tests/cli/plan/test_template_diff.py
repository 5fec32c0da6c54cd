"""Two templates held against each other: values, kinds of change, and the guard's own decision."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from emr_notebook.cli.aws.deployed_stack import DeployedStack
from emr_notebook.cli.plan.create_only import CREATE_ONLY, replaces
from emr_notebook.cli.plan.deployed import Deployed, Environment
from emr_notebook.cli.plan.intrinsics import NO_VALUE, evaluate
from emr_notebook.cli.plan.notebook import script_changes
from emr_notebook.cli.plan.read import AwsState
from emr_notebook.cli.plan.stack import StackPlan, plan_stack
from emr_notebook.cli.plan.template_diff import ChangeType, TemplateDiff
from emr_notebook.constructs import start_script
from emr_notebook.settings.file import parse
from emr_notebook.settings.model import Settings
from replacement_guard.guard import decide
from replacement_guard.properties import immutable_properties
from sandbox.aws.cloudformation.schema import schema
from tests.assets.cluster_endpoint.emr_records import ACCOUNT, REGION
from tests.cli.aws.stage_in_memory import script
from tests.cli.plan.deployed_in_memory import templates
from tests.conftest import example, stage

ENVIRONMENT = Environment(ACCOUNT, REGION, "aws")
GROUP, KEY = "AWS::EC2::SecurityGroup", "AWS::KMS::Key"
NOTEBOOK, GUARD = "AWS::SageMaker::NotebookInstance", "Custom::ReplacementGuard"
PHYSICAL = {"Group": "sg-made", "Key": "0000-1111"}
KEY_ARN = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0000-1111"


def template(**resources: Any) -> dict[str, Any]:
    return {"Resources": resources}


def resource(kind: str, /, **properties: Any) -> dict[str, Any]:
    return {"Type": kind, "Properties": properties}


def compared(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, ChangeType]:
    deployed = Deployed(DeployedStack("s", "UPDATE_COMPLETE", before), ENVIRONMENT, PHYSICAL)
    diff = TemplateDiff(deployed, after, lambda _: None)
    return {each.logical_id: each.change_type for each in diff.all()}


class TestValues:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            ("text", "text"),
            (5, 5),
            ({"Ref": "A"}, "A/"),
            ({"Fn::GetAtt": ["A", "Arn"]}, "A/Arn"),
            ({"Fn::GetAtt": "A.B.C"}, "A/B.C"),
            ({"Fn::Join": ["-", ["x", {"Ref": "A"}]]}, "x-A/"),
            ({"Fn::Base64": {"Fn::Join": ["", ["x"]]}}, base64.b64encode(b"x").decode()),
            ({"a": {"Ref": "NoValue"}, "b": [{"Ref": "NoValue"}, 1]}, {"b": [1]}),
            ({"Fn::Split": [",", {"Ref": "A"}]}, {"Fn::Split": [",", "A/"]}),
            ({"Fn::Join": ["", {"Ref": "A"}]}, {"Fn::Join": ["", "A/"]}),
            ({"Fn::Base64": {"Fn::Sub": "x"}}, {"Fn::Base64": {"Fn::Sub": "x"}}),
        ],
    )
    def test_functions_are_worked_out_as_far_as_they_are_known(
        self, value: Any, expected: Any
    ) -> None:
        def look_up(name: str, attribute: str) -> object:
            return NO_VALUE if name == "NoValue" else f"{name}/{attribute}"

        assert evaluate(value, look_up) == expected

    @pytest.mark.parametrize(
        ("reference", "expected"),
        [
            (("Group", "GroupId"), "sg-made"),
            (("Group", ""), "sg-made"),
            (("Key", "Arn"), KEY_ARN),
            (("Role", "Arn"), f"arn:aws:iam::{ACCOUNT}:role/s-Role-1"),
            (("Elsewhere", "Arn"), "Elsewhere.Arn"),
            (("Start", "NotebookInstanceLifecycleConfigName"), "s-start"),
            (("Group", "VpcId"), "Group.VpcId"),
            (("Unknown", ""), "Unknown"),
            (("AWS::Region", ""), REGION),
            (("AWS::StackId", ""), "AWS::StackId"),
        ],
    )
    def test_references_come_to_what_the_deployed_resource_has(
        self, reference: tuple[str, str], expected: str
    ) -> None:
        held = template(
            Group=resource(GROUP),
            Key=resource(KEY),
            Role=resource("AWS::IAM::Role"),
            Elsewhere=resource("AWS::IAM::Role", Path="/teams/"),
            Start=resource("AWS::SageMaker::NotebookInstanceLifecycleConfig"),
        )
        physical = {
            **PHYSICAL,
            "Role": "s-Role-1",
            "Elsewhere": "s-Role-2",
            "Start": "arn:aws:x:notebook-instance-lifecycle-config/s-start",
        }
        deployed = Deployed(DeployedStack("s", "CREATE_COMPLETE", held), ENVIRONMENT, physical)

        assert deployed.value(*reference) == expected


class TestChangeTypes:
    def test_they_follow_from_the_properties_alone(self) -> None:
        metadata = resource(GROUP, VpcId="v") | {"Metadata": {"aws:asset:path": "x"}}

        assert compared(
            template(
                Same=resource(GROUP, VpcId="v"),
                Changed=resource(GROUP, VpcId="v", SecurityGroupEgress=[]),
                Replaced=resource(GROUP, VpcId="v"),
                Removed=resource(GROUP),
                Kept=resource(KEY),
                Another=resource(KEY),
            ),
            template(
                Same=metadata,
                Changed=resource(GROUP, VpcId="v", SecurityGroupEgress=[{"CidrIp": "c"}]),
                Replaced=resource(GROUP, VpcId="w"),
                Created=resource(GROUP),
                Kept=resource(KEY) | {"DeletionPolicy": "Retain"},
                Another=resource("AWS::IAM::Role"),
            ),
        ) == {
            "Same": "same",
            "Changed": "changed",
            "Replaced": "replaced",
            "Created": "created",
            "Removed": "removed",
            "Kept": "changed",
            "Another": "replaced",
        }

    def test_who_refers_to_a_replaced_resource_changes_with_it(self) -> None:
        def held(vpc: str) -> dict[str, Any]:
            return template(
                Group=resource(GROUP, VpcId=vpc),
                User=resource(NOTEBOOK, SecurityGroupIds=[{"Fn::GetAtt": ["Group", "GroupId"]}]),
                Other=resource("AWS::IAM::Role", Description={"Fn::Join": ["", ["x"]]}),
            )

        assert compared(held("v"), held("w")) == {
            "Group": "replaced",
            "User": "replaced",
            "Other": "same",
        }

    def test_who_refers_to_one_that_is_changed_in_place_stays(self) -> None:
        def held(rules: list[str]) -> dict[str, Any]:
            return template(
                Group=resource(GROUP, SecurityGroupEgress=rules),
                User=resource(NOTEBOOK, SecurityGroupIds=[{"Ref": "Group"}]),
            )

        assert compared(held([]), held(["r"])) == {"Group": "changed", "User": "same"}

    def test_of_a_type_that_is_not_known_any_change_counts_as_a_replacement(self) -> None:
        assert replaces("AWS::New::Thing", frozenset({"Anything"}))
        assert not replaces(KEY, frozenset({"Anything"}))

    def test_it_is_what_the_registrys_schemas_say_of_every_type_in_the_apps_templates(
        self,
    ) -> None:
        made = [*templates(stage()).values(), *templates(example()).values()]
        kinds = {each["Type"] for found in made for each in found["Resources"].values()}

        assert kinds - set(CREATE_ONLY) == set()
        for kind in kinds:
            parts = ("createOnlyProperties", "conditionalCreateOnlyProperties")
            paths = [path for part in parts for path in schema(kind).get(part, [])]
            assert CREATE_ONLY[kind] == {path.split("/")[2] for path in paths}, kind


def with_agent(sha256: str, body: str = "true\n", version: str = "0a1b2c3d") -> str:
    header = {"AGENT_URI": f"s3://code/{sha256}.pyz", "AGENT_SHA256": sha256}
    lines = start_script.script_lines({**header, "SCRIPT_VERSION": version}, body)
    return start_script.content(lines)


def with_sessions(memory: str, **team: Any) -> str:
    asked = {"executorMemory": memory, "conf": {"spark.sql.ansi.enabled": "true"}}
    config = json.dumps(start_script.sparkmagic_config(asked, team=team))
    return start_script.content(start_script.script_lines({"SPARKMAGIC_CONFIG": config}, "true\n"))


class TestScripts:
    def test_what_sessions_ask_for_is_said_by_the_settings_names(self) -> None:
        before, after = with_sessions("2g"), with_sessions("4g", default_maxrows=500)

        assert [(each.name, each.before, each.after) for each in script_changes(before, after)] == [
            ("spark.executorMemory", "2g", "4g"),
            ("sparkmagic.default_maxrows", None, "500"),
        ]

    def test_another_authority_is_said_by_a_hash(self) -> None:
        before, after = (
            start_script.content(start_script.script_lines({"LIVY_CA": each}, "true\n"))
            for each in ("PEM 1", "PEM 2")
        )
        [change] = script_changes(before, after)

        assert change.name == "authority"
        assert change.before != change.after
        assert "PEM" not in f"{change.before}{change.after}"

    def test_only_what_the_header_says_otherwise_is_told(self) -> None:
        before, after = script("http://10.0.0.9:8998"), script("http://10.0.0.5:8998", "ffffffff")

        assert [(each.name, each.before, each.after) for each in script_changes(before, after)] == [
            ("address", "http://10.0.0.9:8998", "http://10.0.0.5:8998"),
            ("script", "0a1b2c3d", "ffffffff"),
        ]

    def test_another_agent_alone_is_said_as_that(self) -> None:
        before, after = with_agent("a" * 64), with_agent("b" * 64, version="ffffffff")

        assert [(each.name, each.before, each.after) for each in script_changes(before, after)] == [
            ("agent", "aaaaaaaa", "bbbbbbbb"),
        ]

    def test_an_agent_with_another_script_is_said_with_it(self) -> None:
        before, after = with_agent("a" * 64), with_agent("b" * 64, "echo\n", version="ffffffff")

        assert [each.name for each in script_changes(before, after)] == ["agent", "script"]

    def test_the_same_script_changes_nothing(self) -> None:
        assert script_changes(script(), script()) == ()

    def test_another_text_without_another_header_is_a_change_all_the_same(self) -> None:
        before, after = (base64.b64encode(text).decode() for text in (b"true", b"false"))

        assert [each.name for each in script_changes(before, after)] == ["script"]


@dataclass(frozen=True)
class Side:
    """A stack before or after an update: its group's VPC, its notebooks' immutable properties."""

    vpc: str
    notebooks: Mapping[str, Mapping[str, Any]]

    def template(self, may: frozenset[str]) -> dict[str, Any]:
        held = {key: resource(NOTEBOOK, **immutable) for key, immutable in self.notebooks.items()}
        held["Guard"] = resource(GUARD, Shared={}, Notebooks=self.notebooks, Replace=sorted(may))
        return template(Group=resource(GROUP, VpcId=self.vpc), Key=resource(KEY), **held)

    def resolved(self, group: str) -> dict[str, Any]:
        """What CloudFormation hands to the guard, when the group's id is this."""
        known = {"Group": group, "Key": KEY_ARN}

        def value(given: Any) -> Any:
            if isinstance(given, list):
                return [value(each) for each in given]
            return known[given["Fn::GetAtt"][0]] if isinstance(given, dict) else given

        return {
            "Shared": {},
            "Notebooks": {
                key: {name: value(each) for name, each in immutable.items()}
                for key, immutable in self.notebooks.items()
            },
        }


GROUP_ID = {"Fn::GetAtt": ["Group", "GroupId"]}
BIRTHS = st.fixed_dictionaries(
    {
        "SubnetId": st.sampled_from(["subnet-1", "subnet-2"]),
        "SecurityGroupIds": st.sampled_from(
            [[GROUP_ID], ["sg-made"], ["sg-1", GROUP_ID], [GROUP_ID, "sg-1"]]
        ),
        "DirectInternetAccess": st.sampled_from(["Enabled", "Disabled"]),
        "PlatformIdentifier": st.sampled_from(["notebook-al2023-v1", "notebook-al2024-v1"]),
    },
    optional={"KmsKeyId": st.sampled_from([{"Fn::GetAtt": ["Key", "Arn"]}, KEY_ARN, "other"])},
)


@st.composite
def sides(draw: st.DrawFn) -> tuple[Side, Side, frozenset[str]]:
    """Before, after, and who may be replaced. Most notebooks stay as they were."""
    before, after = {}, {}
    for key in draw(st.frozensets(st.sampled_from("abcd"), min_size=1)):
        old = draw(BIRTHS) | {"NotebookInstanceName": f"n-{key}"}
        new = draw(st.one_of(st.just(old), BIRTHS))
        before[key] = old
        name = draw(st.sampled_from([f"n-{key}", f"m-{key}"]))
        after[key] = {**new, "NotebookInstanceName": name}
    for side in (before, after):
        for key in draw(st.frozensets(st.sampled_from("ab"))):
            if len(side) > 1:
                side.pop(key, None)
    may = draw(st.frozensets(st.sampled_from("abcd")))
    vpcs = draw(st.sampled_from(["v", "w"]))
    return Side("v", before), Side(vpcs, after), may


def planned(before: Side, after: Side, may: frozenset[str]) -> StackPlan:
    asked = _settings(after, may)
    held = DeployedStack("s", "UPDATE_COMPLETE", before.template(may))
    states = {x["NotebookInstanceName"]: "InService" for x in before.notebooks.values()}
    deployed = Deployed(held, ENVIRONMENT, PHYSICAL)
    return plan_stack(asked, after.template(may), deployed, AwsState({}, {}, states))


def _settings(side: Side, may: frozenset[str]) -> Settings:
    def change(data: dict[str, Any]) -> None:
        data["notebooks"] = {
            key: {
                "cluster": "analytics",
                "name": immutable["NotebookInstanceName"],
                "replace": key in may,
            }
            for key, immutable in side.notebooks.items()
        }

    return parse(stage(change))


@hypothesis_settings(
    max_examples=2 * hypothesis_settings().max_examples, deadline=None, database=None
)
@given(sides())
def test_it_fails_exactly_the_updates_that_the_guard_will_refuse(
    story: tuple[Side, Side, frozenset[str]],
) -> None:
    before, after, may = story
    group = "sg-made" if before.vpc == after.vpc else "sg-new"
    old = immutable_properties({"P": before.resolved("sg-made")}, "P")
    new = immutable_properties({"P": after.resolved(group)}, "P")
    refusal = decide(old, new, may)

    plan = planned(before, after, may)

    event("refused" if refusal else "passes")
    assert bool(plan.refusals) == (refusal is not None)
    replaced = {each.key for each in plan.notebooks if each.change_type == "replaced"}
    assert replaced == {key for key in old.keys() & new.keys() if old[key] != new[key]}
    unasked = {
        each.key
        for each in plan.notebooks
        if each.change_type == "replaced" and each.refusal.startswith("[notebook-replaced]")
    }
    assert unasked == replaced - may


@hypothesis_settings(deadline=None, database=None)
@given(sides())
def test_equal_templates_change_nothing(story: tuple[Side, Side, frozenset[str]]) -> None:
    side, _, may = story

    plan = planned(side, side, may)

    assert {each.change_type for each in plan.notebooks} <= {"unchanged"}
    assert (plan.other_changes, plan.output_changes, plan.refusals) == (0, 0, [])
