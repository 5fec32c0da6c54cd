"""The two variants of the checks of pull requests: what they may do, and what they run."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT
from tests.pull_request.clones import Clone
from tests.pull_request.fake_github import fake_github

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.y*ml"))
WORKFLOW = ROOT / ".github/workflows/pull-request.yml"
BUILD_SPEC = ROOT / "codebuild/pull-request.yml"
# An action at a commit, and the version that it had there.
PINNED = re.compile(r"uses: ([\w-]+/[\w-]+)@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)$")
SAME_REPOSITORY = "github.event.pull_request.head.repo.full_name == github.repository"


def load(path: Path) -> dict[str, Any]:
    """The file with every value as text: YAML takes `on` for a truth, and 3.10 for 3.1."""
    data: dict[str, Any] = yaml.load(path.read_text(), Loader=yaml.BaseLoader)  # noqa: S506
    return data


JOBS = load(WORKFLOW)["jobs"]
PHASES = load(BUILD_SPEC)["phases"]


def steps(action: str = "") -> list[tuple[str, dict[str, Any]]]:
    """The steps of all jobs, with their job's name; or those that use an action."""
    return [
        (name, step)
        for name, job in JOBS.items()
        for step in job["steps"]
        if step.get("uses", "").startswith(action)
    ]


def step(job: str, name: str) -> dict[str, Any]:
    (found,) = [each for each in JOBS[job]["steps"] if each.get("name") == name]
    return dict(found)


def commands() -> list[str]:
    """Each piece of shell of both variants."""
    return [each["run"] for _, each in steps() if "run" in each] + [
        command for phase in PHASES.values() for command in phase["commands"]
    ]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_each_action_is_pinned_to_one_commit_whose_version_stands_beside_it(path: Path) -> None:
    lines = [line for line in path.read_text().splitlines() if "uses:" in line]
    pins = [PINNED.search(line) for line in lines]

    assert lines != []
    assert [line for line, pin in zip(lines, pins, strict=True) if pin is None] == []
    assert len({pin[1] for pin in pins if pin}) == len({pin.groups() for pin in pins if pin})


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_may_nothing_that_no_job_asks_for(path: Path) -> None:
    workflow = load(path)

    assert workflow["permissions"] == {}
    assert workflow["jobs"] != {}
    assert [name for name, job in workflow["jobs"].items() if "permissions" not in job] == []
    assert set(workflow["on"]) == {"pull_request"}
    assert "secrets." not in path.read_text()


def test_each_job_has_the_least_it_needs() -> None:
    assert {name: job["permissions"] for name, job in JOBS.items()} == {
        "test": {"contents": "read"},
        "synth": {"contents": "read"},
        "diff": {"contents": "read", "id-token": "write"},
        "comment": {"contents": "read", "pull-requests": "write"},
    }


def test_no_checkout_leaves_its_token_behind() -> None:
    assert {each["with"]["persist-credentials"] for _, each in steps("actions/checkout")} == {
        "false"
    }


def test_credentials_are_for_pull_requests_of_the_repository_itself() -> None:
    ask = [name for name, job in JOBS.items() if "id-token" in job["permissions"]]

    assert ask == [name for name, _ in steps("aws-actions/")] == ["diff"]
    assert SAME_REPOSITORY in JOBS["diff"]["if"]
    assert "vars.DIFF_ROLE_ARN != ''" in JOBS["diff"]["if"]


def test_the_job_that_can_write_runs_the_default_branch_s_program_and_nothing_else() -> None:
    (checkout,) = [each for name, each in steps("actions/checkout") if name == "comment"]
    runs = [each["run"] for name, each in steps() if name == "comment" and "run" in each]

    assert checkout["with"]["ref"] == "${{ github.event.repository.default_branch }}"
    assert [run.split()[:3] for run in runs] == [["python3", "-m", "emr_notebook.pull_request"]]
    (download,) = [each for _, each in steps("actions/download-artifact")]
    assert download["with"]["path"].startswith("${{ runner.temp }}/")
    assert JOBS["comment"]["needs"] == "diff"
    assert "needs.diff.result != 'skipped'" in JOBS["comment"]["if"]


def test_only_the_comment_gets_the_token() -> None:
    given = [(name, each.get("env", {})) for name, each in steps()]

    assert [name for name, env in given if "${{ github.token }}" in env.values()] == ["comment"]


def test_no_value_of_an_event_becomes_part_of_a_command() -> None:
    assert commands() != []
    assert [command for command in commands() if "${{" in command] == []


def test_every_job_ends_some_time_and_a_newer_push_ends_all() -> None:
    assert {name: int(job["timeout-minutes"]) <= 60 for name, job in JOBS.items()} == dict.fromkeys(
        JOBS, True
    )
    assert load(WORKFLOW)["concurrency"]["cancel-in-progress"] == "true"


def test_both_variants_run_make_s_own_targets() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    for variant in (
        [each["run"] for _, each in steps() if "run" in each],
        [command for phase in PHASES.values() for command in phase["commands"]],
    ):
        called = set(re.findall(r"\bmake ([a-z-]+)", "\n".join(variant)))

        assert called == {"install", "synth", "test"}
        assert called <= targets
        assert "scripts/diff.sh" in "\n".join(variant)


@pytest.mark.parametrize("command", commands(), ids=lambda command: command.split("\n")[0][:40])
def test_each_command_passes_shellcheck(command: str) -> None:
    checked = subprocess.run(
        [Path(sys.executable).parent / "shellcheck", "--severity=style", "--shell=bash", "-"],
        input=command,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert (checked.returncode, checked.stdout) == (0, "")


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path)


def test_the_synthesis_is_of_all_settings_and_fails_with_any(clone: Clone) -> None:
    run = step("synth", "make synth, with all checks, for all settings in config")["run"]
    ended = clone.run(run)
    clone.stand_in("make", fails_for="STAGE=dev")

    assert ended.returncode == 0
    assert clone.called() == ["make synth STAGE=dev", "make synth STAGE=prod"]
    assert clone.run(run).returncode != 0


@pytest.mark.parametrize(("status", "passes"), [(0, True), (1, False), (2, True), (3, False)])
def test_a_difference_passes_and_what_fails_or_is_not_known_does_not(
    clone: Clone, status: int, passes: bool
) -> None:
    clone.plan(status)
    ended = clone.run(step("diff", "cdk diff and the plan")["run"], STAGE="dev")

    assert (ended.returncode == 0) is passes
    assert clone.called() == [
        "cdk diff -c stage=dev --method=template",
        "plan -m emr_notebook plan --stage dev --lookup-role",
    ]


def test_the_result_stands_in_the_summary_of_the_run(clone: Clone) -> None:
    clone.plan(2)
    summary = clone.root / "summary of the step.md"
    summary.write_text("before\n")
    env = {"STAGE": "dev", "COMMIT": "0a1b2c3", "GITHUB_STEP_SUMMARY": str(summary)}
    for name in ("cdk diff and the plan", "Summary"):
        assert clone.run(step("diff", name)["run"], **env).returncode == 0

    text = summary.read_text()
    assert text.startswith("before\n")
    for words in ("### `dev`: something changes", "\na plan\n", "\na diff\n", "0a1b2c3"):
        assert words in text


@pytest.mark.parametrize("name", ["Summary", None])
def test_what_follows_the_diff_runs_when_it_failed(name: str | None) -> None:
    (found,) = [
        each
        for job, each in steps()
        if job == "diff"
        and (each.get("name") == name if name else "upload" in each.get("uses", ""))
    ]

    assert found["if"] == "always()"


def test_the_comment_is_made_of_what_the_diffs_left(clone: Clone, tmp_path: Path) -> None:
    for stage in ("dev", "prod"):
        clone.run(step("diff", "cdk diff and the plan")["run"], STAGE=stage)
    (clone.root / "changes").rename(tmp_path / "changes")
    with fake_github("a token") as github:
        ended = clone.run(
            step("comment", "Renew the comment")["run"],
            RUNNER_TEMP=str(tmp_path),
            STAGES='["dev", "prod", "late"]',
            COMMIT="0a1b2c3",
            NUMBER="7",
            RUN="https://github.example/runs/1",
            GITHUB_REPOSITORY="example/notebooks",
            GITHUB_TOKEN="a token",
            GITHUB_API_URL=github.url,
        )

    assert ended.returncode == 0, ended.stderr
    (comment,) = github.comments
    assert re.findall("^### .*", comment["body"], re.M) == [
        "### `dev`: nothing changes",
        "### `prod`: nothing changes",
        "### `late`: no result: see the log",
    ]
    assert "(https://github.example/runs/1)" in comment["body"]


def build(clone: Clone, **env: str) -> bool:
    """A build by CodeBuild's rules: a phase ends at its first failed command, then post_build runs.

    Within a command its shell goes on after a failure.
    """
    given = {
        "STAGES": "dev prod",
        "CODEBUILD_RESOLVED_SOURCE_VERSION": "0a1b2c3",
        "CODEBUILD_BUILD_URL": "https://console.example/build",
        "CODEBUILD_SOURCE_REPO_URL": "https://github.com/example/notebooks.git",
        "CODEBUILD_WEBHOOK_TRIGGER": "pr/7",
    } | env
    succeeds = True
    for phase in ("install", "build", "post_build"):
        for command in PHASES[phase]["commands"]:
            ended = clone.run(command, options="", **given)
            clone.calls.open("a").write(ended.stdout if phase == "post_build" else "")
            if ended.returncode:
                succeeds = False
                break
        if phase == "install" and not succeeds:
            break
    return succeeds


def test_codebuild_runs_the_same_and_leaves_the_result_in_the_log(clone: Clone) -> None:
    clone.plan(2)

    assert build(clone)
    called = clone.called()
    assert [line for line in called if re.match("(make|cdk|plan) ", line)] == [
        "make install",
        "make synth STAGE=dev",
        "make synth STAGE=prod",
        "cdk diff -c stage=dev --method=template",
        "plan -m emr_notebook plan --stage dev --lookup-role",
        "cdk diff -c stage=prod --method=template",
        "plan -m emr_notebook plan --stage prod --lookup-role",
        "make test",
    ]
    assert "### `dev`: something changes" in called
    assert "Of commit 0a1b2c3. [All of it](https://console.example/build)." in called


@pytest.mark.parametrize("status", [1, 3])
def test_codebuild_fails_for_a_stage_and_tests_and_tells_all_the_same(
    clone: Clone, status: int
) -> None:
    clone.plan(status, of="dev")

    assert not build(clone)
    assert "make test" in clone.called()
    assert "### `prod`: nothing changes" in clone.called()


@pytest.mark.parametrize("target", ["install", "test", "synth STAGE=dev"])
def test_codebuild_fails_when_make_does(clone: Clone, target: str) -> None:
    clone.stand_in("make", fails_for=target)

    assert not build(clone)


def test_codebuild_writes_the_same_comment_by_a_token(clone: Clone) -> None:
    with fake_github("a token", "build-user", is_app=False) as github:
        assert build(clone, GITHUB_TOKEN="a token", GITHUB_API_URL=github.url)
        assert build(clone, GITHUB_TOKEN="a token", GITHUB_API_URL=github.url)

    (comment,) = github.comments
    assert "### `dev`: nothing changes" in comment["body"]
    assert comment["html_url"] in clone.called()


def test_codebuild_s_tests_do_not_get_the_token(clone: Clone) -> None:
    (test,) = [command for command in PHASES["build"]["commands"] if "make test" in command]
    (clone.bin / "make").write_text('#!/bin/sh\necho "<$GITHUB_TOKEN>"\n')

    assert clone.run(test, GITHUB_TOKEN="a token").stdout == "<>\n"


def test_codebuild_s_python_is_one_that_make_takes() -> None:
    assert PHASES["install"]["runtime-versions"] == {"python": "3.12"}
    assert load(BUILD_SPEC)["version"] == "0.2"
    assert load(BUILD_SPEC)["env"] == {"shell": "bash"}
