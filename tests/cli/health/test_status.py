"""`emr-notebook status`: what it finds, what it shows, and what that costs."""

import json
import re
from io import StringIO
from typing import Any

import pytest
from rich.console import Console
from rich.text import Text

from emr_notebook.cli.aws.live_endpoint import ASKED_BY, NOT_ASKED
from emr_notebook.cli.aws.reader import Denied
from emr_notebook.cli.health.findings import Verdict, status_findings
from emr_notebook.cli.health.stage_status import StageStatus, stage_status
from emr_notebook.cli.health.table import print_status, status_json
from emr_notebook.settings.file import parse
from emr_notebook.settings.model import Settings
from tests.assets.cluster_endpoint.emr_records import REGION
from tests.cli.aws.stage_in_memory import (
    ALICE,
    COMMANDS,
    LIVE,
    NIGHTS,
    NOW,
    OLD,
    OLD_VERSION,
    STACK,
    START_AT_8,
    STOP_AT_1930,
    VERSION,
    NotebookWorld,
    arn,
    report,
    scheduled_world,
    script,
    settings,
    world,
)
from tests.conftest import stage

LIFECYCLE = "notebook-instance-lifecycle-config"
NEXT = "Next (a stop ends what runs in the notebook):"


def status(made: NotebookWorld, asked: Settings | None = None) -> StageStatus:
    return stage_status(made.reader(), asked or settings(), COMMANDS, lambda: None)


def shown(found: StageStatus, *, terminal: bool = False, width: int = 200) -> str:
    text = StringIO()
    console = Console(file=text, width=width, force_terminal=terminal, no_color=True)
    print_status(console, found, NOW)
    return text.getvalue()


def only(found: StageStatus) -> dict[str, Any]:
    """The one notebook, as other programs read it."""
    [notebook] = status_json("test", found, NOW)["notebooks"]
    return dict(notebook)


def test_a_running_notebook_is_shown_with_all_that_its_last_start_said() -> None:
    row = shown(status(world(), settings(owner="alice@example.com"))).splitlines()[1]

    assert row.split() == [
        ALICE,
        "InService",
        "alice@example.com",
        "analytics",
        LIVE,
        VERSION,
        "2026-11-25T04:00:00Z",
        "ok,",
        "Livy",
        "answered",
    ]


def test_whether_livy_answers_now_is_said_not_to_be_checked_where_a_notebook_runs() -> None:
    running, stopped = world(), world()
    stopped.put(ALICE, "Stopped")

    assert shown(status(running)).splitlines()[2:] == [
        f"Livy is not checked: {NOT_ASKED}. Next: {ASKED_BY}"
    ]
    assert "not checked" not in shown(status(stopped))


def test_a_notebook_whose_log_has_no_report_says_so_in_the_place_of_its_last_start() -> None:
    made = world()
    made.logs[ALICE] = ["nothing of ours"]

    assert shown(status(made)).splitlines()[1].endswith("no report")
    assert "not known" in shown(status(world(denied={"logs:GetLogEvents"})))


def test_a_notebook_that_sagemaker_does_not_have_is_not_deployed() -> None:
    found = status(NotebookWorld())

    assert shown(found).splitlines()[1].startswith(f"{ALICE}  not deployed")
    assert only(found)["state"] is None
    assert only(found)["attention"] == []


def test_a_notebook_of_another_name_is_shown_with_its_key() -> None:
    made = NotebookWorld()
    made.put("spark-lab")

    assert "spark-lab (alice)" in shown(status(made, settings(name="spark-lab")))


def test_a_notebook_that_was_never_started_shows_what_its_first_start_will_be_told() -> None:
    made = world()
    made.put(ALICE, "Pending")
    del made.logs[ALICE]
    row = shown(status(made)).splitlines()[1]

    assert f"→ {LIVE}" in row
    assert f"→ {VERSION}" in row


def test_a_running_notebook_whose_script_was_deployed_anew_has_to_be_restarted() -> None:
    made = world()
    made.put(ALICE, "InService", *report(version=OLD_VERSION))
    found = only(status(made))

    assert found["attention"] == [f"it runs start script “{OLD_VERSION}”; {VERSION} is deployed"]
    assert found["next"] == [COMMANDS.restart(ALICE)]


def test_a_running_notebook_whose_address_was_deployed_anew_has_to_be_restarted() -> None:
    made = world()
    made.put(ALICE, "InService", *report(livy_url=OLD))
    found = only(status(made))

    assert found["attention"] == [f"it uses “{OLD}”; the deployed address is {LIVE}"]
    assert found["next"] == [COMMANDS.restart(ALICE)]
    assert f"{OLD} → {LIVE}" in shown(status(made))


def test_a_report_of_a_script_that_had_no_version_is_an_older_one() -> None:
    made = world()
    lines = [line for line in report() if not line.startswith("script:")]
    made.put(ALICE, "InService", *lines)

    assert "it runs start script one without a version" in only(status(made))["attention"][0]


def test_a_stopped_notebook_takes_what_is_deployed_and_needs_no_attention() -> None:
    made = world()
    made.put(ALICE, "Stopped", *report(livy_url=OLD, version=OLD_VERSION))

    assert only(status(made))["attention"] == []


def test_a_failed_notebook_is_shown_with_sagemakers_reason() -> None:
    made = world()
    made.put(ALICE, "Failed")
    made.notebooks[ALICE]["FailureReason"] = "took longer than 5 minutes."
    found = only(status(made))

    assert found["attention"] == ["SageMaker could not start it: took longer than 5 minutes"]
    assert found["next"] == [COMMANDS.log(ALICE), COMMANDS.start(ALICE)]
    assert made.count("describe_notebook_instance") == 1


def test_a_last_start_that_failed_is_shown_with_its_own_next_step() -> None:
    made = world()
    lines = report("problem: Livy: refused", "next: start livy-server", state="failed")
    made.put(ALICE, "Stopped", *lines)

    [said] = only(status(made))["attention"]
    assert said == (
        "its last start ended with failed, and its log says: “Livy: refused”; "
        "what helps: “start livy-server”"
    )


def test_an_address_of_the_users_own_is_a_warning_and_no_outdated_address() -> None:
    made = world()
    problem = f"problem: /home/ec2-user/sparkmagic.json replaces the deployed {LIVE}"
    lines = report(problem, "next: delete it", state="warning", livy_url=OLD)
    made.put(ALICE, "InService", *lines)
    [(notebook, found)] = status(made).notebooks

    assert [each.verdict for each in found] == [Verdict.WARNING]
    assert status_findings(notebook, COMMANDS) == found
    assert OLD in shown(status(made))
    assert "→" not in shown(status(made))


def test_only_notebooks_that_need_attention_can_be_asked_for() -> None:
    made = world()
    made.put(f"{STACK}-bob", "Failed")
    made.put(f"{STACK}-old", "InService")
    made.tag(f"{STACK}-old")
    found = status(made, settings("alice", "bob", "carol")).needing_attention()

    assert [notebook.settings.key for notebook, _ in found.notebooks] == ["bob"]
    assert found.kept == ()


def test_a_kept_notebook_that_the_settings_no_longer_name_is_shown_as_that() -> None:
    made = world()
    made.put("Spark-Old", "InService")
    made.tag("Spark-Old", owner="carol@example.com")
    made.tag(ALICE)
    found = status(made)

    assert status_json("test", found, NOW)["kept"] == [
        {
            "name": "Spark-Old",
            "state": "InService",
            "stack": STACK,
            "owner": "carol@example.com",
            "held_by_stack": False,
        }
    ]
    assert "Spark-Old" in shown(found)
    assert "InService, kept, not in the settings" in shown(found)


def test_a_notebook_that_a_stack_still_holds_is_not_called_kept_before_the_next_deploy() -> None:
    made = world(held=[arn("Spark-Old")])
    made.put("Spark-Old", "InService")
    made.tag("Spark-Old")
    found = status(made)

    assert "InService, not in the settings" in shown(found)
    assert (
        "Spark-Old: not in the settings: the next deploy lets it go or deletes it, as plan says"
        in shown(found).splitlines()
    )
    assert status_json("test", found, NOW)["kept"][0]["held_by_stack"] is True


def test_what_a_stack_holds_is_read_once_for_notebooks_and_lifecycle_configurations() -> None:
    made = world(held=[arn("Spark-Old")])
    made.put("Spark-Old", "InService")
    made.tag("Spark-Old")
    made.put_lifecycle("Start-Former-1A")
    found = status(made)

    assert len(found.leftovers) == 1
    assert [name for name, _ in made.calls].count("list_stack_resources") == 1


def test_a_notebook_that_a_stack_lists_as_let_go_is_a_kept_one() -> None:
    made = world(held=[arn("Spark-Old")], held_status="DELETE_SKIPPED")
    made.put("Spark-Old", "InService")
    made.tag("Spark-Old")

    assert "InService, kept, not in the settings" in shown(status(made))


def test_whether_a_notebook_was_kept_is_left_open_where_stacks_may_not_be_read() -> None:
    made = world(denied={"cloudformation:ListStackResources"})
    made.put("Spark-Old", "InService")
    made.tag("Spark-Old")
    found = status(made)

    assert "InService, not in the settings" in shown(found)
    assert "the next deploy" not in shown(found)
    assert "cloudformation:ListStackResources" in found.denied


def test_a_kept_notebook_that_is_in_the_list_costs_no_call_of_its_own() -> None:
    made = world()
    made.put(f"{ALICE}-2")
    made.tag(f"{ALICE}-2")

    assert [each.name for each in status(made).kept] == [f"{ALICE}-2"]
    assert made.count("describe_notebook_instance") == 0


def test_the_stages_first_stack_may_keep_some_when_all_notebooks_are_in_others() -> None:
    made = world()
    made.put("left-over")
    made.tag("left-over", stack=STACK)

    assert [each.name for each in status(made, settings(stack="second")).kept] == ["left-over"]


def test_tags_that_outlive_their_notebook_show_nothing() -> None:
    made = world()
    made.tag(f"{STACK}-gone")

    assert status(made).kept == []


def test_a_notebook_of_another_stages_stack_is_not_a_kept_one() -> None:
    made = world()
    made.put(f"{STACK}-2-dave")
    made.tag(f"{STACK}-2-dave", stack=f"{STACK}-2")

    assert status(made).kept == []


def test_kept_notebooks_of_more_than_twenty_stacks_are_looked_for_in_several_calls() -> None:
    many = {f"n{n}": {"cluster": "analytics", "stack": f"s{n}"} for n in range(45)}
    asked = parse(stage(lambda data: data.update(notebooks=many)))
    made = NotebookWorld()
    made.put("left-over")
    made.tag("left-over", stack=f"{STACK}-s44")

    assert [each.name for each in status(made, asked).kept] == ["left-over"]
    # Twenty at once, and once more for lifecycle configurations.
    assert made.count("get_resources") == 2 * 3


class TestLifecycleConfigurations:
    """`start` is alice's."""

    def test_one_that_no_notebook_has_and_no_stack_holds_is_listed_with_what_deletes_it(
        self,
    ) -> None:
        made = world(held=[arn("start", LIFECYCLE)])
        for name in ("start", "Start-Former-1A"):
            made.put_lifecycle(name)
        found = status(made)

        delete = (
            "aws sagemaker delete-notebook-instance-lifecycle-config "
            f"--notebook-instance-lifecycle-config-name Start-Former-1A --region {REGION}"
        )
        what = "lifecycle configuration Start-Former-1A: no notebook uses it any more"
        assert status_json("test", found, NOW)["leftovers"] == [{"what": what, "next": [delete]}]
        shown_last = shown(found).splitlines()[-4:]
        assert shown_last[0] == what
        assert shown_last[2:] == [NEXT, f"  {delete}"]
        assert found.needing_attention().leftovers == ()

    def test_one_of_a_notebook_of_whatever_name_is_in_use(self) -> None:
        made = world()
        made.put_lifecycle("former")
        made.put("spark-old", "Stopped", lifecycle="Former")

        assert status(made).leftovers == []
        # Nothing else needs to be asked.
        assert made.count("list_stack_resources") == 0

    def test_one_that_a_stack_still_holds_may_be_attached_again_by_a_rollback(self) -> None:
        made = world(held=[arn("former", LIFECYCLE)])
        made.put_lifecycle("Former")

        assert status(made).leftovers == []

    def test_after_the_stack_is_destroyed_those_of_deleted_notebooks_are_left(self) -> None:
        made = NotebookWorld()
        made.put_lifecycle("former")

        assert [each.what.split(":")[0] for each in status(made).leftovers] == [
            "lifecycle configuration former"
        ]

    def test_one_of_another_stage_or_that_is_gone_is_not_listed(self) -> None:
        made = world(held=[])
        made.put_lifecycle("others", stack=f"{STACK}-2")
        made.put_lifecycle("gone")
        del made.scripts["gone"]

        assert status(made).leftovers == []

    @pytest.mark.parametrize(
        "action",
        ["sagemaker:ListNotebookInstanceLifecycleConfigs", "cloudformation:ListStackResources"],
    )
    def test_what_may_not_be_read_is_named_and_nothing_is_said_to_be_unused(
        self, action: str
    ) -> None:
        made = world(denied={action})
        made.put_lifecycle("former")
        found = status(made)

        assert found.leftovers == []
        assert found.denied == {action}


def test_two_hundred_notebooks_cost_two_lists_one_script_and_a_log_each() -> None:
    keys = [f"user-{n}" for n in range(200)]
    made = NotebookWorld()
    for key in keys:
        made.put(f"{STACK}-{key}")
    found = status(made, settings(*keys))

    assert len(found.notebooks) == 200
    assert made.count("list_notebook_instances") == 2
    assert made.count("describe_notebook_instance_lifecycle_config") == 1
    assert made.count("get_log_events") == 200
    # Notebooks and lifecycle configurations that were kept.
    assert made.count("get_resources") == 2
    assert len(made.calls) == 205


def test_the_list_is_narrowed_to_how_the_settings_names_begin() -> None:
    made = world()
    status(made, settings("alice", "alan"))
    [asked] = [given for method, given in made.calls if method == "list_notebook_instances"]

    assert asked["NameContains"] == f"{STACK}-al"


def test_names_that_have_nothing_in_common_are_listed_without_a_filter() -> None:
    made = world()
    made.put("zoe")
    found = status(made, settings("bob", "alice", name="zoe"))

    assert [notebook.state for notebook, _ in found.notebooks] == ["InService", "InService"]


def test_a_stage_without_notebooks_lists_none() -> None:
    made = NotebookWorld()
    asked = parse(stage(lambda data: data.update(notebooks={})))

    assert status(made, asked).notebooks == []
    assert made.count("list_notebook_instances") == 0


@pytest.mark.parametrize(
    ("action", "unknown"),
    [
        ("logs:GetLogEvents", ("address", "script", "last_start")),
        (
            "sagemaker:DescribeNotebookInstanceLifecycleConfig",
            ("deployed_address", "deployed_script"),
        ),
        ("tag:GetResources", ()),
    ],
)
def test_what_may_not_be_read_is_null_and_the_rest_is_shown(
    action: str, unknown: tuple[str, ...]
) -> None:
    found = status(world(denied={action}))

    assert status_json("test", found, NOW)["denied"] == [action]
    assert all(only(found)[name] is None for name in unknown)
    assert only(found)["state"] == "InService"


def test_without_a_list_there_is_nothing_to_show() -> None:
    with pytest.raises(Denied, match="sagemaker:ListNotebookInstances"):
        status(world(denied={"sagemaker:ListNotebookInstances"}))


def test_the_json_is_whole_and_plain() -> None:
    found = status_json("test", status(world()), NOW)

    assert json.loads(json.dumps(found)) == found
    assert found["notebooks"][0]["last_start"] == {
        "time": "2026-11-25T04:00:00Z",
        "state": "ok",
        "check": "ok",
        "problems": [],
    }


HOSTILE = "\x1b[2J\x1b]0;owned\x07\x9b31m\u202eko\u2066\x00\b\u200f”. Next: rm -rf ~"


def test_nothing_that_a_notebook_says_reaches_the_terminal_but_as_quoted_text() -> None:
    made = world()
    values = [f"{line} {HOSTILE}" for line in report(state="failed")]
    made.put(ALICE, "InService", *values, f"problem: {HOSTILE}", f"next: {HOSTILE * 1000}")
    printed = shown(status(made))

    assert [each for each in printed if not (each.isprintable() or each == "\n")] == []
    quotations = re.findall("“([^“”]*)”", printed)
    assert any("owned" in each and "Next: rm -rf ~" in each for each in quotations)
    outside = re.sub("“[^“”]*”", "", "\n".join(printed.splitlines()[2:]))
    assert "rm -rf" not in outside
    assert max(map(len, quotations)) <= 400


def test_the_owners_of_kept_notebooks_are_shown_without_control_characters() -> None:
    made = world()
    made.put("left-over")
    made.tag("left-over", owner="carol\u2028\u202e")

    assert "\u2028" not in shown(status(made))
    assert "\u202e" not in shown(status(made))


def test_in_a_pipe_a_notebook_is_one_line_however_long() -> None:
    made = world()
    host = "ip-10-0-0-5." + "x" * 220 + ".internal"
    made.scripts["start"] = script(f"https://{host}:8998")
    lines = shown(status(made), width=80).splitlines()

    assert f"https://{host}:8998" in lines[1]
    assert lines[1].startswith(ALICE)


@pytest.mark.parametrize("width", [20, 80, 200])
def test_on_a_terminal_of_any_width_no_name_or_address_is_broken(width: int) -> None:
    made, owner = world(), "alice@example.com"
    made.put(ALICE, "InService", *report(livy_url=OLD))
    found = status(made, settings(owner=owner))
    printed = Text.from_ansi(shown(found, terminal=True, width=width)).plain
    lines = [line.rstrip() for line in printed.splitlines()]

    for word in (ALICE, "InService", owner, OLD, LIVE, VERSION):
        assert any(word in line.split() for line in lines), word
    if width == 80:
        assert lines[:4] == [
            f"Notebook: {ALICE}",
            "State: InService",
            f"Owner: {owner}",
            "Cluster: analytics",
        ]


def test_words_in_brackets_are_shown_as_they_are() -> None:
    made = world()
    made.put(ALICE, "InService", *report("problem: [Errno 28] full", state="warning"))

    assert "its log says: “[Errno 28] full”" in shown(status(made))


COMING = "stop 2026-07-03 19:30 Europe/Berlin"


def test_when_it_is_started_or_stopped_next_is_a_column_where_there_are_such_times() -> None:
    found = status(scheduled_world(), settings(schedule=NIGHTS))

    head, row, *_ = shown(found).splitlines()
    assert head.endswith("Acts next")
    assert row.endswith(COMING)
    assert only(found)["acts_next"] == COMING
    assert "Acts next" not in shown(status(world()))
    assert only(status(world()))["acts_next"] is None


@pytest.mark.parametrize(
    ("expression", "state", "said", "next_commands"),
    [
        (None, "", "that is not deployed", [COMMANDS.deploy()]),
        (START_AT_8, "ENABLED", "the deployed schedule says 08:00 mon-fri", [COMMANDS.deploy()]),
        ("rate(1 day)", "ENABLED", "the deployed schedule says rate(1 day)", [COMMANDS.deploy()]),
        (STOP_AT_1930, "DISABLED", "its schedule is disabled. Next: enable alice-stop in", []),
    ],
)
def test_a_time_that_scheduler_does_not_have_so_needs_attention(
    expression: str | None, state: str, said: str, next_commands: list[str]
) -> None:
    made = scheduled_world()
    del made.schedules[STACK, "alice-stop"]
    if expression is not None:
        made.put_schedule("alice-stop", expression, state=state)

    found = only(status(made, settings(schedule=NIGHTS)))

    [attention] = found["attention"]
    assert attention.startswith("it is not going to stop at 19:30 mon-fri Europe/Berlin: ")
    assert said in attention
    assert found["next"] == next_commands


def test_times_are_a_call_each_and_none_where_there_are_none() -> None:
    made = scheduled_world()
    status(made, settings("alice", "bob", schedule=NIGHTS))

    assert [name for name, _ in made.calls].count("get_schedule") == 2


def test_times_that_may_not_be_read_are_said_to_be_missing() -> None:
    made = scheduled_world()
    made.denied = {"scheduler:GetSchedule"}
    found = status(made, settings(schedule=NIGHTS))

    assert found.denied == {"scheduler:GetSchedule"}
    assert only(found)["attention"] == []
