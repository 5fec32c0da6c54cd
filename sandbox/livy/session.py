"""Keeps one session: what was asked for, its state, its statements, and how long it may live."""

import threading
import time
from pathlib import Path
from typing import Any

from sandbox.livy import statements
from sandbox.livy.process import SessionProcess
from sandbox.livy.protocol import (
    LISTS,
    NEWEST,
    NUMBERS,
    UNSUPPORTED_KINDS,
    duration_seconds,
    illegal_argument,
    internal_error,
    session_fields,
)
from sandbox.livy.spark_settings import spark_conf
from sandbox.livy.statements import NO_SQL, Statement, Statements, error_output

Json = dict[str, Any]

CANCEL_INTERVAL_SECONDS = 0.1
# livy.server.session.timeout and .state-retain.sec, Livy's defaults.
IDLE_SECONDS = 3600
RETAIN_SECONDS = 600
VIEW_LOG_LINES = 10

STARTING, IDLE, BUSY = "starting", "idle", "busy"
SHUTTING_DOWN, ERROR, DEAD = "shutting_down", "error", "dead"


class Session:
    """A session of a Livy of this version, as asked for. Safe to use from several threads."""

    def __init__(self, number: int, request: Json, directory: Path, version: str = NEWEST) -> None:
        self.id = number
        self.request = request
        self._has_idle_timeout = "idleTimeout" in session_fields(version)
        self.name: str | None = request.get("name")
        self.state = STARTING
        self.statements = Statements()
        self._lock = threading.RLock()
        self._born = self._active = self._heartbeat = time.monotonic()
        self._ended = 0.0
        self._last_words: str | None = None
        self._process = SessionProcess(directory, self._receive, self._end)

    def start(self) -> None:
        """Start the process; answers at once, in state `starting`."""
        self._process.start(spark_conf(self.id, self.request))

    def view(self) -> Json:
        """The session as the REST protocol shows it, with its last ten log lines."""
        asked = self.request
        texts = ("name", "ttl", "driverMemory", "executorMemory", "queue")
        info: Json = {"driverLogUrl": None, "sparkUiUrl": None}
        view: Json = {
            "id": self.id,
            "appId": None,
            "owner": None,
            "proxyUser": None,
            "state": self.state,
            "kind": asked["kind"],
            "appInfo": info,
            "log": self.log()[-VIEW_LOG_LINES:],
            "conf": asked.get("conf") or {},
            **{name: asked.get(name) for name in texts},
            **{name: asked.get(name) or 0 for name in NUMBERS},
            **{name: asked.get(name) or [] for name in LISTS},
        }
        if self._has_idle_timeout:
            view |= {"idleTimeout": asked.get("idleTimeout")}
            info |= {"executorLogUrls": None}
        return view

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
        life = duration_seconds(asked["ttl"]) if asked.get("ttl") else float("inf")
        idle = duration_seconds(asked.get("idleTimeout") or f"{IDLE_SECONDS}s")
        if not self._has_idle_timeout and asked.get("ttl"):
            # Before there was an idleTimeout, the ttl was the time without a statement.
            life, idle = float("inf"), life
        silent = 0 < beat < now - self._heartbeat
        return silent or now - self._active > idle or now - self._born > life

    def check_active(self) -> None:
        """LivyError when the session is over: its statements can no longer be asked about."""
        if self.state in (SHUTTING_DOWN, DEAD):
            raise illegal_argument("requirement failed: Session isn't active.")

    def check_running(self) -> None:
        """LivyError when the session takes no statements: not yet, or no longer.

        One whose interpreter has died takes them, and answers each with an error.
        """
        if self.state not in (IDLE, BUSY, ERROR):
            raise internal_error("IllegalStateException", f"Session is in state {self.state}")

    def submit(self, kind: str, code: str) -> Json:
        """Queue a statement; LivyError when the session takes none."""
        with self._lock:
            self.check_running()
            self._active = time.monotonic()
            statement = self.statements.add(kind, code)
            view = statement.view()
            self._advance()
            return view

    def cancel(self, number: int) -> None:
        """Ask for a statement's end; nothing happens when it is over or unknown.

        LivyError when the session takes no statements.
        """
        with self._lock:
            self.check_running()
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
        while self.state in (IDLE, ERROR) and (statement := self.statements.next_waiting()):
            statement.start(time.time())
            if statement.kind in UNSUPPORTED_KINDS:
                reason = UNSUPPORTED_KINDS[statement.kind]
                statement.finish(error_output("InterpreterError", reason), time.time())
            elif self._last_words is not None:
                self._abort(statement)
            else:
                self.state = BUSY
                what = {"id": statement.id, "kind": statement.kind, "code": statement.code}
                self._process.send(what)

    def _abort(self, statement: Statement) -> None:
        """Answer a statement whose interpreter has died; its last words are shown once."""
        died = ("Error", "Interpreter died:")
        name, value = ("InterpreterError", NO_SQL) if statement.kind == "sql" else died
        statement.finish(error_output(name, f"{value}\n{self._last_words}"), time.time())
        self._last_words = ""
        self.state = ERROR

    def _receive(self, message: Json) -> None:
        with self._lock:
            if "ready" in message and self.state == STARTING:
                self.state = IDLE
            if "jvm_ended" in message:
                self.state, self._ended = DEAD, time.monotonic()
            statement = self.statements.get(message.get("id", -1))
            if statement and "progress" in message:
                statement.progress = message["progress"]
            if "output" in message:
                if statement:
                    statement.finish(message["output"], time.time())
                self.state = IDLE if self.state == BUSY else self.state
                self._advance()

    def _end(self) -> None:
        with self._lock:
            self._ended = time.monotonic()
            if self.state not in (IDLE, BUSY):
                # It never ran, is being stopped, or its JVM has ended, which was said before.
                self.state = DEAD
                return
            self._last_words = self._process.last_words()
            for statement in self.statements.running():
                self._abort(statement)
            self._advance()

    def _keep_cancelling(self, statement: Statement) -> None:
        deadline = time.monotonic() + statements.CANCEL_SECONDS
        while statement.state == statements.CANCELLING and time.monotonic() < deadline:
            self._process.send({"cancel": statement.id})
            time.sleep(CANCEL_INTERVAL_SECONDS)
        with self._lock:
            statement.give_up()
