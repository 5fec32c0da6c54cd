"""`emr-notebook plan` on the app's own templates: what each edit comes to, and what it asks AWS."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from emr_notebook.cli import command as shared
from emr_notebook.cli.aws.reader import CommandError, Denied
from emr_notebook.cli.command import DIFFERENT, FAILED, OK, UNKNOWN
from emr_notebook.cli.plan import command
from emr_notebook.cli.plan.as_json import plan_json
from emr_notebook.cli.plan.endpoint import EndpointPlan
from emr_notebook.cli.plan.notebook import NotebookPlan
from emr_notebook.cli.plan.stage import StagePlan
from emr_notebook.settings.file import parse
from tests.assets.cluster_endpoint.emr_records import CLUSTER_ID, FORMER, cluster, status
from tests.cli.aws.stage_in_memory import ALICE
from tests.cli.plan.deployed_in_memory import (
    GROUP_ID,
    KEY_ARN,
    LIVE,
    OTHER_SUBNET,
    STACK,
    PlanWorld,
    deployed,
    of_alice,
    templates,
)
from tests.conftest import Change, stage

OTHER_KEY = KEY_ARN.replace("1111", "9999")
GIVEN_GROUP = "sg-00000000000000001"
BECAUSE = {"because": "a test"}
ANOTHER = "give this one another `name`."


def alice(plan: StagePlan) -> NotebookPlan:
    [found] = [each for each in plan.notebooks if each.name.startswith(ALICE)]
    return found


def endpoint(plan: StagePlan) -> EndpointPlan:
    [found] = plan.endpoints
    return found


def of_network(**settings: Any) -> Change:
    return lambda data: data["network"].update(settings)


def of_stage(**settings: Any) -> Change:
    return lambda data: data.update(settings)


def both(first: Change, second: Change) -> Change:
    def change(data: dict[str, Any]) -> None:
        first(data)
        second(data)

    return change


class TestUnchanged:
    def test_a_stage_that_nobody_edited_is_unchanged_in_all_its_parts(self) -> None:
        plan = deployed().plan()

        assert plan.exit_status == OK
        assert alice(plan).change_type == "unchanged"
        assert endpoint(plan).verdict == "unchanged"
        assert [(each.other_changes, each.output_changes) for each in plan.stacks] == [(0, 0)]

    def test_it_is_so_for_every_stack_of_a_stage(self) -> None:
        def change(data: dict[str, Any]) -> None:
            data["clusters"]["second"] = {"id": CLUSTER_ID}
            data["notebooks"]["bob"] = {"cluster": "second", "stack": "science"}

        plan = deployed(change).plan(change)

        assert [each.name for each in plan.stacks] == [STACK, f"{STACK}-science"]
        assert plan.exit_status == OK

    def test_groups_in_another_order_are_the_same(self) -> None:
        groups = [GIVEN_GROUP, "sg-00000000000000002"]
        plan = deployed(of_network(security_group_ids=groups)).plan(
            of_network(security_group_ids=groups[::-1])
        )

        assert alice(plan).change_type == "unchanged"

    def test_the_made_group_and_key_written_down_by_their_ids_are_the_same(self) -> None:
        """The template differs, what CloudFormation makes of it does not."""
        written = both(of_network(security_group_ids=[GROUP_ID]), of_stage(kms_key_arn=KEY_ARN))

        plan = deployed().plan(written)

        assert alice(plan).change_type == "unchanged"
        assert plan.refusals() == []
        assert plan.exit_status == DIFFERENT


CREATE_ONLY: dict[str, tuple[Change, str]] = {
    "subnet": (of_network(subnet_id=OTHER_SUBNET), "SubnetId"),
    "own subnet": (of_alice(subnet_id=OTHER_SUBNET), "SubnetId"),
    "given groups": (of_network(security_group_ids=[GIVEN_GROUP]), "SecurityGroupIds"),
    "made group's VPC": (of_network(vpc_id="vpc-00000000000000002"), "SecurityGroupIds"),
    "given key": (of_stage(kms_key_arn=OTHER_KEY), "KmsKeyId"),
    "SageMaker's key": (of_stage(opt_outs={"aws_managed_key": BECAUSE}), "KmsKeyId"),
    "name": (of_alice(name="spark-lab"), "NotebookInstanceName"),
    "internet": (
        of_alice(opt_outs={"direct_internet_access": BECAUSE}),
        "DirectInternetAccess",
    ),
}


# Those which a notebook without a name of its own can be replaced for.
NAMELESS = {key: value for key, value in CREATE_ONLY.items() if key != "name"}


class TestReplacement:
    @pytest.mark.parametrize(("change", "changed"), CREATE_ONLY.values(), ids=CREATE_ONLY)
    def test_one_that_nobody_allowed_fails_in_the_guards_words(
        self, change: Change, changed: str
    ) -> None:
        plan = deployed().plan(change)
        [notebook] = plan.notebooks
        [refusal] = plan.refusals()

        assert plan.exit_status == FAILED
        assert notebook.change_type == "replaced"
        assert changed in [each.name for each in notebook.changes]
        assert refusal.startswith("[notebook-replaced] CloudFormation would replace alice (")
        assert f"{changed} from " in refusal

    @pytest.mark.parametrize(("change", "changed"), NAMELESS.values(), ids=NAMELESS)
    def test_one_that_the_settings_allow_keeps_the_old_one(
        self, change: Change, changed: str
    ) -> None:
        may = of_alice(replace=True)
        plan = deployed(may).plan(both(may, change))
        [notebook] = plan.notebooks

        assert plan.exit_status == DIFFERENT
        assert (notebook.change_type, notebook.refusal) == ("replaced", "")
        assert changed in [each.name for each in notebook.changes]
        assert notebook.keeps_old
        assert notebook.old_name != notebook.name


class TestReplacementsAround:
    def test_a_new_name_is_allowed_by_replace(self) -> None:
        plan = deployed().plan(of_alice(name="spark-lab", replace=True))

        assert (plan.exit_status, plan.notebooks[0].old_name) == (DIFFERENT, ALICE)

    def test_a_fixed_name_keeps_even_an_allowed_one_from_being_made(self) -> None:
        fixed = of_alice(name="spark-lab", replace=True)

        plan = deployed(fixed).plan(both(fixed, of_alice(subnet_id=OTHER_SUBNET)))

        assert plan.exit_status == FAILED
        assert plan.refusals()[0].startswith("[notebook-name-taken]")

    def test_without_volumes_to_keep_the_old_ones_files_are_deleted(self) -> None:
        may = both(of_alice(replace=True), of_stage(opt_outs={"delete_volumes": BECAUSE}))

        plan = deployed(may).plan(both(may, of_alice(subnet_id=OTHER_SUBNET)))

        assert not plan.notebooks[0].keeps_old

    def test_one_is_not_overlooked_where_no_guard_is_deployed_yet(self) -> None:
        made = deployed()
        resources = made.stacks[STACK]["template"]["Resources"]
        [guard] = [x for x, each in resources.items() if each["Type"].endswith("Guard")]
        del resources[guard]

        plan = made.plan(of_alice(subnet_id=OTHER_SUBNET))

        assert plan.exit_status == FAILED
        assert "[notebook-replaced]" in plan.refusals()[0]

    def test_forty_are_refused_in_one_sentence(self) -> None:
        def many(data: dict[str, Any]) -> None:
            data["notebooks"] = {f"p{n:02d}": {"cluster": "analytics"} for n in range(40)}

        plan = deployed(many).plan(both(many, of_network(subnet_id=OTHER_SUBNET)))

        assert len(plan.refusals()) == 1
        assert {each.change_type for each in plan.notebooks} == {"replaced"}


# What becomes of alice, by the edit of her entry; and whether a running one is restarted.
EDITS: dict[str, tuple[Change, str, bool]] = {
    "owner": (of_alice(owner="alice@example.com"), "changed in place", False),
    "tag": (of_alice(tags={"team": "risk"}), "changed in place", False),
    "type": (of_alice(instance_type="ml.m5.xlarge"), "changed while stopped", True),
    "volume": (of_alice(volume_size_in_gb=50), "changed while stopped", True),
    "root": (of_alice(opt_outs={"root_access": BECAUSE}), "changed while stopped", True),
    "role": (
        of_alice(role_arn="arn:aws:iam::111122223333:role/data-science"),
        "changed while stopped",
        True,
    ),
    "spark": (of_alice(spark={"executorMemory": "4g"}), "changed while stopped", True),
    "TLS": (
        lambda data: data["clusters"]["analytics"].update(tls={"verify": "none", **BECAUSE}),
        "changed at the next start",
        False,
    ),
    "kept no more": (of_stage(opt_outs={"delete_volumes": BECAUSE}), "changed in place", False),
}


@pytest.mark.parametrize(("change", "change_type", "restarts"), EDITS.values(), ids=EDITS)
def test_an_edit_meets_a_running_notebook(change: Change, change_type: str, restarts: bool) -> None:
    plan = deployed().plan(change)

    assert plan.exit_status == DIFFERENT
    assert (alice(plan).change_type, alice(plan).restarts) == (change_type, restarts)


@pytest.mark.parametrize(
    ("state", "restarts"),
    [("InService", True), ("Failed", True), ("Updating", True), ("Stopped", False)],
)
def test_only_a_notebook_that_is_stopped_stays_stopped(state: str, restarts: bool) -> None:
    made = deployed()
    made.put(ALICE, state)

    plan = made.plan(of_alice(instance_type="ml.m5.xlarge"))

    assert (alice(plan).state, alice(plan).restarts) == (state, restarts)


class TestEntries:
    def test_a_new_entry_is_created_beside_the_others(self) -> None:
        def more(data: dict[str, Any]) -> None:
            data["notebooks"]["bob"] = {"cluster": "analytics"}

        plan = deployed().plan(more)

        assert {each.key: each.change_type for each in plan.notebooks} == {
            "alice": "unchanged",
            "bob": "created",
        }
        # Bob's role and the guard.
        assert plan.stacks[0].other_changes == 2

    @pytest.mark.parametrize(
        ("opt_outs", "kept"), [({}, True), ({"delete_volumes": BECAUSE}, False)]
    )
    def test_a_removed_entry_leaves_what_its_deploy_said(
        self, opt_outs: Mapping[str, Any], kept: bool
    ) -> None:
        def more(data: dict[str, Any]) -> None:
            data["notebooks"]["bob"] = {"cluster": "analytics"}

        gone = of_stage(opt_outs=dict(opt_outs))
        plan = deployed(both(more, gone)).plan(gone)
        [bob] = [each for each in plan.notebooks if each.name == f"{STACK}-bob"]

        assert (bob.change_type, bob.keeps_old, plan.exit_status) == ("removed", kept, DIFFERENT)

    @pytest.mark.parametrize(
        ("tag", "denied", "said"),
        [
            (STACK, set(), f"with its files: it is stack {STACK}'s, or was kept when it was"),
            ("", set(), "which is none of this stage's stacks': this app did not make it"),
            (STACK, {"sagemaker:ListTags"}, "stage's stacks': whose it is was not read"),
        ],
    )
    def test_a_kept_notebook_is_in_the_way_of_a_new_one_of_its_name(
        self, tag: str, denied: set[str], said: str
    ) -> None:
        made = PlanWorld(denied=denied)
        made.put(ALICE, "Stopped")
        if tag:
            made.tag(ALICE, stack=tag)

        plan = made.plan()

        assert plan.exit_status == FAILED
        assert f"SageMaker has a notebook named {ALICE} already, " in plan.refusals()[0]
        assert said in plan.refusals()[0]
        assert "Next: give this one another `name`" in plan.refusals()[0]
        assert "delete" not in plan.refusals()[0]
        assert plan.denied == denied

    @pytest.mark.parametrize("own", [{}, {"stack": "science"}])
    def test_a_deployed_notebook_whose_name_another_entry_would_have_is_named_with_its_own(
        self, own: dict[str, Any]
    ) -> None:
        def renamed(data: dict[str, Any]) -> None:
            bobs(data)
            alice = data["notebooks"].pop("alice")
            data["notebooks"]["alicia"] = {**alice, "name": ALICE, **own}

        def bobs(data: dict[str, Any]) -> None:
            data["notebooks"]["bob"] = {"cluster": "analytics"}

        made = deployed(bobs)
        plan = made.plan(renamed)

        assert plan.exit_status == FAILED
        [refusal] = plan.refusals()
        assert f"{ALICE} already, that of entry alice in stack {STACK}: Cloud" in refusal
        assert refusal.endswith("leave that entry's key and `stack` as they were, or " + ANOTHER)
        assert made.count("list_tags") == 0

    def test_a_notebook_that_was_deleted_by_hand_cannot_be_changed(self) -> None:
        made = deployed()
        del made.notebooks[ALICE]

        assert made.plan().exit_status == OK
        changed = made.plan(of_alice(instance_type="ml.m5.xlarge"))
        assert changed.exit_status == FAILED
        assert f"SageMaker has no notebook named {ALICE} any more" in changed.refusals()[0]

    def test_a_volume_does_not_shrink(self) -> None:
        plan = deployed(of_alice(volume_size_in_gb=50)).plan(of_alice(volume_size_in_gb=20))

        assert plan.exit_status == FAILED
        assert "has 50 GB and can only grow; volume_size_in_gb is 20" in plan.refusals()[0]


class TestClusters:
    def test_a_stage_that_is_not_deployed_gets_what_is_live(self) -> None:
        plan = PlanWorld().plan()

        assert endpoint(plan).verdict == "found"
        assert endpoint(plan).after == LIVE
        assert alice(plan).change_type == "created"
        assert plan.exit_status == DIFFERENT

    def test_a_moved_primary_is_not_taken_without_a_refresh(self) -> None:
        old = {**LIVE, "LivyUrl": "http://10.0.0.9:8998"}
        plan = deployed(found=old).plan()

        assert (endpoint(plan).verdict, endpoint(plan).is_looked_up) == ("not taken", False)
        assert endpoint(plan).after == old
        assert alice(plan).change_type == "unchanged"
        assert plan.exit_status == DIFFERENT

    @pytest.mark.parametrize(("before", "now"), [("", "1"), ("1", "2"), ("1", "")])
    def test_another_refresh_takes_it_and_so_does_one_left_out(self, before: str, now: str) -> None:
        old = {**LIVE, "LivyUrl": "http://10.0.0.9:8998"}
        plan = deployed(refresh=before, found=old).plan(refresh=now)

        assert (endpoint(plan).verdict, endpoint(plan).is_looked_up) == ("changes", True)
        assert endpoint(plan).after == LIVE
        assert alice(plan).change_type == "changed at the next start"
        [change] = alice(plan).at_next_start
        assert (change.name, change.before, change.after) == (
            "address",
            "http://10.0.0.9:8998",
            "http://10.0.0.5:8998",
        )

    def test_the_same_refresh_looks_nothing_up(self) -> None:
        plan = deployed(refresh="1").plan(refresh="1")

        assert not endpoint(plan).is_looked_up
        assert plan.exit_status == OK

    def test_a_refresh_that_finds_the_same_is_a_deploy_all_the_same(self) -> None:
        plan = deployed(refresh="1").plan(refresh="2")

        assert (endpoint(plan).verdict, endpoint(plan).is_looked_up) == ("unchanged", True)
        assert alice(plan).change_type == "unchanged"
        assert plan.exit_status == DIFFERENT

    def test_another_deletion_policy_alone_looks_nothing_up(self) -> None:
        made = deployed()
        for resource in made.stacks[STACK]["template"]["Resources"].values():
            if resource["Type"] == "Custom::ClusterEndpoint":
                resource["DeletionPolicy"] = "Retain"

        assert not endpoint(made.plan()).is_looked_up

    def test_an_edited_selector_takes_what_it_selects(self) -> None:
        def by_name(data: dict[str, Any]) -> None:
            data["clusters"]["analytics"] = {"name": "nightly-spark"}

        plan = deployed(found={**LIVE, "LivyUrl": "http://10.0.0.9:8998"}).plan(by_name)

        assert endpoint(plan).after == LIVE

    def test_a_new_release_alone_shows_with_the_old_address(self) -> None:
        plan = deployed(found={**LIVE, "ReleaseLabel": "emr-7.1.0"}).plan(refresh="1")

        assert [each.name for each in alice(plan).at_next_start] == ["release"]

    @pytest.mark.parametrize("refresh", ["", "1"])
    def test_what_an_earlier_version_deployed_and_nothing_uses_is_not_told(
        self, refresh: str
    ) -> None:
        plan = deployed(found={**LIVE, **FORMER}).plan(refresh=refresh)

        assert endpoint(plan).verdict == "unchanged"
        assert endpoint(plan).before == endpoint(plan).after == LIVE
        assert alice(plan).change_type == "unchanged"
        assert not any(name in json.dumps(plan_json(plan)) for name in FORMER)

    def test_of_an_ended_one_an_earlier_versions_value_is_kept_without_what_nothing_uses(
        self,
    ) -> None:
        made = deployed(found={**LIVE, **FORMER})
        made.emr.clusters = [cluster(Status=status("TERMINATED"))]

        plan = made.plan(refresh="1")

        assert endpoint(plan).verdict == "gone"
        assert endpoint(plan).after == LIVE

    def test_a_cluster_without_livy_fails_the_deploy_that_looks_it_up(self) -> None:
        made = PlanWorld()
        made.emr.clusters = [cluster(Applications=[{"Name": "Spark", "Version": "3.5.5"}])]

        plan = made.plan()

        assert endpoint(plan).verdict == "refused"
        assert plan.refusals()[0].startswith("[livy-missing]")
        assert plan.exit_status == FAILED

    def test_an_ended_one_keeps_its_value_when_only_a_refresh_asks_for_it(self) -> None:
        made = deployed()
        made.emr.clusters = [cluster(Status=status("TERMINATED"))]

        plan = made.plan(refresh="1")

        assert (endpoint(plan).verdict, endpoint(plan).after) == ("gone", LIVE)
        assert alice(plan).change_type == "unchanged"
        assert plan.exit_status == DIFFERENT

    def test_an_ended_one_is_refused_when_its_value_is_not_known_whole(self) -> None:
        made = deployed(found={"LivyUrl": LIVE["LivyUrl"]})
        made.emr.clusters = [cluster(Status=status("TERMINATED"))]

        assert endpoint(made.plan(refresh="1")).verdict == "refused"

    def test_another_selector_of_no_cluster_is_refused(self) -> None:
        def by_name(data: dict[str, Any]) -> None:
            data["clusters"]["analytics"] = {"name": "weekly-spark"}

        plan = deployed().plan(by_name)

        assert (endpoint(plan).verdict, plan.exit_status) == ("refused", FAILED)

    def test_one_whose_livy_does_not_take_what_a_stacks_notebooks_ask_of_a_session_is_refused(
        self,
    ) -> None:
        def elsewhere(data: dict[str, Any]) -> None:
            data["notebooks"]["bob"] = {"cluster": "analytics", "stack": "science"}

        def edit(field: str) -> StagePlan:
            asking = of_alice(spark={field: "8h"})
            return deployed(elsewhere).plan(both(elsewhere, asking))

        refused = edit("idleTimeout")
        assert [each.verdict for each in refused.endpoints] == ["refused", "unchanged"]
        assert "[session-fields-unknown] Livy 0.8.0 of cluster" in refused.refusals()[0]
        assert edit("ttl").exit_status == DIFFERENT

    def test_an_ended_one_that_the_deploy_does_not_look_up_does_not_fail_it(self) -> None:
        made = deployed()
        made.emr.clusters = [cluster(Status=status("TERMINATED"))]

        plan = made.plan()

        assert (endpoint(plan).verdict, endpoint(plan).after) == ("unusable", LIVE)
        assert plan.refusals() == []
        assert plan.exit_status == DIFFERENT

    def test_of_one_that_still_starts_the_address_is_not_known_yet(self) -> None:
        made = deployed()
        made.emr.clusters = [cluster(Status=status("STARTING"))]

        plan = made.plan(refresh="1")

        assert endpoint(plan).verdict == "not ready"
        assert {each.after for each in alice(plan).at_next_start} == {"not known yet"}
        assert plan.exit_status == UNKNOWN

    def test_without_permission_it_is_not_checked_and_the_permission_is_named(self) -> None:
        made = deployed()
        made.denied = {"elasticmapreduce:ListInstances"}

        plan = made.plan()

        assert endpoint(plan).verdict == "not checked"
        assert plan.unknown() == ["these credentials may not elasticmapreduce:ListInstances"]
        assert plan.exit_status == UNKNOWN

    def test_an_address_that_may_not_be_looked_up_is_not_known_yet(self) -> None:
        made = deployed()
        made.denied = {"elasticmapreduce:ListInstances"}

        plan = made.plan(refresh="1")

        assert endpoint(plan).after == {}
        assert {each.after for each in alice(plan).at_next_start} == {"not known yet"}

    def test_a_refused_replacement_is_worse_than_what_could_not_be_read(self) -> None:
        made = deployed()
        made.denied = {"elasticmapreduce:ListInstances"}

        assert made.plan(of_alice(subnet_id=OTHER_SUBNET)).exit_status == FAILED


class TestStacks:
    def test_one_whose_creation_failed_is_made_anew(self) -> None:
        made = deployed()
        made.stacks[STACK]["status"] = "ROLLBACK_COMPLETE"
        made.notebooks.clear()

        assert alice(made.plan()).change_type == "created"

    def test_one_that_is_being_changed_is_planned_against_what_it_was(self) -> None:
        made = deployed()
        made.stacks[STACK]["status"] = "UPDATE_IN_PROGRESS"

        plan = made.plan()

        assert plan.exit_status == UNKNOWN
        assert f"stack {STACK} is UPDATE_IN_PROGRESS" in plan.unknown()[0]

    def test_one_whose_rollback_failed_cannot_be_deployed(self) -> None:
        made = deployed()
        made.stacks[STACK]["status"] = "UPDATE_ROLLBACK_FAILED"

        plan = made.plan()

        assert plan.exit_status == FAILED
        assert "continue-update-rollback" in plan.refusals()[0]

    def test_one_of_a_plain_template_is_not_compared(self) -> None:
        made = deployed()
        made.stacks[STACK]["template"]["Parameters"]["VpcId"] = {"Type": "String"}

        with pytest.raises(CommandError, match="deployed from a plain template"):
            made.plan()

    def test_without_permission_nothing_can_be_planned(self) -> None:
        made = deployed()
        made.denied = {"cloudformation:GetTemplate"}

        with pytest.raises(Denied, match="cloudformation:GetTemplate"):
            made.plan()

    def test_without_the_notebooks_states_the_rest_is_planned(self) -> None:
        made = deployed()
        made.denied = {"sagemaker:ListNotebookInstances"}

        plan = made.plan(of_alice(instance_type="ml.m5.xlarge"))

        assert (alice(plan).state, alice(plan).change_type) == (None, "changed while stopped")
        assert plan.exit_status == UNKNOWN


def forty(data: dict[str, Any]) -> None:
    data["clusters"]["second"] = {"id": CLUSTER_ID}
    data["notebooks"] = {
        f"p{n:02d}": {"cluster": "second" if n % 2 else "analytics", "owner": f"p{n}@example.com"}
        for n in range(40)
    }


def test_forty_notebooks_are_as_many_calls_as_one() -> None:
    made = deployed(forty)

    made.plan(forty)

    assert {method: made.count(method) for method, _ in made.calls} == {
        "describe_stacks": 1,
        "get_template": 1,
        "list_stack_resources": 1,
        "describe_cluster": 2,
        "list_instances": 2,
        "list_instance_groups": 2,
        "list_notebook_instances": 1,
    }


def invoked(made: PlanWorld, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Any:
    monkeypatch.setattr(command, "load_settings", lambda _: parse(stage()))
    monkeypatch.setattr(command, "reader_for", lambda *_, **__: made.reader())
    monkeypatch.setattr(command, "stage_templates", lambda _, refresh: templates(stage(), refresh))
    app = typer.Typer()
    app.command()(command.plan)
    return CliRunner().invoke(app, list(arguments))


class TestCommand:
    def test_the_look_up_role_takes_the_place_of_the_callers_own_credentials(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        own, looked_up = PlanWorld(), deployed()
        monkeypatch.setattr(shared, "aws_reader", lambda _: own.reader())
        monkeypatch.setattr(shared, "lookup_role_reader", lambda _: looked_up.reader())

        shared.reader_for(parse(stage()), lookup_role=True).ask("sts", "get_caller_identity")
        assert (looked_up.count("get_caller_identity"), own.count("get_caller_identity")) == (1, 0)

        shared.reader_for(parse(stage()))
        assert own.count("get_caller_identity") == 1

    def test_a_file_gets_the_plan_in_one_line(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        summary = tmp_path / "plan.txt"

        invoked(PlanWorld(), monkeypatch, f"--summary={summary}")

        assert summary.read_text().startswith("1 created (emr-notebooks-test-")
        assert summary.read_text().count("\n") == 1

    def test_json_has_the_exit_status_too(self, monkeypatch: pytest.MonkeyPatch) -> None:
        done = invoked(PlanWorld(), monkeypatch, "--json")

        assert done.exit_code == json.loads(done.stdout)["status"] == DIFFERENT

    def test_nothing_to_change_is_status_0_and_said(self, monkeypatch: pytest.MonkeyPatch) -> None:
        done = invoked(deployed(), monkeypatch)

        assert done.exit_code == OK
        assert done.stdout.splitlines()[-1] == "Nothing changes."

    def test_without_a_permission_for_stacks_it_is_status_3_and_named(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = deployed()
        made.denied = {"cloudformation:DescribeStacks"}

        done = invoked(made, monkeypatch)

        assert done.exit_code == UNKNOWN
        assert "may not cloudformation:DescribeStacks" in done.stderr

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["--price", "ml.t3.medium=0.05"], "needs --hours"),
            (["--hours", "160"], "--hours needs the --price of an instance type"),
            (["--price", "gold=1"], "--price 'gold=1' is not a price"),
        ],
    )
    def test_prices_that_say_too_little_are_one_line(
        self, arguments: list[str], said: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        done = invoked(deployed(), monkeypatch, *arguments)

        assert done.exit_code == FAILED
        assert said in done.stderr
        assert len(done.stderr.splitlines()) == 1
