"""The pipeline's own commands, out of its template, in a clean clone: what each finds and stops."""

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT, STAGE
from tests.end_to_end import callers
from tests.end_to_end.code_build import Build, bare, build, clone, share_installation
from tests.end_to_end.resolver_world import BECAUSE, ResolverWorld, resolver_world
from tests.pipeline.pipelines import Assembly, pipeline
from tests.sandbox.aws.idle_livy import FIRST, SECOND, adapt_start_script, cluster_at, idle_livies
from tests.sandbox.aws.running_aws import settled

pytestmark = [pytest.mark.sandbox, pytest.mark.minutes(2.5)]

DEV, CLUSTER_ID = "notebooks-dev", "j-PIPELINE1"
OTHER_SUBNET = "subnet-0b000000000000002"
# Those that read config/, where a user's own stages and pipeline stand now: they must not tell a
# user that the project is broken. That all tests run is what CI itself shows.
FEW_TESTS = "-p no:cacheprovider -m 'not slow' " + " ".join(
    f"tests/{name}.py"
    for name in (
        "docs/test_configuration",
        "docs/test_continuous_deployment",
        "docs/test_docs",
        "pull_request/test_workflow",
        "settings/test_file",
        "settings/test_pipeline",
        "settings/test_schema",
        "test_app",
    )
)


@dataclass
class Story:
    """A clone, the pipeline that was synthesized from it, and what its steps came to."""

    world: ResolverWorld
    root: Path
    port: int
    assembly: dict[str, Any] = field(default_factory=dict)
    builds: dict[str, Build] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)
    ran: list[list[str]] = field(default_factory=list)
    stacks: dict[str, str] = field(default_factory=dict)

    def configure(self, *, accepts: bool = False, **changes: Any) -> dict[str, Any]:
        """Write the stage and the pipeline; answer the stage."""
        stage = {
            **STAGE,
            "stack_name": DEV,
            "clusters": {"analytics": {"name": "nightly", "port": self.port, "follow": False}},
            "notebooks": {key: {"cluster": "analytics"} for key in ("alice", "bob")},
            "opt_outs": {"aws_managed_key": BECAUSE},
            **changes,
        }
        own: dict[str, Any] = {"stage": "dev"}
        if accepts:
            own["opt_outs"] = {"destructive_changes": BECAUSE}
        following = pipeline(lambda data: data.update(stages=[own]))
        for name, data in (("dev", stage), ("pipeline", following)):
            (self.root / f"config/{name}.yaml").write_text(yaml.safe_dump(data))
        return stage

    def pipeline(self, stage: dict[str, Any], *, accepts: bool = False) -> Assembly:
        """The pipeline of that stage, as its template has it."""
        own = [
            {"stage": "dev", **({"opt_outs": {"destructive_changes": BECAUSE}} if accepts else {})}
        ]
        return Assembly(lambda data: data.update(stages=own), {"dev": stage})

    def unprivileged(self) -> dict[str, str]:
        """The environment of a build that needs the registries, and has no AWS.

        What mypy has read here before it need not read again: it knows files by their content.
        """
        cache = {"MYPY_CACHE_DIR": str(ROOT / ".mypy_cache")}
        return bare({**os.environ, **cache, "AWS_ENDPOINT_URL": "http://127.0.0.1:9"})

    def step(self, name: str, made: Assembly, action: str) -> Build:
        """Run an action of the stage, with what its role in the template may do and no more."""
        allowed = [each for each in made.may("dev", action) if each["Action"] == "sts:AssumeRole"]
        keys = callers.user(
            self.world.aws, f"build-{len(self.builds)}", callers.document(*allowed), {}
        )
        spec = made.spec("dev", action)
        env = bare(self.world.aws.env()) | {
            "AWS_ACCESS_KEY_ID": keys["access_key"],
            "AWS_SECRET_ACCESS_KEY": keys["secret_key"],
        }
        self.builds[name] = build(
            made.commands("dev", action),
            cwd=self.root,
            env=env,
            exported=spec.get("env", {}).get("exported-variables", []),
        )
        return self.builds[name]

    def cdk(self, *arguments: str) -> str:
        """The clone's own CDK, as the account's root."""
        done = subprocess.run(
            [str(self.root / "node_modules/.bin/cdk"), *arguments],
            cwd=self.root,
            env={
                **self.world.aws.env(),
                "PATH": f"{self.root}/.venv/bin{os.pathsep}{os.environ['PATH']}",
                "CI": "true",
                "CDK_DISABLE_CLI_TELEMETRY": "true",
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    def stack_id(self) -> str:
        """CloudFormation's own of the stage's stack: another stack would have another."""
        client = self.world.aws.client("cloudformation")
        return str(client.describe_stacks(StackName=DEV)["Stacks"][0]["StackId"])

    def put_cluster(self, address: str) -> None:
        self.world.put(cluster_at(CLUSTER_ID, address, self.port))


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    directory = tmp_path_factory.mktemp("pipeline")
    with idle_livies() as port, resolver_world(directory) as world:
        told = Story(world, directory / "a clean clone", port)
        clone(told.root)
        share_installation(told.root)
        adapt_start_script(told.root)
        run(told)
        yield told


def run(story: Story) -> None:
    story.put_cluster(FIRST)
    stage = story.configure()
    made = story.pipeline(stage)
    env = story.unprivileged()
    story.ran += [made.commands("Build", each) for each in ("Synth", "Test")]
    story.ran += [made.commands("dev", each) for each in ("DiffAndPlan", "Verify")]
    for action in ("Synth", "Test"):
        story.builds[action] = build(
            made.commands("Build", action),
            cwd=story.root,
            env={**env, "PYTEST_ADDOPTS": FEW_TESTS},
        )
    story.assembly = json.loads((story.root / "cdk.out/manifest.json").read_text())
    story.step("review of the first deploy", made, "DiffAndPlan")
    story.said["pipeline"] = deploy_as_the_pipeline(story)
    for notebook in ("alice", "bob"):
        settled(story.world.aws, f"{DEV}-{notebook}")
    story.step("verify", made, "Verify")
    story.step("review without a change", made, "DiffAndPlan")
    story.stacks["pipeline"] = story.stack_id()
    story.said["laptop"] = story.cdk("deploy", "-c", "stage=dev", "--require-approval=never")
    story.stacks["laptop"] = story.stack_id()

    story.put_cluster(SECOND)
    story.step("verify of a moved cluster", made, "Verify")
    story.put_cluster(FIRST)

    moved = {"alice": {"cluster": "analytics", "subnet_id": OTHER_SUBNET}}
    stage = story.configure(accepts=True, notebooks=moved | {"bob": {"cluster": "analytics"}})
    story.step("review of a replacement", story.pipeline(stage, accepts=True), "DiffAndPlan")

    without_bob = {"alice": {"cluster": "analytics"}}
    stage = story.configure(notebooks=without_bob)
    story.step("review of a removal", story.pipeline(stage), "DiffAndPlan")
    stage = story.configure(accepts=True, notebooks=without_bob)
    story.step("review of an accepted removal", story.pipeline(stage, accepts=True), "DiffAndPlan")


def deploy_as_the_pipeline(story: Story) -> str:
    """From the synthesized assembly of the stage, as CloudFormation gets it from the pipeline."""
    return story.cdk("deploy", "--all", "--app=cdk.out/assembly-dev", "--require-approval=never")


def test_the_synth_step_makes_the_pipeline_and_its_stages(story: Story) -> None:
    assert story.builds["Synth"].status == 0, story.builds["Synth"].printed
    artifacts = story.assembly["artifacts"]
    assert artifacts["notebooks-pipeline"]["type"] == "aws:cloudformation:stack"
    assert artifacts["assembly-dev"]["type"] == "cdk:cloud-assembly"


def test_the_pipeline_that_the_clone_synthesized_runs_what_was_run_here(story: Story) -> None:
    template = json.loads((story.root / "cdk.out/notebooks-pipeline.template.json").read_text())
    specs = [
        yaml.safe_load(each["Properties"]["Source"]["BuildSpec"])
        for each in template["Resources"].values()
        if each["Type"] == "AWS::CodeBuild::Project"
    ]
    synthesized = [each["phases"]["build"]["commands"] for each in specs if isinstance(each, dict)]

    for commands in story.ran:
        assert commands in synthesized
    assert len(story.ran) == 4


def test_the_test_step_ends_with_pytests_own_line(story: Story) -> None:
    ended = story.builds["Test"]

    assert ended.status == 0, ended.printed
    assert " passed in " in ended.printed.strip().splitlines()[-1]


def test_the_review_shows_what_the_first_deploy_makes_and_lets_it_pass(story: Story) -> None:
    ended = story.builds["review of the first deploy"]

    assert ended.status == 0, ended.printed
    assert "AWS::SageMaker::NotebookInstance" in ended.printed
    assert "will be found: j-PIPELINE1" in ended.printed
    told = ended.exported["PLAN_SUMMARY"]
    assert told.startswith(f"2 created ({DEV}-alice, {DEV}-bob); cluster analytics will be found")


def test_a_deploy_from_a_laptop_finds_the_pipelines_own_stack_and_nothing_to_do(
    story: Story,
) -> None:
    assert "(no changes)" in story.said["laptop"]
    assert story.stacks["laptop"] == story.stacks["pipeline"]
    stacks = story.world.aws.client("cloudformation").list_stacks()["StackSummaries"]
    assert [each["StackName"] for each in stacks if "notebooks" in each["StackName"]] == [DEV]


def test_running_notebooks_are_verified_after_the_deploy(story: Story) -> None:
    ended = story.builds["verify"]

    assert ended.status == 0, ended.printed
    assert f"ok          {DEV}-alice" in ended.printed


def test_an_unchanged_stage_passes_and_says_so(story: Story) -> None:
    ended = story.builds["review without a change"]

    assert ended.status == 0, ended.printed
    assert "Number of stacks with differences: 0" in ended.printed
    assert ended.exported["PLAN_SUMMARY"] == "2 unchanged."


def test_verify_stops_the_pipeline_for_a_notebook_that_cannot_reach_its_cluster(
    story: Story,
) -> None:
    ended = story.builds["verify of a moved cluster"]

    assert ended.status == 1
    assert f"Livy of analytics is at http://{SECOND}" in ended.printed


def test_a_replacement_that_is_not_allowed_stops_it_even_where_destruction_is_accepted(
    story: Story,
) -> None:
    ended = story.builds["review of a replacement"]

    assert ended.status != 0
    assert "The deploy fails: [notebook-replaced]" in ended.printed
    assert f"REPLACED by an empty one (SubnetId {STAGE['network']['subnet_id']}" in ended.printed


def test_a_destructive_diff_stops_it_and_shows_the_plan_all_the_same(story: Story) -> None:
    ended = story.builds["review of a removal"]

    assert ended.status != 0
    assert "destructive change(s) (--fail-on=destructive)" in ended.printed
    assert "removed from the settings: kept with its files" in ended.printed


def test_a_destructive_diff_that_is_accepted_passes(story: Story) -> None:
    ended = story.builds["review of an accepted removal"]

    assert ended.status == 0, ended.printed
    assert ended.exported["PLAN_SUMMARY"].startswith(f"1 REMOVED ({DEV}-bob); 1 unchanged")


def test_reviews_read_with_the_look_up_role_and_change_nothing(story: Story) -> None:
    by_role = {
        (str(call["principal"]).rpartition(":")[2], call["action"])
        for call in story.world.aws.requests()
        if "lookup-role" in str(call["principal"])
    }
    actions = {action for _, action in by_role}

    assert {"DescribeStacks", "GetTemplate", "ListNotebookInstances", "GetLogEvents"} <= actions
    assert {each for each in actions if not each.startswith(("Describe", "Get", "List"))} == set()
