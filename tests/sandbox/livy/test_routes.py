"""What the stand-in answers to requests, whatever its sessions' processes do."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox.livy import session as session_module
from sandbox.livy.routes import Request, Response, Routes
from sandbox.livy.session import RETAIN_SECONDS
from sandbox.livy.sessions import Sessions

OK = {"status": "ok", "data": {"text/plain": "2"}}


class FakeProcess:
    """A session's process that says what the test has it say."""

    latest: "FakeProcess"

    def __init__(
        self, _: Path, on_message: Callable[[dict[str, Any]], None], on_end: Callable[[], None]
    ) -> None:
        self.say, self.end = on_message, on_end
        self.sent: list[dict[str, Any]] = []
        FakeProcess.latest = self

    def start(self, conf: dict[str, str]) -> None:
        self.conf = conf

    def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)

    def log(self) -> list[str]:
        return ["stdout: ", "\nstderr: "]

    def last_words(self) -> str:
        return "the last words"


class Livy:
    """The routes of a Livy whose sessions have no processes."""

    def __init__(self, directory: Path, version: str = "0.9.0-incubating") -> None:
        self.routes = Routes(Sessions(directory, version))

    def ask(self, method: str, path: str, body: Any = None) -> Response:
        path, _, query = path.partition("?")
        pairs = dict(pair.split("=") for pair in query.split("&") if pair)
        text = "" if body is None else json.dumps(body)
        return self.routes.answer(Request(method, path, pairs, text))

    def start(self, **fields: Any) -> FakeProcess:
        assert self.ask("POST", "/sessions", {"kind": "pyspark", **fields}).status == 201
        FakeProcess.latest.say({"ready": True})
        return FakeProcess.latest

    def output(self, number: int) -> Any:
        statement: Any = self.ask("GET", f"/sessions/0/statements/{number}").body
        return statement["output"]

    def state(self) -> str:
        answer: Any = self.ask("GET", "/sessions/0/state").body
        return str(answer["state"])


@pytest.fixture
def livy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Livy:
    monkeypatch.setattr(session_module, "SessionProcess", FakeProcess)
    return Livy(tmp_path)


def submit(livy: Livy, code: str, **fields: str) -> Response:
    return livy.ask("POST", "/sessions/0/statements", {"code": code, **fields})


def test_statements_are_listed_latest_first_when_asked_so(livy: Livy) -> None:
    livy.start()
    for code in "abc":
        submit(livy, code)

    page: Any = livy.ask("GET", "/sessions/0/statements?order=desc&from=0&size=2").body

    assert [statement["code"] for statement in page["statements"]] == ["c", "b"]


def test_nothing_can_be_asked_of_the_statements_of_a_session_whose_jvm_has_ended(
    livy: Livy,
) -> None:
    process = livy.start()
    submit(livy, "in mid-cell")

    process.say({"jvm_ended": True})
    process.end()

    assert livy.state() == "dead"
    for path in ("/sessions/0/statements/0", "/sessions/0/statements"):
        answer = livy.ask("GET", path)
        assert answer.status == 400
        assert answer.body == {"msg": "requirement failed: Session isn't active."}
    for path in ("statements/0/cancel", "completion"):
        refused = livy.ask("POST", f"/sessions/0/{path}", {})
        assert refused.status == 500
        assert refused.body == "java.lang.IllegalStateException: Session is in state dead"


def test_a_session_whose_jvm_has_just_ended_is_kept_for_those_who_ask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_module, "SessionProcess", FakeProcess)
    session = Sessions(tmp_path).create({"kind": "pyspark"})

    FakeProcess.latest.say({"jvm_ended": True})

    assert not session.expired(time.monotonic() + RETAIN_SECONDS - 5)
    assert session.expired(time.monotonic() + RETAIN_SECONDS + 5)


def test_an_interpreter_that_dies_answers_all_that_is_asked_and_its_last_words_once(
    livy: Livy,
) -> None:
    process = livy.start()
    for code in ("os._exit(3)", "waits"):
        submit(livy, code)

    process.end()
    later = submit(livy, "1 + 1")

    died = {"status": "error", "ename": "Error", "traceback": []}
    assert later.status == 201
    assert livy.output(0) == {
        **died,
        "execution_count": 0,
        "evalue": "Interpreter died:\nthe last words",
    }
    for number in (1, 2):
        assert livy.output(number) == {
            **died,
            "execution_count": number,
            "evalue": "Interpreter died:\n",
        }
    assert livy.state() == "error"


def test_an_interpreter_that_dies_unasked_is_missed_by_the_next_statement(livy: Livy) -> None:
    livy.start().end()
    assert livy.state() == "idle"

    submit(livy, "1 + 1")

    assert livy.output(0)["evalue"].startswith("Interpreter died")
    assert livy.state() == "error"


def test_sql_that_a_livy_would_run_after_its_interpreter_died_is_refused_in_the_stand_ins_words(
    livy: Livy,
) -> None:
    livy.start().end()

    submit(livy, "select 1", kind="sql")

    assert livy.output(0)["evalue"].startswith("The sandbox's stand-in for Livy runs SQL in")


@pytest.mark.parametrize(("kind", "language"), [("spark", "Scala"), ("r", "R")])
def test_a_statement_in_another_language_is_answered_with_who_runs_it(
    livy: Livy, kind: str, language: str
) -> None:
    process = livy.start()

    submit(livy, "1 + 1", kind=kind)

    refusal = livy.output(0)["evalue"]
    assert f"runs Python and SQL, not {language}, which a cluster's Livy" in refusal
    assert ("LIVY_HOME" in refusal) is (language == "Scala")
    assert process.sent == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/batches"),
        ("GET", "/batches/3"),
        ("POST", "/sessions/0/upload-file"),
        ("POST", "/sessions/0/run-job"),
        ("GET", "/sessions/0/jobs/1"),
        ("POST", "/sessions/0/interrupt"),
    ],
)
def test_what_the_stand_in_lacks_of_livy_it_says_it_lacks(
    livy: Livy, method: str, path: str
) -> None:
    answer = livy.ask(method, path, {})

    assert answer.status == 501
    assert f"The sandbox's stand-in for Livy has no {path}" in str(answer.body)


def test_a_rejected_session_has_used_its_id_and_is_not_there(livy: Livy) -> None:
    livy.start(name="mine")
    rejected = livy.ask("POST", "/sessions", {"name": "7"})
    again = livy.ask("POST", "/sessions", {"name": "mine"})
    listed: Any = livy.ask("GET", "/sessions").body

    assert (rejected.status, again.status, listed["total"]) == (400, 400, 1)
    assert rejected.body == {"msg": "Rejected, Reason: Invalid session name: 7"}
    reason = "Rejected, Reason: Duplicate session name: Some(mine) for session 2"
    assert again.body == {"msg": reason}


def test_a_statement_is_answered_when_its_process_answers(livy: Livy) -> None:
    process = livy.start()
    submit(livy, "1 + 1")

    process.say({"id": 0, "output": OK})

    assert process.sent == [{"id": 0, "kind": "pyspark", "code": "1 + 1"}]
    assert livy.output(0) == {**OK, "execution_count": 0}
    assert livy.state() == "idle"
