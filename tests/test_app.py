"""`cdk synth` as an engineer runs it: the real CLI, all checks on, and nothing but the files."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_s3 as s3

from app import build_stacks
from emr_notebook.build import build
from emr_notebook.settings.file import SettingsError, load_stage, parse
from emr_notebook.synthesis import synthesize_stage
from tests.conftest import ROOT, cdk_context, stage

pytestmark = pytest.mark.minutes(0.4)

# What an engineer's shell has on a machine that has never seen AWS.
BARE = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}


def synth(output: Path, *before: str, stage: str = "example") -> subprocess.CompletedProcess[str]:
    cli = str(ROOT / "node_modules/.bin/cdk")
    return subprocess.run(
        [
            *before,
            "node",
            cli,
            "synth",
            "--quiet",
            "--context",
            f"stage={stage}",
            "-o",
            str(output),
        ],
        cwd=ROOT,
        env={**BARE, "CDK_DISABLE_CLI_TELEMETRY": "true", "CDK_DISABLE_VERSION_CHECK": "true"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("synth") / "cdk.out"
    ended = synth(output)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return output


@pytest.fixture(scope="module")
def in_process(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example without the CDK's command line and its own validation, which take seconds."""
    output = tmp_path_factory.mktemp("in-process") / "cdk.out"
    synthesize_stage(load_stage("example", ROOT / "config"), output, directory=ROOT)
    return output


@pytest.fixture(params=["in_process", pytest.param("assembly", marks=pytest.mark.slow)])
def made(request: pytest.FixtureRequest) -> Path:
    """The example's cloud assembly, either way."""
    found: Path = request.getfixturevalue(request.param)
    return found


def test_the_example_passes_cdk_nag_and_cdks_own_validation_with_no_finding_at_all(
    made: Path,
) -> None:
    report = json.loads((made / "validation-report.json").read_text())

    # CDK's own validation writes a report only when it finds something; see the next test.
    assert [each["pluginName"] for each in report["pluginReports"]] == ["AwsSolutions"]
    assert [each["violations"] for each in report["pluginReports"]] == [[]]


@pytest.mark.slow
def test_cdks_own_validation_is_on_and_fails_the_synthesis(project: Path) -> None:
    edit(
        project,
        "emr_notebook/constructs/replacement_guard.py",
        '"notebook-al2023-v1"',
        '"notebook-al2022-v9"',
    )

    ended = run_app(project, stage="example")

    assert ended.returncode == 1
    assert "notebook-al2022-v9" in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stderr


def test_every_acknowledged_finding_is_a_wildcard_with_its_reason(made: Path) -> None:
    report = json.loads((made / "validation-report.json").read_text())
    accepted = [
        each
        for plugin in report["pluginReports"]
        for each in plugin.get("suppressedViolations", [])
    ]

    rules = {each["ruleName"].partition("[")[0] for each in accepted}
    assert rules == {"AwsSolutions-IAM5"}
    assert all(len(each["reason"].split()) > 5 for each in accepted)


WITHOUT_NETWORK = ("unshare", "-rn")
NETWORK_CAN_BE_TAKEN_AWAY = (
    shutil.which("unshare") is not None
    and subprocess.run([*WITHOUT_NETWORK, "true"], check=False).returncode == 0
)


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second synthesis: without a network, where this machine lets one be taken away."""
    output = tmp_path_factory.mktemp("second") / "cdk.out"
    ended = synth(output, *(WITHOUT_NETWORK if NETWORK_CAN_BE_TAKEN_AWAY else ()))
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return output


@pytest.mark.slow
def test_a_second_synthesis_is_the_same_to_the_byte(assembly: Path, second: Path) -> None:
    names = sorted(path.name for path in assembly.glob("*.template.json"))

    assert names == sorted(path.name for path in second.glob("*.template.json")) != []
    for name in names:
        assert (second / name).read_bytes() == (assembly / name).read_bytes()


@pytest.mark.skipif(
    not NETWORK_CAN_BE_TAKEN_AWAY,
    reason="this machine grants no network namespace to take the network away with",
)
@pytest.mark.slow
def test_synthesis_needs_no_network(second: Path) -> None:
    assert list(second.glob("*.template.json")) != []


def test_an_asset_does_not_carry_byte_code(made: Path) -> None:
    files = [path for path in made.rglob("*") if path.is_file()]

    assert any(path.name == "handler.py" for path in files)
    assert not any(path.suffix == ".pyc" for path in files)


def test_a_finding_of_cdk_nag_fails_the_synthesis() -> None:
    app = cdk.App(context=cdk_context())
    (stack,) = build(app, parse(stage()))
    s3.CfnBucket(stack, "Unsafe")

    with pytest.raises(RuntimeError, match=r"AwsSolutions-S10"):
        app.synth()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """What `cdk synth` reads, in a folder of its own."""
    for part in ("app.py", "cdk.json", "assets", "emr_notebook", "config"):
        source, target = ROOT / part, tmp_path / part
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copy2(source, target)
    return tmp_path


def edit(project: Path, file: str, old: str, new: str) -> None:
    text = (project / file).read_text()
    assert text.count(old) == 1
    (project / file).write_text(text.replace(old, new))


@pytest.mark.slow
def test_the_app_says_a_finding_without_a_stack_trace(project: Path) -> None:
    edit(project, "emr_notebook/checks/nag.py", "    if accepted:", "    if accepted and False:")

    ended = run_app(project, stage="example")

    assert ended.returncode == 1
    assert "AwsSolutions-IAM5" in ended.stdout + ended.stderr
    assert "error: ValidationFailed" in ended.stderr
    assert "Traceback" not in ended.stderr


def run_app(folder: Path, **context: Any) -> subprocess.CompletedProcess[str]:
    """`python app.py` as the CLI runs it."""
    settings = json.loads((folder / "cdk.json").read_text())["context"]
    return subprocess.run(
        [sys.executable, "app.py"],
        cwd=folder,
        env={
            **BARE,
            "CDK_CONTEXT_JSON": json.dumps({**settings, **context}),
            "CDK_OUTDIR": str(folder / "cdk.out"),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_dev_is_the_stage_without_a_context(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(SettingsError, match="there is no stage 'dev'"):
        build_stacks(cdk.App(context=cdk_context()))


@pytest.mark.slow
def test_the_app_says_a_missing_stage_in_words(project: Path) -> None:
    (project / "config/dev.yaml").unlink(missing_ok=True)

    ended = run_app(project)

    assert ended.returncode == 1
    assert "error: there is no stage 'dev'" in ended.stderr
    assert "have emr-notebook init write config/dev.yaml" in ended.stderr
