"""cdk-nag: what fails a synthesis, what is accepted, and where both can be read."""

import json
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_s3 as s3

from emr_notebook.build import build
from emr_notebook.checks.nag import acknowledge
from emr_notebook.settings.file import parse
from tests.conftest import ROOT, cdk_context, example, stage

ACKNOWLEDGED = "aws:cdk:acknowledged-rules"
NIST = "NIST.800.53.R5"


def with_nist(data: dict[str, Any]) -> None:
    data["checks"] = ["nist"]


def given_up(data: dict[str, Any]) -> None:
    """A stage that gives up each secure default that a check knows of."""
    with_nist(data)
    data["opt_outs"] = {"aws_managed_key": {"because": "no key policy is agreed yet"}}
    data["notebooks"]["alice"]["opt_outs"] = {
        "direct_internet_access": {"because": "no NAT gateway until the spring"},
    }


def everything(data: dict[str, Any]) -> None:
    data.update(example())
    with_nist(data)


def new_app(outdir: Path) -> cdk.App:
    return cdk.App(context=cdk_context(), outdir=str(outdir))


def report(assembly: Path) -> dict[str, dict[str, Any]]:
    """What each check reports, by its name."""
    found = json.loads((assembly / "validation-report.json").read_text())["pluginReports"]
    assert len({each["pluginName"] for each in found}) == len(found)
    return {each["pluginName"]: each for each in found}


def accepted(assembly: Path) -> set[tuple[str, str, str]]:
    """(where, rule, reason) of each finding that is there and accepted."""
    return {
        (each["acknowledgedAt"], each["acknowledgedId"], each["reason"])
        for plugin in report(assembly).values()
        for each in plugin.get("suppressedViolations", [])
    }


def acknowledgements(app: cdk.App) -> set[tuple[str, str, str]]:
    """(where, rule, reason) of each acknowledgement in the tree."""
    return {
        (construct.node.path, rule, reason)
        for construct in app.node.find_all()
        for entry in construct.node.metadata
        if entry.type == ACKNOWLEDGED
        for rule, reason in dict(entry.data).items()
    }


def test_the_example_passes_nist_when_it_is_asked_for(tmp_path: Path) -> None:
    app = new_app(tmp_path)
    build(app, parse(stage(everything)), directory=ROOT)

    app.synth()

    assert {name: each["conclusion"] for name, each in report(tmp_path).items()} == {
        "AwsSolutions": "success",
        NIST: "success",
    }


def test_notebooks_with_repositories_pass_nist(tmp_path: Path) -> None:
    def change(data: dict[str, Any]) -> None:
        with_nist(data)
        host = "https://git-codecommit.eu-west-1.amazonaws.com/v1/repos"
        data["defaults"] = {"default_code_repository": {"url": f"{host}/shared"}}
        data["notebooks"]["bob"] = {
            "cluster": "analytics",
            "additional_code_repositories": [{"url": f"{host}/bobs"}],
        }

    app = new_app(tmp_path)
    build(app, parse(stage(change)))

    app.synth()

    assert report(tmp_path)[NIST]["conclusion"] == "success"


def test_nist_is_not_asked_unless_the_settings_say_so(tmp_path: Path) -> None:
    app = new_app(tmp_path)
    (stack,) = build(app, parse(stage()))
    unversioned(stack, "Bucket")

    app.synth()

    assert NIST not in report(tmp_path)


def unversioned(stack: cdk.Stack, name: str) -> None:
    """A bucket that AwsSolutions accepts and NIST 800-53 does not."""
    bucket = s3.CfnBucket(stack, name)
    acknowledge(bucket, {"AwsSolutions-S1": "holds no data", "AwsSolutions-S10": "holds no data"})


def test_a_finding_of_nist_fails_the_synthesis_and_is_printed_and_reported(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    app = new_app(tmp_path)
    (stack,) = build(app, parse(stage(with_nist)))
    unversioned(stack, "Bucket")

    with pytest.raises(RuntimeError, match=r"validation-report\.json") as raised:
        app.synth()

    rule = f"{NIST}-S3BucketVersioningEnabled"
    printed = str(raised.value) + "".join(capfd.readouterr())
    assert f"{NIST}::{rule}" in printed
    assert f"{stack.node.path}/Bucket" in printed
    assert rule in {each["ruleName"] for each in report(tmp_path)[NIST]["violations"]}


def test_a_stage_of_several_in_an_app_is_checked_by_its_own_settings_once(tmp_path: Path) -> None:
    app = new_app(tmp_path)
    for name, change in {"Dev": lambda _: None, "Prod": with_nist}.items():
        (stack,) = build(cdk.Stage(app, name), parse(stage(change)))
        unversioned(stack, "Bucket")

    with pytest.raises(RuntimeError):
        app.synth()

    found = json.loads((tmp_path / "validation-report.json").read_text())["pluginReports"]
    concerned = [
        construct["constructPath"]
        for plugin in found
        for each in plugin["violations"]
        if each["ruleName"] == f"{NIST}-S3BucketVersioningEnabled"
        for construct in each["violatingConstructs"]
    ]
    assert concerned == ["Prod/emr-notebooks-test/Bucket"]


def test_what_the_settings_give_up_is_accepted_in_the_users_own_words(tmp_path: Path) -> None:
    app = new_app(tmp_path)
    build(app, parse(stage(given_up)))

    app.synth()

    words = {rule.partition("::")[2]: reason for _, rule, reason in accepted(tmp_path)}
    for rule in ("AwsSolutions-SM2", f"{NIST}-SageMakerNotebookInstanceKMSKeyConfigured"):
        assert words[rule] == "no key policy is agreed yet"
    for rule in ("AwsSolutions-SM3", f"{NIST}-SageMakerNotebookNoDirectInternetAccess"):
        assert words[rule] == "no NAT gateway until the spring"


@pytest.fixture(scope="module", params=[with_nist, given_up, everything])
def synthesized(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[cdk.App, Path]:
    """The app of a stage, and its cloud assembly."""
    output = tmp_path_factory.mktemp("nag")
    app = new_app(output)
    build(app, parse(stage(request.param)), directory=ROOT)
    app.synth()
    return app, output


def test_every_acknowledgement_has_a_finding(synthesized: tuple[cdk.App, Path]) -> None:
    app, output = synthesized
    made = acknowledgements(app)

    assert made != set()
    assert made - accepted(output) == set()


def test_every_acknowledgement_says_why_in_words(synthesized: tuple[cdk.App, Path]) -> None:
    reasons = {reason for _, _, reason in acknowledgements(synthesized[0])}

    assert reasons != set()
    assert [each for each in reasons if len(each.split()) < 5] == []


def test_acceptance_for_cdk_nag_costs_no_byte_of_a_template(tmp_path: Path) -> None:
    templates = []
    for name, change in {"plain": lambda _: None, "nist": with_nist}.items():
        app = new_app(tmp_path / name)
        (stack,) = build(app, parse(stage(change)))
        app.synth()
        templates.append((tmp_path / name / stack.template_file).read_text())

    assert templates[0] == templates[1]
    assert "AwsSolutions" not in templates[0]
    assert NIST not in templates[0]


def test_a_rule_of_an_unknown_check_is_refused() -> None:
    stack = cdk.Stack()

    with pytest.raises(ValueError, match=r"'HIPAA\.Security-S3' is no rule of AwsSolutions"):
        acknowledge(stack, {"HIPAA.Security-S3": "nobody asks"})


def test_a_policy_of_aws_that_the_settings_give_is_accepted_with_the_reason(
    tmp_path: Path,
) -> None:
    policy = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    app = new_app(tmp_path)
    build(app, parse(stage(lambda data: data.update(defaults={"managed_policy_arns": [policy]}))))
    app.synth()

    words = {rule.partition("::")[2]: reason for _, rule, reason in accepted(tmp_path)}
    assert "in managed_policy_arns" in words[f"AwsSolutions-IAM4[Policy::{policy}]"]
