"""What config/pipeline.yaml may hold, and in whose words it is refused."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from emr_notebook.settings.file import SettingsError, load_stage
from emr_notebook.settings.pipeline import load_pipeline, parse_pipeline
from tests.conftest import ROOT, Change
from tests.pipeline.pipelines import CONNECTION, STAGES, pipeline

PULL_REQUESTS = {"connection_arn": CONNECTION, "stages": ["dev"]}


def said(change: Change) -> str:
    with pytest.raises(SettingsError) as refused:
        parse_pipeline(pipeline(change))
    return str(refused.value)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    write(tmp_path, pipeline=pipeline(), **STAGES)
    return tmp_path


def write(folder: Path, **files: Any) -> None:
    for name, data in files.items():
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(data))


def test_the_one_that_comes_with_the_project_is_accepted() -> None:
    settings, stages = load_pipeline(ROOT / "config")

    # Whoever uses the project has stages of their own there.
    assert [each.stage for each in settings.stages] == list(stages)


def test_stages_are_read_in_their_order(config: Path) -> None:
    settings, stages = load_pipeline(config)

    assert [each.stack_name for each in stages.values()] == ["notebooks-dev", "notebooks-prod"]
    assert settings.stages[0].opt_outs.approval is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda data: data.pop("notify"), "notify: is missing; accepted: a list of at least 1"),
        (lambda data: data.update(notify=["Alice"]), "notify.0: 'Alice' was given; accepted: an e"),
        (lambda data: data.update(stages=[]), "stages: [] was given; accepted: a list of at least"),
        (lambda data: data["source"].update(repository="notebooks"), "a repository with its owner"),
        (lambda data: data["source"].update(branch="-x; reboot"), "accepted: a branch, such as"),
        (lambda data: data["source"].update(connection_arn="arn:x"), "a connection's ARN, such as"),
        (
            lambda data: data["stages"][0].update(opt_outs={"approval": {}}),
            "stages.0.opt_outs.approval.because: is missing",
        ),
        (
            lambda data: data["source"].update(Branch="main"),
            "source.Branch: there is no such key; did you mean branch?",
        ),
        (
            lambda data: data.update(kms_key="x"),
            "kms_key: there is no such key; accepted: account, notify, permissions_boundary_arn",
        ),
        (
            lambda data: data.update(
                pull_requests=PULL_REQUESTS,
                source={**data["source"], "repository": "group/team/notebooks"},
            ),
            "source.repository: 'group/team/notebooks' was given; accepted: OWNER/NAME on github",
        ),
        (
            lambda data: data.update(pull_requests={**PULL_REQUESTS, "stages": ["test"]}),
            "pull_requests.stages.0: 'test' was given; accepted: one of the pipeline's stages: dev",
        ),
        (
            lambda data: data.update(notify=["a@example.com", "a@example.com"]),
            "notify.1: 'a@example.com' was given; accepted: an address that is not in the list",
        ),
        (
            lambda data: data.update(stack_name="dev"),
            "stages.0.stage: 'dev' was given; accepted: a stage that is not called as the pipeline",
        ),
        (
            lambda data: data.update(region="cn-north-1"),
            f"source.connection_arn: '{CONNECTION}' was given; accepted: one that begins with ",
        ),
        (
            lambda data: data.update(region="cn-north-1", pull_requests=PULL_REQUESTS),
            "pull_requests.connection_arn: 'arn:aws:codeconnections:",
        ),
        (lambda data: data.update(stack_name="n" * 101), "at most 100 characters"),
        (
            lambda data: data["stages"].append({"stage": "dev"}),
            "stages.2.stage: 'dev' was given; accepted: a stage that is not in the list already",
        ),
    ],
)
def test_a_mistake_is_said_in_words(change: Change, words: str) -> None:
    assert words in said(change)


def test_every_mistake_is_told_at_once() -> None:
    def several(data: dict[str, Any]) -> None:
        del data["notify"]
        data["source"]["branch"] = ""
        data["account"] = 1

    assert said(several).startswith("3 mistakes\n")


def test_mistakes_of_all_stages_are_told_at_once(config: Path) -> None:
    for name in STAGES:
        write(config, **{name: {**STAGES[name], "account": 1}})

    with pytest.raises(SettingsError) as refused:
        load_pipeline(config)

    for name in STAGES:
        assert f"{config}/{name}.yaml: 1 mistake\n  account: 1 (a number)" in str(refused.value)


def test_a_stage_in_another_partition_is_refused(config: Path) -> None:
    write(config, prod={**STAGES["prod"], "region": "us-gov-west-1"})

    with pytest.raises(SettingsError) as refused:
        load_pipeline(config)

    assert (
        "stage prod is in us-gov-west-1, which is in the partition aws-us-gov; the pipeline, in "
        "eu-west-1, deploys in aws alone: give that stage a pipeline there"
    ) in str(refused.value)


def test_a_stage_without_a_file_is_named(config: Path) -> None:
    (config / "prod.yaml").unlink()

    with pytest.raises(SettingsError, match="there is no stage 'prod'"):
        load_pipeline(config)


def test_two_stages_cannot_make_one_stack_in_turns(config: Path) -> None:
    write(config, prod={**STAGES["dev"]})

    with pytest.raises(SettingsError, match="stage prod and stage dev both have the stack note"):
        load_pipeline(config)


@pytest.mark.parametrize(
    ("region", "stack"),
    [
        ("eu-west-1", "notebooks-pipeline"),
        ("us-east-1", "notebooks-pipeline-support-us-east-1"),
    ],
)
def test_a_stage_cannot_take_the_pipelines_own_stack(region: str, stack: str, config: Path) -> None:
    write(config, dev={**STAGES["dev"], "region": region, "stack_name": stack})

    with pytest.raises(SettingsError, match=f"stage dev and the pipeline's own stack .* {stack} "):
        load_pipeline(config)


def test_the_same_stack_name_in_another_account_is_another_stack(config: Path) -> None:
    write(config, prod={**STAGES["prod"], "stack_name": "notebooks-dev"})

    assert len(load_pipeline(config)[1]) == 2


def test_a_project_without_a_pipeline_says_where_one_is(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"there is no .*pipeline\.yaml: docs/continuous-dep"):
        load_pipeline(tmp_path)


def test_the_pipeline_is_no_stage(config: Path) -> None:
    with pytest.raises(SettingsError, match=r"describes the pipeline.*Stages here: dev, prod"):
        load_stage("pipeline", config)


def test_the_pipeline_is_not_listed_among_the_stages(config: Path) -> None:
    with pytest.raises(SettingsError, match="Stages here: dev, prod\\. "):
        load_stage("test", config)
