"""`emr-notebook verify`: its decisions, its waiting, its exit status and its words."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.console import Console
from typer.testing import CliRunner

from emr_notebook.cli import main
from emr_notebook.cli.aws.live_endpoint import ASKED_BY, NOT_ASKED
from emr_notebook.cli.aws.notebooks import NotebookStatus
from emr_notebook.cli.aws.reader import Reader
from emr_notebook.cli.aws.start_log import parse_report
from emr_notebook.cli.health.findings import Verdict, configured_livy_url, worst_verdict
from emr_notebook.cli.health.stage_check import NotebookCheck, check_notebooks, wait_until_settled
from emr_notebook.cli.health.verify import checks_json, print_checks
from emr_notebook.cli.next_commands import Commands, deploys_first
from emr_notebook.settings.file import parse
from emr_notebook.settings.model import Settings
from tests.assets.cluster_endpoint.emr_records import CLUSTER_ID, cluster, instance, refused, status
from tests.assets.notebook.scratch_instance import Instance
from tests.cli.aws.stage_in_memory import (
    ALICE,
    COMMANDS,
    LIVE,
    NIGHTS,
    NOW,
    OLD,
    OLD_VERSION,
    STACK,
    VERSION,
    NotebookWorld,
    report,
    scheduled_world,
    script,
    settings,
    world,
)
from tests.conftest import stage

BOB = f"{STACK}-bob"
ANSWERED = "its log says that Livy answered its last start (2026-11-25T04:00:00Z)"


def quiet(_: str) -> None:
    """Progress that nobody watches."""


def checks(made: NotebookWorld, asked: Settings | None = None) -> list[NotebookCheck]:
    asked = asked or settings()
    found = wait_until_settled(made.reader(), asked, minutes=0, say=quiet)
    return check_notebooks(made.reader(), asked, found, COMMANDS, say=quiet)


def only(made: NotebookWorld, asked: Settings | None = None) -> NotebookCheck:
    [check] = checks(made, asked)
    return check


def said(check: NotebookCheck) -> str:
    return "; ".join(map(str, check.findings))


def commands(check: NotebookCheck) -> list[str]:
    return deploys_first(command for finding in check.findings for command in finding.commands)


def moved(made: NotebookWorld, number: int = 77) -> NotebookWorld:
    """The cluster's primary is at another address now."""
    made.emr.instances[CLUSTER_ID] = [instance(number)]
    return made


class TestANotebookThatRuns:
    def test_is_ok_when_it_uses_what_is_deployed_and_where_livy_is(self) -> None:
        check = only(world())

        assert check.verdict is Verdict.OK
        assert said(check) == ANSWERED

    def test_fails_when_livy_is_elsewhere_than_the_deploy_says(self) -> None:
        check = only(moved(world()))

        assert check.verdict is Verdict.FAILED
        assert said(check) == (
            f"Livy of analytics is at http://10.0.0.77:8998 now; the deployed address is {LIVE}"
        )
        assert commands(check) == [COMMANDS.refresh(), COMMANDS.restart(ALICE)]

    def test_fails_when_it_was_not_restarted_after_a_deploy_that_found_livy(self) -> None:
        made = moved(world())
        made.scripts["start"] = script("http://10.0.0.77:8998")
        check = only(made)

        assert said(check) == f"it uses “{LIVE}”; the deployed address is http://10.0.0.77:8998"
        assert commands(check) == [COMMANDS.restart(ALICE)]

    def test_fails_when_it_runs_an_older_script(self) -> None:
        made = world()
        made.put(ALICE, "InService", *report(version=OLD_VERSION))

        assert said(only(made)) == f"it runs start script “{OLD_VERSION}”; {VERSION} is deployed"
        assert commands(only(made)) == [COMMANDS.restart(ALICE)]

    def test_fails_when_its_last_start_did_and_is_restarted_to_see_whether_it_still_does(
        self,
    ) -> None:
        made = world()
        lines = report("problem: Livy: refused", "next: start livy-server", state="failed")
        made.put(ALICE, "InService", *lines)

        assert only(made).verdict is Verdict.FAILED
        assert said(only(made)) == (
            "its last start ended with failed, and its log says: “Livy: refused”; "
            "what helps: “start livy-server”"
        )
        assert commands(only(made)) == [COMMANDS.restart(ALICE)]

    def test_is_ok_with_a_warning_which_is_shown(self) -> None:
        made = world()
        lines = report("problem: sparkmagic.json was ignored", "next: delete it", state="warning")
        made.put(ALICE, "InService", *lines)

        assert only(made).verdict is Verdict.OK
        assert said(only(made)) == (
            "its last start ended with warning, and its log says: “sparkmagic.json was ignored”; "
            f"what helps: “delete it”; {ANSWERED}"
        )

    @pytest.mark.parametrize("check", ["refused", "not checked"])
    def test_fails_when_its_last_start_found_no_livy_whatever_its_state_says(
        self, check: str
    ) -> None:
        made = world()
        made.put(ALICE, "InService", *[x.replace("check: ok", f"check: {check}") for x in report()])

        assert only(made).verdict is Verdict.FAILED
        assert f"its log says: “check: {check}”" in said(only(made))

    def test_is_ok_when_its_user_prefers_an_address_of_their_own(self) -> None:
        made = world()
        problem = f"problem: ~/sparkmagic.json replaces the deployed {LIVE}"
        made.put(ALICE, "InService", *report(problem, state="warning", livy_url=OLD))

        assert only(made).verdict is Verdict.OK

    def test_fails_without_commands_when_there_is_no_cluster_to_use(self) -> None:
        made = world()
        made.put(ALICE, "InService", *report("problem: Livy: timed out", state="failed"))
        made.emr.clusters = [cluster(Status=status("TERMINATED", Message="user request"))]
        check = only(made)

        assert check.verdict is Verdict.FAILED
        assert "[cluster-ended] Cluster j-2AXXXXXXGAPLF is TERMINATED" in said(check)
        assert "Next: start a cluster" in said(check)
        assert commands(check) == []

    def test_fails_when_its_sessions_ask_for_what_the_clusters_livy_does_not_take(self) -> None:
        def of(key: str) -> NotebookCheck:
            made = world()
            return only(made, settings("alice", spark={key: "8h"}))

        assert of("idleTimeout").verdict is Verdict.FAILED
        assert "Livy 0.8.0 of cluster j-2AXXXXXXGAPLF takes no session" in said(of("idleTimeout"))
        assert of("ttl").verdict is Verdict.OK

    def test_is_ok_with_a_warning_when_its_proxy_user_does_nothing(self) -> None:
        asked = settings("alice", spark={"proxyUser": "bob"})

        check = only(world(), asked)

        assert check.verdict == "ok"
        assert "spark.proxyUser: no livy-conf of j-2AXXXXXXGAPLF sets livy" in said(check)

    def test_is_unknown_without_a_report_of_its_start(self) -> None:
        made = world()
        del made.logs[ALICE]
        check = only(made)

        assert check.verdict is Verdict.UNKNOWN
        assert "CloudWatch Logs shows no report of its start. Next: read" in said(check)

    def test_fails_without_a_lifecycle_configuration(self) -> None:
        made = world()
        made.put(ALICE, lifecycle="")
        del made.notebooks[ALICE]["NotebookInstanceLifecycleConfigName"]

        assert only(made).verdict is Verdict.FAILED
        assert "no lifecycle configuration is attached" in said(only(made))

    @pytest.mark.parametrize(
        "action",
        [
            "logs:GetLogEvents",
            "sagemaker:DescribeNotebookInstanceLifecycleConfig",
            "elasticmapreduce:DescribeCluster",
            "elasticmapreduce:ListInstances",
        ],
    )
    def test_is_unknown_when_the_credentials_may_not_look(self, action: str) -> None:
        check = only(world(denied={action}))

        assert check.verdict is Verdict.UNKNOWN
        assert f"these credentials may not {action}" in said(check)

    def test_that_may_not_be_read_at_all_is_unknown_once_for_each_missing_permission(self) -> None:
        actions = {
            "logs:GetLogEvents",
            "sagemaker:DescribeNotebookInstanceLifecycleConfig",
        }
        check = only(world(denied=actions))

        assert check.verdict is Verdict.UNKNOWN
        assert {str(finding) for finding in check.findings} == {
            f"these credentials may not {action}" for action in actions
        }

    def test_fails_for_what_is_known_even_when_something_else_is_not(self) -> None:
        made = moved(world(denied={"sagemaker:DescribeNotebookInstanceLifecycleConfig"}))

        assert only(made).verdict is Verdict.FAILED
        assert f"is at http://10.0.0.77:8998 now; it uses “{LIVE}”" in said(only(made))


class TestANotebookThatDoesNotRun:
    def test_that_is_stopped_is_no_failure_and_costs_no_further_call(self) -> None:
        made = world()
        made.put(ALICE, "Stopped", *report(version=OLD_VERSION, state="failed"))

        assert only(made).verdict is Verdict.STOPPED
        assert [method for method, _ in made.calls] == ["list_notebook_instances"]

    def test_that_failed_to_start_fails_with_sagemakers_reason(self) -> None:
        made = world()
        made.put(ALICE, "Failed")
        made.notebooks[ALICE]["FailureReason"] = "took longer than 5 minutes."

        assert only(made).verdict is Verdict.FAILED
        assert said(only(made)) == "SageMaker could not start it: took longer than 5 minutes"
        assert commands(only(made)) == [COMMANDS.log(ALICE), COMMANDS.start(ALICE)]

    def test_that_failed_is_not_held_against_the_address_that_its_next_start_will_be_told(
        self,
    ) -> None:
        made = moved(world())
        made.put(BOB, "Failed")
        _, bob = checks(made, settings("alice", "bob"))

        assert said(bob) == "SageMaker could not start it: it gives no reason"

    def test_that_sagemaker_does_not_have_fails_and_is_to_be_deployed(self) -> None:
        check = only(NotebookWorld())

        assert check.verdict is Verdict.FAILED
        assert commands(check) == ["cdk deploy -c stage=test"]

    @pytest.mark.parametrize("state", ["Pending", "Updating", "PendingMaintenance"])
    def test_that_still_starts_is_unknown(self, state: str) -> None:
        made = world()
        made.put(ALICE, state)

        assert only(made).verdict is Verdict.UNKNOWN
        assert f"it is still {state}" in said(only(made))


def test_a_cluster_is_looked_up_once_however_many_notebooks_use_it() -> None:
    keys = [f"user-{n}" for n in range(30)]
    made = NotebookWorld()
    for key in keys:
        made.put(f"{STACK}-{key}")

    assert {check.verdict for check in checks(made, settings(*keys))} == {Verdict.OK}
    assert made.count("describe_cluster") == 1
    assert made.count("list_instances") == 1
    assert made.count("describe_notebook_instance_lifecycle_config") == 1


def test_a_cluster_that_only_stopped_notebooks_use_is_not_looked_up() -> None:
    made = world()
    made.put(ALICE, "Stopped")
    checks(made)

    assert made.count("describe_cluster") == 0


def test_a_denied_look_up_is_named_even_while_others_go_on() -> None:
    """Look-ups run side by side: each has to name its own denied call."""

    def two(data: dict[str, Any]) -> None:
        data["clusters"] = {
            "by-id": {"id": CLUSTER_ID},
            "by-name": {"name": "nightly-spark"},
            "by-tags": {"tags": {"team": "risk"}},
        }
        data["notebooks"] = {key: {"cluster": key} for key in data["clusters"]}

    made = NotebookWorld(denied={"elasticmapreduce:ListClusters", "tag:GetResources"})
    for key in ("by-id", "by-name", "by-tags"):
        made.put(f"{STACK}-{key}")
    by_id, by_name, by_tags = checks(made, parse(stage(two)))

    assert by_id.verdict is Verdict.OK
    assert "may not elasticmapreduce:ListClusters" in said(by_name)
    assert "may not elasticmapreduce:ListClusters" in said(by_tags)


class Clock:
    """Time that passes in sleeps; `then` happens after so many of them."""

    def __init__(self, then: dict[int, Any]) -> None:
        self.now, self.sleeps, self._then = 0.0, 0, then

    def sleep(self, seconds: float) -> None:
        self.now, self.sleeps = self.now + seconds, self.sleeps + 1
        self._then.get(self.sleeps, lambda: None)()


def test_a_starting_notebook_is_waited_for_and_progress_is_said() -> None:
    made, heard = world(), list[str]()
    made.put(ALICE, "Pending")
    made.put(BOB, "Updating")

    def started() -> None:
        made.put(ALICE)
        made.put(BOB, "Stopped")

    clock = Clock({3: started})
    found = wait_until_settled(
        made.reader(),
        settings("alice", "bob"),
        minutes=5,
        say=heard.append,
        now=lambda: clock.now,
        sleep=clock.sleep,
    )

    assert found[ALICE].state == "InService"
    assert clock.sleeps == 3
    assert heard[0] == f"Waiting for {ALICE} and 1 more: at most 300 s"


@pytest.mark.parametrize("minutes", [0, 0.2, 5])
def test_the_wait_ends_with_its_time(minutes: float) -> None:
    made, clock = world(), Clock({})
    made.put(ALICE, "Pending")
    found = wait_until_settled(
        made.reader(),
        settings(),
        minutes=minutes,
        say=quiet,
        now=lambda: clock.now,
        sleep=clock.sleep,
    )

    assert found[ALICE].state == "Pending"
    assert clock.now == 60 * minutes


def test_a_notebook_of_somebody_else_is_not_waited_for() -> None:
    made, clock = world(), Clock({})
    made.put(f"{ALICE}-2", "Pending")
    wait_until_settled(
        made.reader(), settings(), minutes=5, say=quiet, now=lambda: 0, sleep=clock.sleep
    )

    assert clock.sleeps == 0


def test_the_gravest_finding_decides() -> None:
    assert worst_verdict([]) is Verdict.OK
    assert worst_verdict([Verdict.STOPPED, Verdict.OK]) is Verdict.STOPPED
    assert worst_verdict([Verdict.FAILED, Verdict.UNKNOWN, Verdict.WARNING]) is Verdict.FAILED
    assert worst_verdict([Verdict.UNKNOWN, Verdict.WARNING, Verdict.STOPPED]) is Verdict.UNKNOWN


def test_the_command_that_reads_a_log_shows_its_control_characters() -> None:
    assert COMMANDS.log(ALICE).endswith(" --region eu-west-1 | cat -v")


def test_commands_come_once_and_deploys_first() -> None:
    asked = [COMMANDS.restart("b"), COMMANDS.refresh(), COMMANDS.restart("a"), COMMANDS.refresh()]

    assert deploys_first(asked) == [
        COMMANDS.refresh(),
        COMMANDS.restart("b"),
        COMMANDS.restart("a"),
    ]


def test_a_stage_of_several_stacks_deploys_them_all() -> None:
    asked = settings("alice", "bob", stack="second")

    assert Commands.of("my stage", asked).deploy() == "cdk deploy --all -c stage='my stage'"


def test_the_address_that_the_real_start_script_was_told_is_found_beside_the_users_own() -> None:
    with Instance.scratch() as instance:
        instance.override('{"kernel_python_credentials": {"url": "http://127.0.0.1:9"}}')
        printed = instance.start(LIVY_URL=LIVE).log
    read = parse_report(printed.splitlines())
    notebook = NotebookStatus(settings().notebook("alice"), "InService", report=read)

    assert read.values["livy_url"] == "http://127.0.0.1:9"
    assert configured_livy_url(notebook) == LIVE


def test_each_notebook_is_a_line_and_commands_stand_below() -> None:
    made = moved(world())
    made.put(BOB, "Stopped")
    text = StringIO()
    print_checks(Console(file=text, width=80), checks(made, settings("alice", "bob")), NOW)
    lines = text.getvalue().splitlines()

    assert lines[0].startswith(
        f"failed      {ALICE}: Livy of analytics is at http://10.0.0.77:8998"
    )
    assert lines[1] == f"not running {BOB}: Stopped"
    assert lines[3:] == [f"  {COMMANDS.refresh()}", f"  {COMMANDS.restart(ALICE)}"]


def test_a_line_ends_with_what_the_schedule_does_next_whether_the_notebook_runs_or_not() -> None:
    made = scheduled_world()
    asked, text = settings(schedule=NIGHTS), StringIO()
    print_checks(Console(file=text, width=80), checks(made, asked), NOW)
    made.put(ALICE, "Stopped")
    print_checks(Console(file=text, width=80), checks(made, asked), NOW)

    coming = "next stop 2026-07-03 19:30 Europe/Berlin"
    running, _not_checked, stopped = text.getvalue().splitlines()
    assert running.startswith(f"ok          {ALICE}: ")
    assert running.endswith(f"; {coming}")
    assert stopped == f"not running {ALICE}: Stopped; {coming}"
    [told] = checks_json("test", checks(made, asked), NOW)["notebooks"]
    assert f"next {told['acts_next']}" == coming


def test_a_notebook_works_without_its_stop_but_not_unsaid() -> None:
    made = scheduled_world()
    made.schedules.clear()
    check = only(made, settings(schedule=NIGHTS))

    assert check.verdict is Verdict.OK
    assert "it is not going to stop at 19:30 mon-fri Europe/Berlin: that is not" in said(check)
    assert commands(check) == [COMMANDS.deploy()]


def test_whether_it_is_stopped_is_not_known_without_the_permission() -> None:
    made = scheduled_world()
    made.denied = {"scheduler:GetSchedule"}
    check = only(made, settings(schedule=NIGHTS))

    assert check.verdict is Verdict.UNKNOWN
    assert said(check) == "these credentials may not scheduler:GetSchedule"


def test_the_json_says_the_same() -> None:
    found = checks_json("test", checks(moved(world())), NOW)

    assert found["ok"] is False
    assert found["not_checked"] == []
    assert found["notebooks"][0]["verdict"] == "failed"
    assert found["notebooks"][0]["next"] == [COMMANDS.refresh(), COMMANDS.restart(ALICE)]
    assert json.loads(json.dumps(found)) == found


def test_the_json_is_ok_beside_a_stopped_notebook_and_a_warning() -> None:
    made = world()
    made.put(ALICE, "InService", *report("problem: unread", state="warning"))
    made.put(BOB, "Stopped")
    found = checks_json("test", checks(made, settings("alice", "bob")), NOW)

    assert found["ok"] is True
    assert found["not_checked"] == [f"Livy of analytics: {NOT_ASKED}"]
    assert [each["verdict"] for each in found["notebooks"]] == ["ok", "not running"]


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the stage `test`, in which commands run."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config/test.yaml").write_text(yaml.safe_dump(stage()))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(
    made: NotebookWorld, monkeypatch: pytest.MonkeyPatch, *arguments: str
) -> tuple[int, str, str]:
    """The command line in this world: exit status, output, errors."""

    def reader(_: str) -> Reader:
        return made.reader()

    monkeypatch.setattr("emr_notebook.cli.command.aws_reader", reader)
    done = CliRunner().invoke(main.app, arguments)
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done.exit_code, done.stdout, done.stderr


@pytest.mark.usefixtures("checkout")
class TestTheCommand:
    def test_exits_0_when_all_is_well(self, monkeypatch: pytest.MonkeyPatch) -> None:
        code, out, _ = run(world(), monkeypatch, "verify", "--stage", "test")

        assert code == 0
        assert out.splitlines() == [
            f"ok          {ALICE}: {ANSWERED}",
            f"not checked Livy of analytics: {NOT_ASKED}. Next: {ASKED_BY}",
        ]

    def test_exits_1_when_a_notebook_does_not_work(self, monkeypatch: pytest.MonkeyPatch) -> None:
        code, out, _ = run(moved(world()), monkeypatch, "verify", "--stage", "test")

        assert code == 1
        assert "cdk deploy -c stage=test -c refresh=$(date +%s)" in out

    def test_exits_3_when_it_may_not_look(self, monkeypatch: pytest.MonkeyPatch) -> None:
        made = world(denied={"logs:GetLogEvents"})
        code, out, _ = run(made, monkeypatch, "verify", "--stage", "test")

        assert code == 3
        assert "these credentials may not logs:GetLogEvents" in out

    def test_exits_3_and_names_the_action_when_there_is_not_even_a_list(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = world(denied={"sagemaker:ListNotebookInstances"})
        code, out, err = run(made, monkeypatch, "verify", "--stage", "test", "--json")

        assert (code, out) == (3, "")
        assert err == (
            "error: not verified: these credentials may not sagemaker:ListNotebookInstances\n"
        )

    def test_exits_3_when_aws_refuses(self, monkeypatch: pytest.MonkeyPatch) -> None:
        made = world()

        def busy(_: Any) -> Any:
            raise refused("ThrottlingException", "Rate exceeded")

        made.answers["sagemaker", "list_notebook_instances"] = busy
        code, _, err = run(made, monkeypatch, "verify", "--stage", "test")

        assert code == 3
        assert "sagemaker:ListNotebookInstances: ThrottlingException: Rate exceeded" in err

    def test_prints_nothing_but_json_when_asked_for_it(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for command in ("verify", "status"):
            code, out, err = run(world(), monkeypatch, command, "--stage", "test", "--json")

            assert (code, err) == (0, "")
            assert json.loads(out)["stage"] == "test"

    def test_an_answer_of_an_unknown_form_is_an_error_in_words(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = world()

        def odd(*_: Any) -> Any:
            return {"NotebookInstances": [{"Name\x1b": ALICE}]}

        monkeypatch.setattr(made, "call", odd)
        code, _, err = run(made, monkeypatch, "status", "--stage", "test")

        assert code == 1
        assert err.startswith("error: ")
        assert len(err.splitlines()) == 1

    def test_ends_in_words_when_it_is_interrupted(self, monkeypatch: pytest.MonkeyPatch) -> None:
        made = world()

        def interrupt(_: Any) -> Any:
            raise KeyboardInterrupt

        made.answers["logs", "get_log_events"] = interrupt
        code, out, err = run(made, monkeypatch, "verify", "--stage", "test")

        assert (code, out, err) == (130, "", "error: interrupted\n")

    def test_status_says_on_standard_error_what_it_may_not_show(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = world(denied={"logs:GetLogEvents"})
        code, out, err = run(made, monkeypatch, "status", "--stage", "test")

        assert code == 3
        assert ALICE in out
        assert err == "not all is shown: these credentials may not logs:GetLogEvents\n"

    def test_status_without_the_look_for_kept_notebooks_is_whole_enough(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = world(denied={"tag:GetResources"})
        code, _, err = run(made, monkeypatch, "status", "--stage", "test")

        assert code == 0
        assert "tag:GetResources" in err

    def test_status_lists_only_what_needs_attention_when_asked(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _, out, _ = run(world(), monkeypatch, "status", "--stage", "test", "--failed")

        assert ALICE not in out

    @pytest.mark.parametrize("command", ["verify", "status"])
    def test_shows_an_example_in_its_help(
        self, monkeypatch: pytest.MonkeyPatch, command: str
    ) -> None:
        code, out, _ = run(world(), monkeypatch, command, "--help")

        assert code == 0
        assert f"Example: emr-notebook {command} --stage dev" in out
