"""Keeps one session: what was asked for, its state, its statements, and how long it may live."""

import threading
import time
from pathlib import Path
from typing import Any

from sandbox.livy import statements
from sandbox.livy.process import SessionProcess
from sandbox.livy.protocol import (
    LISTS,
    NUMBERS,
    UNSUPPORTED_KINDS,
    duration_seconds,
    internal_error,
)
from sandbox.livy.statements import Statement, Statements
from sandbox.livy.wire import JVM_ENDED

Json = dict[str, Any]

CANCEL_INTERVAL_SECONDS = 0.1
# livy.server.session.timeout and .state-retain.sec, Livy's defaults.
IDLE_SECONDS = 3600
RETAIN_SECONDS = 600
VIEW_LOG_LINES = 10

STARTING, IDLE, BUSY = "starting", "idle", "busy"
SHUTTING_DOWN, ERROR, DEAD = "shutting_down", "error", "dead"

SPARK_NAMES = {
    "name": "spark.app.name",
    "driverMemory": "spark.driver.memory",
    "driverCores": "spark.driver.cores",
    "executorMemory": "spark.executor.memory",
    "executorCores": "spark.executor.cores",
    "numExecutors": "spark.executor.instances",
    "queue": "spark.yarn.queue",
    "jars": "spark.jars",
    "files": "spark.files",
    "pyFiles": "spark.submit.pyFiles",
    "archives": "spark.archives",
}


class Session:
    """A session as its request asked for it. Safe to use from several threads."""

    def __init__(self, number: int, request: Json, directory: Path) -> None:
        self.id = number
        self.request = request
        self.name: str | None = request.get("name")
        self.state = STARTING
        self.statements = Statements()
        self._lock = threading.RLock()
        self._born = self._active = self._heartbeat = time.monotonic()
        self._ended = 0.0
        self._process = SessionProcess(directory, self._receive, self._end)

    def start(self) -> None:
        """Start the process; answers at once, in state `starting`."""
        self._process.start(spark_conf(self.id, self.request))

    def view(self) -> Json:
        """The session as the REST protocol shows it, with its last ten log lines."""
        asked = self.request
        texts = ("name", "ttl", "idleTimeout", "driverMemory", "executorMemory", "queue")
        return {
            "id": self.id,
            "appId": None,
            "owner": None,
            "proxyUser": None,
            "state": self.state,
            "kind": asked["kind"],
            "appInfo": {"driverLogUrl": None, "sparkUiUrl": None, "executorLogUrls": None},
            "log": self.log()[-VIEW_LOG_LINES:],
            "conf": asked.get("conf") or {},
            **{name: asked.get(name) for name in texts},
            **{name: asked.get(name) or 0 for name in NUMBERS},
            **{name: asked.get(name) or [] for name in LISTS},
        }

    def log(self) -> list[str]:
        """The last lines of what the process wrote."""
        return self._process.log()

    def heartbeat(self) -> None:
        """Someone asked about this session."""
        self._heartbeat = time.monotonic()

    def expired(self, now: float) -> bool:
        """Whether it should be deleted: unheard of, idle, past its time to live, or long dead."""
        if self.state in (ERROR, DEAD):
            return now - self._ended > RETAIN_SECONDS
        asked = self.request
        beat = asked.get("heartbeatTimeoutInSecond") or 0
        idle = duration_seconds(asked.get("idleTimeout") or f"{IDLE_SECONDS}s")
        life = duration_seconds(asked["ttl"]) if asked.get("ttl") else float("inf")
        silent = 0 < beat < now - self._heartbeat
        return silent or now - self._active > idle or now - self._born > life

    def submit(self, kind: str, code: str) -> Json:
        """Queue a statement; LivyError when the session cannot run one."""
        with self._lock:
            if self.state not in (IDLE, BUSY):
                raise internal_error("IllegalStateException", f"Session is in state {self.state}")
            self._active = time.monotonic()
            statement = self.statements.add(kind, code)
            view = statement.view()
            self._advance()
            return view

    def cancel(self, number: int) -> None:
        """Ask for a statement's end; nothing happens when it is over or unknown."""
        with self._lock:
            statement = self.statements.get(number)
            if statement is None or statement.state == statements.CANCELLING:
                return
            statement.cancel()
        if statement.state == statements.CANCELLING:
            threading.Thread(target=self._keep_cancelling, args=(statement,), daemon=True).start()

    def stop(self) -> None:
        """End the process and everything it started; returns when they are gone."""
        with self._lock:
            self.state = SHUTTING_DOWN
        self._process.stop()

    def _advance(self) -> None:
        """Hand the next waiting statement to the process, if that has nothing to do."""
        while self.state == IDLE and (statement := self.statements.next_waiting()):
            statement.start(time.time())
            if statement.kind in UNSUPPORTED_KINDS:
                statement.finish(_no_interpreter(statement.kind), time.time())
            else:
                self.state = BUSY
                what = {"id": statement.id, "kind": statement.kind, "code": statement.code}
                self._process.send(what)

    def _receive(self, message: Json) -> None:
        with self._lock:
            if "ready" in message and self.state == STARTING:
                self.state = IDLE
            statement = self.statements.get(message.get("id", -1))
            if statement and "progress" in message:
                statement.progress = message["progress"]
            if "output" in message:
                if statement:
                    statement.finish(message["output"], time.time())
                self.state = IDLE if self.state == BUSY else self.state
                self._advance()

    def _end(self, status: int) -> None:
        with self._lock:
            cut_off = self.statements.running()
            for statement in cut_off:
                statement.finish(_error("Error", "Interpreter died:\n"), time.time())
            self._ended = time.monotonic()
            self.state = ERROR if cut_off and status != JVM_ENDED else DEAD

    def _keep_cancelling(self, statement: Statement) -> None:
        deadline = time.monotonic() + statements.CANCEL_SECONDS
        while statement.state == statements.CANCELLING and time.monotonic() < deadline:
            self._process.send({"cancel": statement.id})
            time.sleep(CANCEL_INTERVAL_SECONDS)
        with self._lock:
            statement.give_up()


def spark_conf(number: int, request: Json) -> dict[str, str]:
    """The Spark settings that a session's request asks for."""
    conf = {"spark.app.name": f"livy-session-{number}"}
    conf |= {name: str(value) for name, value in (request.get("conf") or {}).items()}
    for field, name in SPARK_NAMES.items():
        value = request.get(field)
        if value:
            conf[name] = ",".join(value) if isinstance(value, list) else str(value)
    return conf


def _no_interpreter(kind: str) -> Json:
    """Livy's answer for an interpreter that does not start, with the reason added."""
    reason = f"The stand-in runs pyspark and sql; set LIVY_HOME to a real Livy for {kind}.\n"
    return _error("InterpreterError", "Fail to start interpreter", reason)


def _error(name: str, value: str, *traceback: str) -> Json:
    return {"status": "error", "ename": name, "evalue": value, "traceback": list(traceback)}
