"""The stand-in answers what a real Livy 0.8.0 and a 0.9.0 answered, exchange by exchange.

`recordings/` holds what was asked of each and what it said, in order. Set LIVY_URL (or say
`make livy-contract URL=…`) to put the questions of its own version to another Livy, which must
have no sessions and run Spark 3.5 on its own machine.
"""

import json
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.livy.running_livy import Answer, LivyClient, running_stand_in

pytestmark = pytest.mark.sandbox

RECORDINGS = Path(__file__).parent / "recordings"
CUT = "…"
# Livy looks for lapsed heartbeats once a minute.
LAPSE_SECONDS = 75
PAGE_SIZE = 100
# Before 0.9 there are other fields; a version that came later has those of the newest recorded.
FIRST_OF_NEWEST = (0, 9)

_STEPS = [
    pytest.param(file.parent.name, step, id=f"{file.parent.name}-{file.stem}-{number:02}")
    for file in sorted(RECORDINGS.glob("*/*.json"))
    for number, step in enumerate(json.loads(file.read_text()))
]
_WITH_LIVY_URL = pytest.mark.skipif(
    "LIVY_URL" not in os.environ, reason="LIVY_URL names no Livy, and the stand-in has no Scala"
)
_SESSION_PATH = re.compile(r"/sessions/(\d+)")
_ADDRESS = re.compile(r"\b0x[0-9a-f]+\b")
_LIBRARY_FILE = re.compile(r'File ".*/((?:pyspark|py4j)/)')
# The marks below a line of source in a traceback are drawn differently by each Python.
_FURTHER_SOURCE = re.compile(r"^(  File .*\n    .*\n)(?:    .*\n)+")
_MARKS = re.compile(r"^[ ~^]*\^[ ~^]*\n", re.MULTILINE)
_JAVA_FRAME = re.compile(r"[\w.$/]+\([^()]*\)")


class Replay:
    """A Livy under test, and which of its sessions stands for which recorded one."""

    def __init__(self, client: LivyClient) -> None:
        self.client = client
        self.actual: dict[int, int] = {}

    def path(self, recorded: str) -> str:
        return _SESSION_PATH.sub(
            lambda found: f"/sessions/{self.actual.get(int(found[1]), int(found[1]))}", recorded
        )

    def ask(self, request: dict[str, Any]) -> Answer:
        body = json.dumps(request["body"]) if "body" in request else request.get("raw")
        return self.client.send(request["method"], self.path(request["path"]), body)


@pytest.fixture(scope="module")
def replay(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Replay]:
    version = request.param
    if url := os.environ.get("LIVY_URL"):
        client = LivyClient(url)
        try:
            answer = client.send("GET", "/version")
        except OSError as error:
            pytest.fail(f"No Livy answers at {url}: {error}", pytrace=False)
        if recorded_version(answer.json["version"]) != version:
            pytest.skip(f"{url} is of another version than {version}")
        yield Replay(client)
        return
    folder = tmp_path_factory.mktemp("a folder")
    with running_stand_in(folder, version=f"{version}.0") as (client, _):
        yield Replay(client)


def recorded_version(text: str) -> str:
    """The version whose recordings a Livy of this version is held to."""
    numbers = tuple(int(number) for number in re.findall(r"\d+", text)[:2])
    return "0.9" if numbers >= FIRST_OF_NEWEST else "0.8"


@pytest.mark.parametrize(("replay", "step"), _STEPS, indirect=["replay"], scope="module")
def test_each_recorded_exchange_is_answered_as_livy_answered_it(
    replay: Replay, step: dict[str, Any]
) -> None:
    if "observed_states" in step:
        latest = max(replay.actual.values())
        assert replay.client.wait_for_state(latest, "idle", "dead") == step["observed_states"]
        return
    request, recorded = step["request"], step["response"]
    if "heartbeat" in step.get("note", ""):
        _wait_unheard(replay, request["path"])

    answer = _settled(replay, request, recorded)

    if request["method"] == "POST" and request["path"] == "/sessions" and answer.status == 201:
        replay.actual[recorded["body"]["id"]] = answer.json["id"]
    assert answer.status == recorded["status"], answer.text
    assert _content_type(answer.headers["Content-Type"]) == _content_type(recorded["content_type"])
    assert answer.headers["Location"] == _location(replay, recorded)
    if request["path"] == "/version":
        assert _release(answer.json) == _release(recorded["body"])
    elif answer.status == 201 and request["path"].endswith("/statements"):
        assert _identity(answer.json) == _identity(recorded["body"])
    elif request["path"].partition("?")[0].endswith("/log"):
        _check_log(answer.json, request["path"], replay)
    elif "_text" in (recorded["body"] if isinstance(recorded["body"], dict) else {}):
        _check_text(answer.text, recorded["body"]["_text"])
    else:
        assert _steady(answer.json) == _steady(_with_actual_ids(replay, recorded["body"]))


def _settled(replay: Replay, request: dict[str, Any], recorded: dict[str, Any]) -> Answer:
    """The answer; for a statement that was recorded when done, once it is done."""
    deadline = time.monotonic() + 60
    answer = replay.ask(request)
    is_done = isinstance(recorded["body"], dict) and recorded["body"].get("state") == "available"
    done = is_done and request["method"] == "GET"
    while done and answer.json["state"] in ("waiting", "running"):
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.05)
        answer = replay.ask(request)
    return answer


def _wait_unheard(replay: Replay, path: str) -> None:
    """Wait until the session is off the list; asking for the list is no heartbeat."""
    session = int(replay.path(path).rpartition("/")[2])
    deadline = time.monotonic() + LAPSE_SECONDS
    while session in [s["id"] for s in replay.client.send("GET", "/sessions").json["sessions"]]:
        assert time.monotonic() < deadline, f"session {session} is still listed"
        time.sleep(0.5)


def _content_type(header: str) -> str:
    return header.lower().replace(" ", "")


def _location(replay: Replay, recorded: dict[str, Any]) -> str | None:
    return replay.path(recorded["location"]) if "location" in recorded else None


def _with_actual_ids(replay: Replay, body: Any) -> Any:
    """The recorded body with this Livy's session ids; statement ids stay as they are."""
    if isinstance(body, list):
        return [_with_actual_ids(replay, item) for item in body]
    if not isinstance(body, dict):
        return body
    known = {name: _with_actual_ids(replay, value) for name, value in body.items()}
    if "id" in known and "code" not in known:
        known["id"] = replay.actual.get(known["id"], known["id"])
    if "msg" in known:
        known["msg"] = re.sub(
            r"(?<=Session ')\d+",
            lambda found: str(replay.actual.get(int(found[0]), int(found[0]))),
            known["msg"],
        )
    return known


def _steady(value: Any, key: str = "") -> Any:
    """A value without what differs from run to run; types stay visible."""
    if key in ("started", "completed"):
        return type(value).__name__
    if key == "progress":
        assert 0 <= value <= 1
        return "progress"
    if key == "log":
        return {type(line).__name__ for line in value}
    if key == "state" and value in ("waiting", "running"):
        return "waiting or running"
    if key == "traceback" and value and _JAVA_FRAME.fullmatch(value[0]):
        assert all(_JAVA_FRAME.fullmatch(frame) for frame in value)
        return value[:1]
    if isinstance(value, dict):
        return {name: _steady(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [_steady(item) for item in value]
    return _steady_text(value) if isinstance(value, str) else value


def _steady_text(text: str) -> str:
    """A text without addresses, folders, marks below source lines and Java frames.

    Of a source statement, the first line: Python 3.13 shows all of them, 3.11 the first.
    """
    text = _ADDRESS.sub("0x0", text.partition("\n\tat ")[0])
    text = _MARKS.sub("", _LIBRARY_FILE.sub(r'File "\1', text))
    return _FURTHER_SOURCE.sub(r"\1", text)


def _release(body: dict[str, Any]) -> dict[str, str]:
    """The version by its first two numbers; a Livy that was built otherwise says where and when."""
    assert all(isinstance(value, str) for value in body.values())
    return dict.fromkeys(body, "") | {"version": recorded_version(body["version"])}


def _identity(body: dict[str, Any]) -> tuple[list[str], int, str]:
    """What is certain of a statement just made: a quick one may be done when that is said."""
    return sorted(body), body["id"], body["code"]


def _check_log(page: dict[str, Any], path: str, replay: Replay) -> None:
    """Log lines vary; which of them a page shows does not."""
    asked = dict(re.findall(r"(\w+)=(\d+)", path))
    size = int(asked.get("size", PAGE_SIZE))
    start = int(asked.get("from", max(0, page["total"] - size)))
    assert list(page) == ["id", "from", "total", "log"]
    assert page["id"] in replay.actual.values()
    assert page["from"] == start
    assert len(page["log"]) == min(size, page["total"] - start)
    assert start > 0 or page["log"][0] == "stdout: "


def _check_text(text: str, recorded: str) -> None:
    if recorded.endswith(CUT):
        assert text.startswith(recorded.removesuffix(CUT))
    else:
        assert text == recorded


@_WITH_LIVY_URL
def test_a_real_livy_runs_scala() -> None:
    client = LivyClient(os.environ["LIVY_URL"])
    session = client.new_session(kind="spark")
    try:
        client.wait_for_state(session, "idle", seconds=120)
        shown = client.run(session, "1 + 1")["data"]["text/plain"]
    finally:
        client.send("DELETE", f"/sessions/{session}")

    assert re.fullmatch(r"res\d+: Int = 2", shown.strip())
