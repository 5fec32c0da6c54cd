"""A plain template deploys what the CDK's own would, and the same in another account."""

import copy
import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from emr_notebook.plain_template.assembly import SynthesizedStack, TemplateError
from emr_notebook.plain_template.output import stage_files
from emr_notebook.plain_template.parameters import stage_rules
from emr_notebook.plain_template.template import MOST_BYTES, PlainTemplate, plain_template
from emr_notebook.settings.file import parse
from emr_notebook.settings.model import Settings
from emr_notebook.synthesis import SynthesisError, synthesize_stage
from tests.conftest import ROOT, example, stage
from tests.plain_template.plain_templates import FULL, PSEUDO, elsewhere, read, synthesized

HOME, MORE = "emr-notebooks-full", "emr-notebooks-full-more"
Stage = tuple[Settings, Mapping[str, SynthesizedStack]]


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    settings, stacks = synthesized(FULL, tmp_path_factory.mktemp("full"))
    return settings, {each.name: each for each in stacks}


def made(stage: Stage, name: str) -> PlainTemplate:
    settings, stacks = stage
    zips = {key: f"{number}.zip" for number, key in enumerate(stacks[name].code)}
    agents = dict.fromkeys(stacks[name].agents, "agent.pyz")
    return plain_template(stacks[name].template, stage_rules(settings, name), zips, agents)


def resources(template: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
    """As CloudFormation reads them, without what is meant to differ from the CDK's."""
    found: dict[str, Any] = read(copy.deepcopy(template["Resources"]), values)
    for each in found.values():
        each["Properties"].pop("Code", None)
        if each["Type"] in ("Custom::ClusterEndpoint", "Custom::ClusterRecord"):
            each["Properties"].pop("Refresh", None)
    return found


@pytest.mark.parametrize("name", [HOME, MORE])
def test_with_its_defaults_it_makes_the_resources_that_cdk_deploy_makes(
    full: Stage, name: str
) -> None:
    template, cdks = made(full, name), full[1][name].template
    here = {**PSEUDO, "AWS::StackName": name}

    (agent,) = full[1][name].agents
    bucket, _, key = agent.partition("/")
    values = {**here, **template.defaults(), "CodeBucket": bucket, "CodePrefix": ""}
    expected = json.loads(json.dumps(cdks).replace(key, "agent.pyz"))
    assert resources(template.body, values) == resources(expected, here)
    assert read(template.body["Outputs"], here) == read(cdks["Outputs"], here)


@pytest.mark.parametrize("suffix", ["", "-more"])
def test_two_stages_that_differ_in_their_accounts_alone_have_one_template(
    full: Stage, suffix: str, tmp_path: Path
) -> None:
    settings, stacks = synthesized(elsewhere(FULL), tmp_path)
    other = settings, {each.name: each for each in stacks}

    here, there = made(full, HOME + suffix), made(other, f"spark-notebooks{suffix}")

    assert without_defaults(here) == without_defaults(there)
    assert here.defaults() != there.defaults()


def without_defaults(template: PlainTemplate) -> str:
    body = copy.deepcopy(template.body)
    for each in body["Parameters"].values():
        each.pop("Default", None)
        # It quotes a setting's reason.
        each.pop("Description")
    for each in body["Resources"].values():
        # Free texts of the settings, and the framework's, which names the stack.
        for name in ("Tags", "HostedZoneTags"):
            tags = each["Properties"].get(name, [])
            each["Properties"][name] = [tag for tag in tags if tag["Key"] != "vpc"]
        each["Properties"].pop("Description", None)
        for rule in each["Properties"].get("SecurityGroupEgress", []):
            rule.pop("Description")
    # Some logical ids hold a hash of the values that are looked for.
    return re.sub(r'[0-9a-f]{8}[0-9A-F]{8}(?=")', "…", json.dumps(body, indent=1))


def test_texts_that_people_wrote_stay_whatever_they_hold(full: Stage) -> None:
    found = made(full, HOME).body["Resources"].values()

    notebook = next(each for each in found if each["Type"] == "AWS::SageMaker::NotebookInstance")
    tags = {each["Key"]: each["Value"] for each in notebook["Properties"]["Tags"]}
    assert (tags["place"], tags["vpc"]) == ("eu-west-1", "vpc-0a1b2c3d4e5f60718")
    endpoints = [each["Properties"] for each in found if each["Type"] == "Custom::ClusterEndpoint"]
    assert [each["ClusterKey"] for each in endpoints] == ["eu-west-1", "nightly"]
    assert endpoints[1]["ClusterName"] == {"Ref": "ClusterNameNightly"}


def test_every_cluster_is_looked_up_again_for_a_new_value_of_refresh(full: Stage) -> None:
    template = made(full, HOME)

    endpoints = [
        each["Properties"]
        for each in template.body["Resources"].values()
        if each["Type"] == "Custom::ClusterEndpoint"
    ]
    assert [each["Refresh"] for each in endpoints] == [{"Ref": "Refresh"}] * 2
    assert template.defaults()["Refresh"] == ""


def test_iams_own_variables_stay_as_they_are(full: Stage) -> None:
    variables = ("${aws:PrincipalTag/Owner}", "${aws:PrincipalTag/")
    text, cdks = made(full, HOME).text(), json.dumps(full[1][HOME].template)

    assert [text.count(each) for each in variables] == [cdks.count(each) for each in variables]
    found = made(full, HOME).body["Resources"].values()
    policies = [each["Properties"] for each in found if "Policy" in each["Type"]]
    assert policies
    assert "Fn::Sub" not in json.dumps(policies)


def test_nothing_is_left_that_only_the_cdk_understands(full: Stage) -> None:
    text = made(full, HOME).text()

    assert not [word for word in ("cdk-hnb659fds", "aws:cdk:", "Bootstrap") if word in text]


def test_notebooks_whose_name_was_made_up_are_named_after_the_deployed_stack(full: Stage) -> None:
    assert notebook_names(made(full, HOME), {"AWS::StackName": "SC-1"}) == [
        "SC-1-alice",
        {"Ref": "NotebookNameBob"},
        "SC-1-carol",
    ]


def test_the_tag_by_which_a_notebook_may_stop_itself_is_its_name_and_its_roles(
    full: Stage,
) -> None:
    found = made(full, HOME).body["Resources"]
    values = {"AWS::StackName": "SC-1"}
    tagged = {
        key: read(tag["Value"], values)
        for key, each in found.items()
        if key.startswith("Notebook")
        for tag in each["Properties"].get("Tags", [])
        if tag["Key"] == "EmrNotebookName"
    }

    assert {"NotebookaliceInstance", "NotebookaliceRole"} <= {key[:-8] for key in tagged}
    for key, tag in tagged.items():
        notebook = re.split("Instance|Role", key)[0]
        instance = next(x for x in found if x.startswith(f"{notebook}Instance"))
        assert tag == read(found[instance]["Properties"]["NotebookInstanceName"], values)


def test_those_of_the_stages_other_stacks_keep_their_beginning(full: Stage) -> None:
    template = made(full, MORE)

    assert template.defaults()["NamePrefix"] == HOME
    assert notebook_names(template, {"NamePrefix": "spark"}) == ["spark-dave"]


def notebook_names(template: PlainTemplate, values: Mapping[str, str]) -> list[Any]:
    return [
        read(each["Properties"]["NotebookInstanceName"], values)
        for each in template.body["Resources"].values()
        if each["Type"] == "AWS::SageMaker::NotebookInstance"
    ]


def test_keys_that_make_one_name_get_parameters_of_their_own(tmp_path: Path) -> None:
    stage = copy.deepcopy(FULL)
    for key, cluster_id in {"a1": "j-AAAA1111", "a-1": "j-BBBB1111"}.items():
        stage["clusters"][key] = {"id": cluster_id}
    settings, stacks = synthesized(stage, tmp_path)

    found = made((settings, {each.name: each for each in stacks}), HOME)

    values = {found.defaults()[name] for name in ("ClusterIdA1", "ClusterIdA1No2")}
    assert values == {"j-AAAA1111", "j-BBBB1111"}


@pytest.mark.slow
def test_the_files_pass_cfn_lint(full: Stage, tmp_path: Path) -> None:
    settings, stacks = full
    shown = synthesized(example(), tmp_path / "example")
    for name_of_stage, (given, listed) in {
        "full": (settings, list(stacks.values())),
        "shown": shown,
    }.items():
        for name, content in stage_files(name_of_stage, given, listed).items():
            path = tmp_path / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)

    lint = Path(sys.executable).with_name("cfn-lint")
    ended = subprocess.run(
        [lint, *tmp_path.glob("*.template.json")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 0, ended.stdout


def test_every_zip_that_a_template_names_is_written(full: Stage) -> None:
    files = stage_files("full", full[0], list(full[1].values()))

    zips = {Path(name).name for name in files if name.endswith(".zip")}
    templates = [text.decode() for name, text in files.items() if name.endswith("template.json")]
    assert sorted(each.partition("-")[0] for each in zips) == ["cluster_endpoint", "framework"]
    assert all(each in template for each in zips for template in templates)


def test_the_parameters_file_gives_each_parameter_its_value(full: Stage) -> None:
    files = stage_files("full", full[0], list(full[1].values()))

    body = json.loads(files[f"{HOME}.template.json"])
    given = json.loads(files[f"{HOME}.parameters.json"])
    values = dict(each.split("=", 1) for each in given)
    assert values.keys() == body["Parameters"].keys()
    assert values["KmsKeyArn"] == FULL["kms_key_arn"]


def test_the_page_beside_it_tells_what_cdk_deploy_would_have_set_on_the_stack(full: Stage) -> None:
    page = stage_files("full", full[0], list(full[1].values()))["README.md"].decode()

    assert "--tags cost-center=42" in page
    assert '"cost-center" = "42"' in page
    assert "--enable-termination-protection" in page


def test_the_page_names_s3_by_the_partitions_own_address(tmp_path: Path) -> None:
    settings, stacks = synthesized({**stage(), "region": "cn-north-1"}, tmp_path)
    files = stage_files("china", settings, stacks)

    assert "=https://$BUCKET.s3.cn-north-1.amazonaws.com.cn/emr-" in files["README.md"].decode()


def some_resources(count: int, **properties: Any) -> dict[str, Any]:
    one = {"Type": "AWS::SNS::Topic", "Properties": properties}
    return {"Resources": {f"Topic{number}": one for number in range(count)}}


def test_a_template_that_would_be_too_large_indented_is_written_without() -> None:
    many = {f"Key{number}": "" for number in range(10)}
    template = plain_template(some_resources(5_500, **many), (), {}, {})

    assert "\n" not in template.text().rstrip()
    assert len(json.dumps(template.body, indent=1)) > MOST_BYTES


def test_a_template_that_is_too_large_is_refused_with_the_way_to_split_it() -> None:
    with pytest.raises(TemplateError, match="1,000,000") as refused:
        plain_template(some_resources(300, DisplayName="x" * 4_000), (), {}, {}).text()

    assert "`stack: <name>`" in str(refused.value)


def test_more_parameters_than_cloudformation_takes_are_refused() -> None:
    stage = copy.deepcopy(FULL)
    stage["clusters"] = {f"c{number}": {"id": f"j-AAAA{number:04}"} for number in range(201)}
    stage["notebooks"] = {}
    ids = some_resources(1, Ids=[each["id"] for each in stage["clusters"].values()])
    with pytest.raises(TemplateError, match="201 parameters; CloudFormation accepts 200"):
        plain_template(ids, stage_rules(parse(stage), HOME), {}, {})


def test_an_asset_that_is_no_lambdas_code_is_refused() -> None:
    template = some_resources(1, TemplateURL=f"https://cdk-own-assets-1-eu-west-1/{'a' * 64}.json")

    with pytest.raises(TemplateError, match="Topic0 would need the CDK's own bucket"):
        plain_template(template, (), {}, {})


@pytest.mark.slow
def test_a_stack_of_too_many_resources_is_refused_with_how_to_split_it(tmp_path: Path) -> None:
    def many(data: dict[str, Any]) -> None:
        data["notebooks"] = {f"user-{number}": {"cluster": "analytics"} for number in range(222)}

    with pytest.raises(SynthesisError, match=r"450 resources are accepted.*`stack: science`"):
        synthesize_stage(parse(stage(many)), tmp_path, directory=ROOT)
