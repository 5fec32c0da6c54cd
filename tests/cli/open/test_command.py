"""`emr-notebook open`: where the address goes that it makes, and why it makes none."""

import webbrowser
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from emr_notebook.cli import main
from emr_notebook.cli.aws.notebook_actions import NotebookActions
from emr_notebook.cli.aws.reader import CommandError, Reader
from emr_notebook.cli.open.browser import graphical_browser
from emr_notebook.cli.open.readiness import MOST_MINUTES, start_and_wait
from emr_notebook.settings.model import Settings
from tests.assets.cluster_endpoint.emr_records import ACCOUNT, refused
from tests.cli.aws.stage_in_memory import ALICE, COMMANDS, NotebookWorld, arn
from tests.cli.aws_in_memory import Fields
from tests.conftest import stage

URL = "https://alice.notebook.eu-west-1.sagemaker.aws/?authToken=secret"
AGAIN = "emr-notebook open alice --stage test"
OPEN = "sagemaker:CreatePresignedNotebookInstanceUrl"
Open = Callable[..., Result]


@dataclass
class OpenedWorld(NotebookWorld):
    """Notebooks that can be opened and started. `states` are those that alice's is in by turns.

    `seconds` is the time that was slept.
    """

    states: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        described = self.answers["sagemaker", "describe_notebook_instance"]

        def describe(given: Fields) -> Fields:
            if self.states:
                self.notebooks[ALICE]["NotebookInstanceStatus"] = self.states.pop(0)
            return described(given)

        self.answers |= {
            ("sts", "get_caller_identity"): lambda _: {"Account": ACCOUNT, "Arn": arn("x")},
            ("sagemaker", "describe_notebook_instance"): describe,
            ("sagemaker", "create_presigned_notebook_instance_url"): self._url,
            ("sagemaker", "start_notebook_instance"): self._start,
        }

    def _url(self, given: Fields) -> Fields:
        state = self.notebooks[given["NotebookInstanceName"]]["NotebookInstanceStatus"]
        if state != "InService":
            raise refused("ValidationException", f"Status ({state}) not in ([InService]).")
        return {"AuthorizedUrl": URL}

    def _start(self, given: Fields) -> Fields:
        if self.notebooks[given["NotebookInstanceName"]]["NotebookInstanceStatus"] not in (
            "Stopped",
            "Failed",
        ):
            raise refused("ValidationException", "not in ([Stopped, Failed])")
        return {}

    def start(self) -> None:
        """Start alice's notebook and wait, on a clock of its own."""

        def sleep(seconds: float) -> None:
            self.seconds += seconds

        reader = self.reader()
        start_and_wait(
            reader,
            NotebookActions.of(reader),
            ALICE,
            COMMANDS,
            say=lambda _: None,
            now=lambda: self.seconds,
            sleep=sleep,
        )


def world(*states: str, failure: str = "", denied: str = "") -> OpenedWorld:
    """Alice's notebook in these states by turns; it stays in the last."""
    made = OpenedWorld(states=list(states), denied={denied})
    made.put()
    if failure:
        made.notebooks[ALICE]["FailureReason"] = failure
    return made


class Browser(webbrowser.BaseBrowser):
    """Remembers what it was told to open."""

    def __init__(self, *, starts: bool) -> None:
        super().__init__()
        self.starts = starts
        self.opened: list[str] = []

    def open(self, url: str, *_: object, **__: object) -> bool:
        self.opened.append(url)
        return self.starts


@pytest.fixture
def open_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Runs the command for the stage `test` in a world."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config/test.yaml").write_text(yaml.safe_dump(stage()))
    monkeypatch.chdir(tmp_path)

    def run(
        made: OpenedWorld, *more: str, name: str = "alice", browser: Browser | None = None
    ) -> Result:
        def reader(_: Settings) -> Reader:
            return made.reader()

        at = "emr_notebook.cli.open.command"
        monkeypatch.setattr(f"{at}.reader_for", reader)
        monkeypatch.setattr(f"{at}.graphical_browser", lambda: browser)
        done = CliRunner().invoke(main.app, ["open", name, "--stage", "test", *more])
        assert done.exception is None or isinstance(done.exception, SystemExit)
        return done

    return run


@pytest.mark.parametrize("name", ["alice", ALICE])
def test_the_address_goes_to_the_browser_and_is_printed_nowhere(open_in: Open, name: str) -> None:
    browser = Browser(starts=True)
    done = open_in(world("InService"), name=name, browser=browser)

    assert browser.opened == [URL]
    assert (done.exit_code, done.stdout) == (0, f"{ALICE} is open in the browser\n")
    assert "authToken" not in done.stdout + done.stderr


def test_asked_to_print_it_that_alone_goes_to_the_output(open_in: Open) -> None:
    browser = Browser(starts=True)
    done = open_in(world("InService"), "--print", browser=browser)

    assert (done.exit_code, done.stdout, browser.opened) == (0, f"{URL}\n", [])
    assert "5 minutes" in done.stderr


def test_without_a_browser_no_address_is_made(open_in: Open) -> None:
    made = world("InService")
    done = open_in(made)

    assert (done.exit_code, made.calls) == (1, [])
    assert "Next: emr-notebook open alice --stage test --print" in done.stderr


def test_a_browser_that_does_not_start_is_no_traceback_and_shows_no_address(open_in: Open) -> None:
    done = open_in(world("InService"), browser=Browser(starts=False))

    assert done.exit_code == 1
    assert "error: the browser did not start. Next: " in done.stderr
    assert "authToken" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (
            "Stopped",
            f"{ALICE} is Stopped. Next: {AGAIN} --start, or aws sagemaker start-notebook-instance ",
        ),
        ("Failed", f"{ALICE} is Failed (no \N{REPLACEMENT CHARACTER}[2J room). Next: "),
        ("Pending", f"{ALICE} is Pending. Next: {AGAIN} --start"),
        ("Stopping", f"{ALICE} is Stopping. Next: {AGAIN} --start"),
        ("Deleting", f"{ALICE} is Deleting, and cannot be opened."),
    ],
)
def test_one_that_does_not_run_is_named_with_what_to_do_and_nothing_is_done(
    open_in: Open, state: str, said: str
) -> None:
    made = world(state, failure="no \x1b[2J room.")
    done = open_in(made, "--print")

    assert (done.exit_code, done.stdout) == (1, "")
    assert f"error: {said}" in done.stderr
    assert {method for method, _ in made.calls} == {"describe_notebook_instance"}


def test_one_that_sagemaker_does_not_have_is_to_be_deployed(open_in: Open) -> None:
    made = world()
    made.notebooks = {}

    assert "Next: deploy it: cdk deploy -c stage=test" in open_in(made, "--print").stderr


def test_one_that_the_settings_do_not_have_is_answered_with_those_that_they_have(
    open_in: Open,
) -> None:
    done = open_in(world(), "--print", name="bob")

    assert "stage test has no notebook 'bob'. Notebooks: alice. Next: " in done.stderr


@pytest.mark.parametrize("denied", [OPEN, "sagemaker:DescribeNotebookInstance"])
def test_a_missing_permission_is_named_and_where_to_look(open_in: Open, denied: str) -> None:
    done = open_in(world("InService", denied=denied), "--print")

    assert done.exit_code == 1
    assert f"error: these credentials may not {denied}. Next: emr-notebook doctor" in done.stderr
    assert "--as ARN" in done.stderr


class TestStarting:
    @pytest.mark.parametrize("before", ["Stopped", "Failed"])
    def test_it_is_started_once_and_waited_for(self, before: str) -> None:
        made = world(before, "Pending", "Pending", "InService")
        made.start()

        assert made.count("start_notebook_instance") == 1

    def test_one_that_is_stopping_is_started_when_it_has_stopped(self) -> None:
        made = world("Stopping", "Stopping", "Stopped", "Pending", "InService")
        made.start()

        assert made.count("start_notebook_instance") == 1

    def test_one_that_runs_or_starts_already_is_not_started(self) -> None:
        made = world("Pending", "InService")
        made.start()

        assert made.count("start_notebook_instance") == 0

    def test_one_that_fails_says_why(self) -> None:
        made = world("Stopped", "Pending", "Failed", failure="the script took long")

        with pytest.raises(CommandError, match=r"did not start: the script took long\. Next: aws"):
            made.start()

    def test_one_that_never_comes_is_given_up_and_the_wait_is_bounded(self) -> None:
        made = world("Stopped", "Pending")

        with pytest.raises(CommandError, match=r"still Pending after 15 minutes\. Next: wait"):
            made.start()
        assert made.seconds == 60 * MOST_MINUTES

    def test_one_that_is_deleted_meanwhile_is_not_waited_for(self) -> None:
        with pytest.raises(CommandError, match="is Deleting, and cannot be opened"):
            world("Pending", "Deleting").start()


class TestTheBrowser:
    def test_there_is_none_where_python_finds_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def none(_: str | None = None) -> webbrowser.BaseBrowser:
            raise webbrowser.Error("could not locate runnable browser")

        monkeypatch.setattr(webbrowser, "get", none)
        assert graphical_browser() is None

    def test_a_terminals_is_none_unless_somebody_names_it(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(webbrowser, "get", lambda: webbrowser.GenericBrowser("lynx"))
        monkeypatch.delenv("BROWSER", raising=False)
        assert graphical_browser() is None

        monkeypatch.setenv("BROWSER", "lynx")
        assert graphical_browser() is not None
