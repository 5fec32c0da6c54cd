"""Starts a Livy to test against, and speaks to it without any of our code."""

import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import Any

from sandbox.livy.server import NEWEST, start_livy
from sandbox.loopback import free_port
from sandbox.spark.conf import write_spark_conf
from sandbox.spark.java import choose_java
from sandbox.tls import make_authority

HOST = "127.77.0.11"
ANSWER_SECONDS = 60
POLL_SECONDS = 0.1

Json = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What the server said."""

    status: int
    headers: Message
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class LivyClient:
    """Sends requests to one Livy."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def send(self, method: str, path: str, body: str | None = None) -> Answer:
        request = urllib.request.Request(  # noqa: S310 - the URL is the test's own
            self.url + path,
            method=method,
            data=body.encode() if body is not None else None,
            headers={"Content-Type": "application/json"},
        )
        try:
            with self._opener.open(request, timeout=ANSWER_SECONDS) as answer:
                return Answer(answer.status, answer.headers, answer.read().decode())
        except urllib.error.HTTPError as refusal:
            return Answer(refusal.code, refusal.headers, refusal.read().decode())

    def new_session(self, **fields: object) -> int:
        answer = self.send("POST", "/sessions", json.dumps({"kind": "pyspark"} | fields))
        assert answer.status == 201, answer.text
        return int(answer.json["id"])

    def wait_for_state(self, session: int, *states: str, seconds: float = 60) -> list[str]:
        """The states seen on the way to one of `states`, without repetitions."""
        seen: list[str] = []
        deadline = time.monotonic() + seconds
        while not seen or seen[-1] not in states:
            assert time.monotonic() < deadline, f"session {session} went {seen}, not to {states}"
            state = self.send("GET", f"/sessions/{session}/state").json["state"]
            if not seen or seen[-1] != state:
                seen.append(state)
            time.sleep(POLL_SECONDS)
        return seen

    def submit(self, session: int, code: str, **fields: object) -> int:
        body = json.dumps({"code": code} | fields)
        answer = self.send("POST", f"/sessions/{session}/statements", body)
        assert answer.status == 201, answer.text
        return int(answer.json["id"])

    def result(self, session: int, statement: int, seconds: float = 60) -> Json:
        """The statement once it is neither waiting nor running nor being cancelled."""
        deadline = time.monotonic() + seconds
        while True:
            answer = self.send("GET", f"/sessions/{session}/statements/{statement}")
            if answer.status != 200 or answer.json["state"] in ("available", "cancelled"):
                return dict(answer.json)
            assert time.monotonic() < deadline, f"statement {statement} is still {answer.text}"
            time.sleep(POLL_SECONDS)

    def run(self, session: int, code: str, **fields: object) -> Json:
        """A statement's output."""
        return dict(self.result(session, self.submit(session, code, **fields))["output"])


def spark_environment(directory: Path) -> dict[str, str]:
    """Spark without the s3:// jars: these tests touch no S3."""
    return write_spark_conf(
        directory / "spark",
        java=choose_java(os.environ),
        jars=[],
        s3_endpoint="https://127.0.0.1:9",
        access_key="none",
        secret_key="none",
        ca_pem=make_authority(directory / "tls").ca_pem,
        bind_address=HOST,
    )


@contextmanager
def running_stand_in(directory: Path, version: str = NEWEST) -> Iterator[tuple[LivyClient, Path]]:
    """The stand-in, answering as a Livy of this version, and its state folder."""
    state = directory / "livy state"
    running = start_livy(
        host=HOST,
        port=free_port(HOST),
        state=state,
        spark_env=spark_environment(directory),
        version=version,
    )
    try:
        yield LivyClient(running.url), state
    finally:
        running.stop()
