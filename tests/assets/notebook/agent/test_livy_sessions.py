"""Which of the notebook's Livy sessions run a statement, as Livy lists them."""

import json
from pathlib import Path
from typing import Any

import pytest

from emr_notebook_agent import livy_sessions
from tests.assets.notebook.scratch_instance import server

APPLICATION = "application_1700000000000_0007"


def view(number: int, state: str, application: str | None = APPLICATION) -> dict[str, Any]:
    return {"id": number, "state": state, "appId": application}


def running(home: Path, *views: object, url: str = "", application: str = APPLICATION) -> list[str]:
    """What is said of session 7 of this notebook's, when Livy lists these."""
    with server(body=json.dumps({"sessions": views}).encode()) as livy:
        config = home / ".sparkmagic" / "config.json"
        config.parent.mkdir(exist_ok=True)
        config.write_text(json.dumps({"kernel_python_credentials": {"url": livy.url}}))
        livy_sessions.remember(home, url or f"{livy.url}/", "7", application)
        found = livy_sessions.running(home)
        # A request for one session would be taken for its kernel's heartbeat.
        assert {path.partition("?")[0] for _, path, _ in livy.requests} <= {"/sessions"}
    return found


def test_a_session_that_works_on_after_its_cell_was_interrupted_is_said_to_run(
    tmp_path: Path,
) -> None:
    assert running(tmp_path, view(7, "busy")) == ["Spark session 7 runs a statement"]


@pytest.mark.parametrize(
    "views",
    [
        pytest.param([view(7, "idle")], id="it waits for a cell"),
        pytest.param([view(8, "busy")], id="another notebook's"),
        pytest.param([view(7, "busy", "application_1700000000000_0001")], id="its number is taken"),
        pytest.param([], id="it is gone"),
        pytest.param([None, {"id": {}}, {"state": "busy"}], id="no sessions"),
    ],
)
def test_no_other_session_is(tmp_path: Path, views: list[object]) -> None:
    assert running(tmp_path, *views) == []


def test_a_session_without_an_application_yet_is_known_by_its_number(tmp_path: Path) -> None:
    assert running(tmp_path, view(7, "busy", None), application="")


def test_a_session_at_another_livy_is_not_asked_about_here(tmp_path: Path) -> None:
    assert running(tmp_path, view(7, "busy"), url="http://192.0.2.1:8998") == []


def test_without_a_session_livy_is_not_asked(tmp_path: Path) -> None:
    livy_sessions.remember(tmp_path, "http://192.0.2.1:8998", "7")
    livy_sessions.forget(tmp_path, "7")
    livy_sessions.forget(tmp_path, "7")

    assert livy_sessions.running(tmp_path) == []


@pytest.mark.parametrize("text", ["", "[]", "{", '{"url": 1}'])
def test_what_is_no_note_disturbs_nothing(tmp_path: Path, text: str) -> None:
    folder = tmp_path / livy_sessions.FOLDER
    folder.mkdir(parents=True)
    (folder / "7").write_text(text)
    (folder / "x").mkdir()

    assert livy_sessions.running(tmp_path) == []
