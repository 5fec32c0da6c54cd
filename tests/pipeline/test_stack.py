"""The pipeline: what it runs, in which order, and what stops it."""

import json
from typing import Any

import pytest

from tests.conftest import templates
from tests.pipeline.pipelines import BECAUSE, CONNECTION, PROD_ACCOUNT, STAGES, Assembly

PROJECT = "AWS::CodeBuild::Project"
OTHER_CONNECTION = CONNECTION.replace("1234abcd", "2345abcd")
OF_DEV = {
    "connection_arn": OTHER_CONNECTION,
    "stages": ["dev"],
    "token_secret_name": "token",
}
BOUNDARY = "arn:aws:iam::111122223333:policy/boundary"
# Prod has two stacks and is in another region.
CHANGED = {
    "dev": {**STAGES["dev"], "refresh": "2026-11-25"},
    "prod": {
        **STAGES["prod"],
        "region": "us-east-1",
        "notebooks": {
            "alice": {"cluster": "analytics"},
            "bob": {"cluster": "analytics", "stack": "science"},
        },
    },
}


@pytest.fixture(scope="module")
def made() -> Assembly:
    return Assembly()


@pytest.fixture(scope="module")
def changed() -> Assembly:
    """One with every setting that a test asks for: another for each would cost seconds."""

    def change(data: dict[str, Any]) -> None:
        opt_outs = {"approval": BECAUSE, "destructive_changes": BECAUSE}
        data["stages"][0]["opt_outs"] = opt_outs
        data.update(permissions_boundary_arn=BOUNDARY, pull_requests=OF_DEV)

    return Assembly(change, CHANGED)


class TestOrder:
    def test_stages_follow_each_other_as_listed(self, made: Assembly) -> None:
        names = [each["Name"] for each in made.properties["Stages"]]

        assert names == ["Source", "Build", "UpdatePipeline", "Assets", "dev", "prod"]

    def test_nothing_is_synthesized_before_the_tests_have_passed(self, made: Assembly) -> None:
        order = made.order("Build")

        assert order["Test"] < order["Synth"]

    @pytest.mark.parametrize("name", ["dev", "prod"])
    def test_a_stage_is_reviewed_approved_deployed_and_verified_one_after_the_other(
        self, name: str, made: Assembly
    ) -> None:
        order = made.order(name)

        in_order = [
            "DiffAndPlan",
            "Approve",
            f"notebooks-{name}.Prepare",
            f"notebooks-{name}.Deploy",
            "Verify",
        ]
        assert sorted(order, key=order.__getitem__) == in_order
        assert len(set(order.values())) == len(in_order)

    def test_a_stage_without_an_approval_is_reviewed_all_the_same(self, changed: Assembly) -> None:
        order = changed.order("dev")

        assert "Approve" not in order
        assert order["DiffAndPlan"] < order["notebooks-dev.Prepare"] < order["Verify"]
        assert "Approve" in changed.order("prod")

    def test_every_stack_of_a_stage_is_deployed_between_approval_and_verify(
        self, changed: Assembly
    ) -> None:
        order = changed.order("prod")

        for stack in ("notebooks-prod", "notebooks-prod-science"):
            deploy = [order[f"{stack}.Prepare"], order[f"{stack}.Deploy"]]
            assert order["Approve"] < deploy[0] < deploy[1] < order["Verify"]


class TestCommands:
    def test_tests_and_synthesis_are_the_readmes(self, made: Assembly) -> None:
        assert made.commands("Build", "Test") == ["make test"]
        assert made.commands("Build", "Synth") == ["make install", "make synth STAGE=pipeline"]

    def test_the_review_reads_with_the_look_up_role_and_stops_for_destruction(
        self, made: Assembly
    ) -> None:
        install, diff, summary = made.commands("prod", "DiffAndPlan")

        assert install == "make install"
        assert diff == (
            "scripts/diff.sh prod --lookup-role --summary=plan-summary.txt --fail-on=destructive "
            "|| test $? -eq 2"
        )
        assert summary == 'export PLAN_SUMMARY="$(cat plan-summary.txt)"'

    def test_a_stage_can_accept_what_the_diff_calls_destructive(self, changed: Assembly) -> None:
        assert "--fail-on" not in changed.commands("dev", "DiffAndPlan")[1]
        assert "--fail-on=destructive" in changed.commands("prod", "DiffAndPlan")[1]

    def test_a_deploy_is_verified_with_the_look_up_role(self, made: Assembly) -> None:
        assert made.commands("prod", "Verify") == [
            "make install",
            ".venv/bin/emr-notebook verify --stage prod --lookup-role --wait 15",
        ]

    def test_who_approves_is_told_what_the_plan_says(self, made: Assembly) -> None:
        review, approve = (made.actions("prod")[each] for each in ("DiffAndPlan", "Approve"))
        exported = made.spec("prod", "DiffAndPlan")["env"]["exported-variables"]

        assert exported == ["PLAN_SUMMARY"]
        told = approve["Configuration"]["CustomData"]
        assert f"#{{{review['Namespace']}.PLAN_SUMMARY}}" in told
        assert "prod" in told

    def test_what_an_approval_says_fits_with_the_longest_plan(self) -> None:
        from emr_notebook.cli.plan.summary import MAX_CHARACTERS
        from emr_notebook.pipeline.steps import APPROVAL_WORDS

        words = APPROVAL_WORDS.format(stage="s" * 32, step="DiffAndPlan")
        # CodePipeline API, ManualApproval's CustomData.
        assert len(words) + MAX_CHARACTERS <= 1000

    def test_the_pipeline_updates_itself_with_the_cdk_of_this_line(self, made: Assembly) -> None:
        assert made.commands("UpdatePipeline", "SelfMutate", "install") == [
            "npm install -g aws-cdk@2"
        ]
        (update,) = made.commands("UpdatePipeline", "SelfMutate")
        assert "deploy notebooks-pipeline " in update


class TestMachines:
    def test_every_project_has_a_supported_python_and_node(self, made: Assembly) -> None:
        ran = [
            (stage["Name"], action["Name"])
            for stage in made.properties["Stages"]
            for action in stage["Actions"]
            if action["ActionTypeId"]["Provider"] == "CodeBuild"
        ]

        assert len(ran) == len(made.of_type(PROJECT)) == 8
        for each in ran:
            versions = made.spec(*each)["phases"]["install"]["runtime-versions"]
            assert versions == {"python": "3.12", "nodejs": "22"}, each

    def test_only_the_tests_run_with_privileges(self, made: Assembly) -> None:
        privileged = [
            name
            for name, each in made.of_type(PROJECT).items()
            if each["Properties"]["Environment"]["PrivilegedMode"]
        ]

        assert len(privileged) == 1
        assert made.project("Build", "Test")["Environment"]["PrivilegedMode"] is True

    def test_every_step_ends_some_day(self, made: Assembly) -> None:
        for each in (
            ("Build", "Test"),
            ("Build", "Synth"),
            ("dev", "DiffAndPlan"),
            ("dev", "Verify"),
        ):
            assert made.project(*each)["TimeoutInMinutes"] <= 60

    def test_artifacts_and_projects_are_encrypted_with_a_key_of_ones_own(
        self, made: Assembly
    ) -> None:
        (store,) = [made.properties["ArtifactStore"]]
        assert store["EncryptionKey"]["Type"] == "KMS"
        projects = made.of_type(PROJECT)
        assert projects != {}
        for each in projects.values():
            assert each["Properties"]["EncryptionKey"] == store["EncryptionKey"]["Id"]


class TestSource:
    def test_commits_come_through_the_connection_as_a_clone(self, made: Assembly) -> None:
        (action,) = made.actions("Source").values()

        assert action["ActionTypeId"]["Provider"] == "CodeStarSourceConnection"
        assert action["Configuration"] == {
            "ConnectionArn": CONNECTION,
            "FullRepositoryId": "example/notebooks",
            "BranchName": "main",
            "OutputArtifactFormat": "CODEBUILD_CLONE_REF",
        }

    def test_whoever_may_use_the_connection_may_by_both_of_its_names(self, made: Assembly) -> None:
        users = [
            json.dumps(each["Properties"]["PolicyDocument"])
            for each in made.of_type("AWS::IAM::Policy").values()
            if "codestar-connections:UseConnection" in json.dumps(each)
        ]

        # The source's own role, and the projects that clone: test, synthesis, two for each stage.
        assert len(users) == 7
        assert all('"codeconnections:UseConnection"' in each for each in users)

    def test_it_is_of_version_2_and_no_run_overtakes_another(self, made: Assembly) -> None:
        assert made.properties["PipelineType"] == "V2"
        assert made.properties["ExecutionMode"] == "QUEUED"


class TestPermissions:
    @pytest.mark.parametrize("action", ["DiffAndPlan", "Verify"])
    def test_a_stage_is_read_with_its_own_look_up_role_and_no_other(
        self, action: str, made: Assembly
    ) -> None:
        assumed = [
            each["Resource"]
            for each in made.may("prod", action)
            if "sts:AssumeRole" in json.dumps(each["Action"])
        ]

        name = f"cdk-hnb659fds-lookup-role-{PROD_ACCOUNT}-eu-west-1"
        assert assumed == [f"arn:aws:iam::{PROD_ACCOUNT}:role/{name}"]

    @pytest.mark.parametrize("action", ["Test", "Synth"])
    def test_what_runs_before_a_review_may_assume_no_role(
        self, action: str, made: Assembly
    ) -> None:
        assert "sts:AssumeRole" not in json.dumps(made.may("Build", action))

    def test_a_boundary_bounds_every_role(self, changed: Assembly) -> None:
        bounds = [
            each["Properties"].get("PermissionsBoundary")
            for each in changed.of_type("AWS::IAM::Role").values()
        ]
        assert set(bounds) == {BOUNDARY}


class TestNotices:
    def test_failures_and_waiting_approvals_are_told_to_those_who_asked(
        self, made: Assembly
    ) -> None:
        ((_, rule),) = made.of_type("AWS::CodeStarNotifications::NotificationRule").items()
        ((topic, _),) = made.of_type("AWS::SNS::Topic").items()
        ((_, subscription),) = made.of_type("AWS::SNS::Subscription").items()

        assert rule["Properties"]["EventTypeIds"] == [
            "codepipeline-pipeline-pipeline-execution-failed",
            "codepipeline-pipeline-manual-approval-needed",
            "codepipeline-pipeline-manual-approval-failed",
        ]
        assert rule["Properties"]["Targets"] == [
            {"TargetAddress": {"Ref": topic}, "TargetType": "SNS"}
        ]
        assert subscription["Properties"]["Endpoint"] == "platform@example.com"
        assert subscription["Properties"]["TopicArn"] == {"Ref": topic}

    def test_the_sender_may_publish_and_use_the_topics_key(self, made: Assembly) -> None:
        ((_, topic),) = made.of_type("AWS::SNS::Topic").items()
        key = topic["Properties"]["KmsMasterKeyId"]["Fn::GetAtt"][0]
        of_key = made.template["Resources"][key]["Properties"]["KeyPolicy"]["Statement"]
        ((_, of_topic),) = made.of_type("AWS::SNS::TopicPolicy").items()

        sender = {"Service": "codestar-notifications.amazonaws.com"}
        used = [each["Action"] for each in of_key if each["Principal"] == sender]
        assert used == [["kms:Decrypt", "kms:GenerateDataKey*"]]
        published = [
            each["Action"]
            for each in of_topic["Properties"]["PolicyDocument"]["Statement"]
            if each["Principal"] == sender
        ]
        assert published == ["sns:Publish"]


class TestRegions:
    def test_a_stage_in_another_region_has_an_encrypted_bucket_there(
        self, changed: Assembly
    ) -> None:
        stores = {
            each["Region"]: each["ArtifactStore"] for each in changed.properties["ArtifactStores"]
        }
        assert set(stores) == {"eu-west-1", "us-east-1"}
        assert all(each["EncryptionKey"]["Type"] == "KMS" for each in stores.values())
        deploy = changed.actions("prod")["notebooks-prod.Deploy"]
        assert deploy["Region"] == "us-east-1"
        assert (
            changed.order("prod")["Approve"] < deploy["RunOrder"] < changed.order("prod")["Verify"]
        )
        support = changed.stacks["notebooks-pipeline-support-us-east-1"]
        kinds = {each["Type"] for each in support["Resources"].values()}
        assert kinds == {
            "AWS::KMS::Key",
            "AWS::KMS::Alias",
            "AWS::S3::Bucket",
            "AWS::S3::BucketPolicy",
        }

    @pytest.mark.slow
    @pytest.mark.parametrize("name", ["n", "notebooks", "p" * 36, "Data-Platform-" * 7])
    def test_stages_in_several_regions_synthesize_whatever_the_pipeline_is_called(
        self, name: str
    ) -> None:
        """CDK shortens the names of its buckets there, each name at another place."""
        name = name.rstrip("-")
        elsewhere = {
            "dev": {**STAGES["dev"], "region": "us-east-1"},
            "prod": {**STAGES["prod"], "region": "ap-southeast-2"},
        }
        made = Assembly(lambda data: data.update(stack_name=name), elsewhere)

        assert {f"{name}-support-us-east-1", f"{name}-support-ap-southeast-2"} <= set(made.stacks)


class TestPullRequests:
    def test_nobody_checks_them_who_was_not_asked_to(self, made: Assembly) -> None:
        assert "codebuild/pull-request.yml" not in json.dumps(made.template)

    def test_a_project_reads_the_stages_for_them(self, changed: Assembly) -> None:
        (project,) = (
            each["Properties"]
            for each in changed.of_type(PROJECT).values()
            if each["Properties"]["Source"]["BuildSpec"] == "codebuild/pull-request.yml"
        )
        ((_, policy),) = changed.of_type("AWS::IAM::ManagedPolicy").items()
        (assumed,) = (
            each["Resource"]
            for each in policy["Properties"]["PolicyDocument"]["Statement"]
            if each["Action"] == "sts:AssumeRole"
        )

        variables = project["Environment"]["EnvironmentVariables"]
        assert {each["Name"]: each["Value"] for each in variables} == {
            "STAGES": "dev",
            "GITHUB_TOKEN": "token",
        }
        # And so not production's.
        assert assumed.split(":")[4] == "111122223333"
        uses = json.dumps(policy["Properties"]["PolicyDocument"])
        assert OTHER_CONNECTION in uses
        assert CONNECTION not in uses


class TestSameStacks:
    def test_a_stage_has_the_template_that_a_laptop_deploys(self, changed: Assembly) -> None:
        for name, change in CHANGED.items():
            laptop = templates(lambda data, change=change: data.update(change))  # type: ignore[misc]

            assert laptop != {}
            for stack, template in laptop.items():
                assert changed.stacks[stack] == template.to_json(), name

    def test_each_stack_is_there_once(self, made: Assembly) -> None:
        assert sorted(made.stacks) == ["notebooks-dev", "notebooks-pipeline", "notebooks-prod"]

    def test_a_stages_tags_reach_the_stack(self, made: Assembly) -> None:
        prepared = made.actions("prod")["notebooks-prod.Prepare"]["Configuration"]

        assert prepared["StackName"] == "notebooks-prod"
        assert prepared["TemplateConfiguration"].endswith(".config.json")
