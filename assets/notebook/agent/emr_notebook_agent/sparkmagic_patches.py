"""Changes in SparkMagic what no setting of its changes, in the process of a kernel.

Each change is a function `change(look)`, for SparkMagic 0.20 to 0.23. One that finds another
SparkMagic raises AttributeError or ImportError before it has changed anything.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from sparkmagic.livyclientlib import exceptions

from emr_notebook_agent import explain, livy_sessions

if TYPE_CHECKING:
    from collections.abc import Callable

    from emr_notebook_agent import livy

    # Looks at the Livy that a client, SparkMagic's ReliableHttpClient, speaks to.
    Look = Callable[[Any], livy.Finding]

# Connecting and reading, of one request: SparkMagic would wait for ever.
TIMEOUTS = (10.0, 90.0)
# How long a request that only reads is tried again, after the connection first failed.
RETRY_SECONDS = 30.0
LONGEST_PAUSE = 8.0
_FAILED = (
    requests.exceptions.ConnectionError,
    requests.exceptions.Timeout,
    requests.exceptions.ChunkedEncodingError,
)
_TO_JSON = re.compile(
    r"(import sys\nfor \w+ in )(.*)\.toJSON\(use_unicode=\(sys\.version_info\.major > 2\)\)"
    r"(.*)(: print\(\w+\))",
    re.DOTALL,
)
_JSON_WITH_NULLS = ".selectExpr(\"to_json(struct(*), map('ignoreNullFields', 'false'))\")"
# What comes in place of rows where there are none.
_COLUMNS = "columns of no row"
# What Spark's JSON has for numbers that JSON has not.
_NO_JSON_NUMBERS = {"NaN", "Infinity", "-Infinity"}
_SESSION = re.compile(r"sessions/(\d+)")


def install(look: Look) -> list[str]:
    """Make the changes. Returns what was left out because this SparkMagic is another one."""
    left_out = []
    for change in (
        ask_livy_alone,
        ask_livy_again,
        explain_sessions,
        start_again,
        stop_heartbeats_at_once,
        keep_null_columns,
        keep_numbers,
        refuse_unread_settings,
        show_no_traceback,
    ):
        try:
            change(look)
        except (AttributeError, ImportError) as error:  # noqa: PERF203 - a few times
            left_out.append(f"{change.__name__}: {error}")
    return left_out


def ask_livy_alone(_: Look) -> None:
    """Keep from Livy what requests takes from its surroundings: proxies, and logins of ~/.netrc.

    REQUESTS_CA_BUNDLE, which it would no longer read either, still says whom to trust.
    """
    from sparkmagic.livyclientlib.reliablehttpclient import ReliableHttpClient

    original = ReliableHttpClient.__init__

    def init(self: Any, *args: Any, **options: Any) -> None:
        original(self, *args, **options)
        self._session.trust_env = False
        if self.verify_ssl:
            bundle = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
            self.verify_ssl = bundle or True

    ReliableHttpClient.__init__ = init


def ask_livy_again(look: Look) -> None:
    """Ask again where a connection broke off, if the request only reads; and say what failed.

    What changes something is sent once, whatever is answered: a cell must not run twice. A session
    whose number belongs to another application now, after Livy or its cluster was replaced, is
    neither used nor deleted.
    """
    from sparkmagic.livyclientlib.reliablehttpclient import ReliableHttpClient

    original = ReliableHttpClient._send_request

    def send(self: Any, path: str, accepted: Any, function: Any, data: Any = None) -> Any:
        path, method = path.strip("/"), function.__name__.upper()
        failure: list[Any] = []

        def ask(url: str, **options: Any) -> Any:
            failure.clear()
            try:
                answer = _ask(
                    method,
                    lambda seconds: _whole(function(url, timeout=seconds, **options), accepted),
                )
            except OSError as error:
                # What requests raises, and what of a file of authorities that is missing.
                failure.append(error)
                raise requests.exceptions.RequestException(error) from error
            self.last_answer = time.strftime("%H:%M:%S UTC", time.gmtime())
            failure.append(answer)
            if method != "GET" and answer.status_code >= 500:
                # SparkMagic asks again after a 5xx, and never after this.
                raise requests.exceptions.RequestException
            return answer

        if method == "DELETE" and _belongs_to_another(self, path):
            return _not_found()
        try:
            answer = original(self, path, accepted, ask, data)
        except exceptions.HttpClientException as error:
            if _is_background() or not failure:
                raise
            text = _why(self, method, path, failure[0], look)
            raise exceptions.HttpClientException(text) from error
        _remember(self, method, path, answer, look)
        return answer

    ReliableHttpClient._send_request = send


def _whole(answer: Any, accepted: Any) -> Any:
    """The answer. Where it would be accepted and is no JSON object, its connection broke off.

    Not of a DELETE, whose answer nobody reads.
    """
    if answer.status_code not in accepted or answer.request.method == "DELETE":
        return answer
    with contextlib.suppress(ValueError, RecursionError):
        if isinstance(answer.json(), dict):
            return answer
    raise requests.exceptions.ChunkedEncodingError("no JSON object came")


def _ask(method: str, request: Callable[[tuple[float, float]], Any]) -> Any:
    """The answer to `request`, which is given the seconds for connecting and for reading."""
    first, seconds = None, TIMEOUTS
    pause = 1.0
    while True:
        try:
            return request(seconds)
        except _FAILED as error:  # noqa: PERF203 - it waits for a network
            now = time.monotonic()
            first = first or now
            hopeless = isinstance(error, requests.exceptions.SSLError) or method != "GET"
            # A heartbeat comes again anyway.
            if hopeless or _is_background() or now + pause - first > RETRY_SECONDS:
                raise
            if first == now:
                sys.stdout.write(
                    f"The connection to Livy failed. Trying again for {RETRY_SECONDS:g} seconds.\n"
                )
            # As long as was said, also where nothing answers.
            seconds = (TIMEOUTS[0], RETRY_SECONDS)
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)


def _is_background() -> bool:
    return threading.current_thread() is not threading.main_thread()


def _why(client: Any, method: str, path: str, failure: Any, look: Look) -> str:
    url = client.compose_url("").rstrip("/")
    if isinstance(failure, Exception) or _is_of_another(failure, path):
        last = getattr(client, "last_answer", "")
        return explain.no_answer(url, last, look(client), method=method, path=path)
    session = _SESSION.match(path)
    if session:
        view = _view(client, session[1])
        if view is None and failure.status_code == 404:
            return explain.gone(url, session[1], look(client))
        if view is not None and view.get("state") in ("dead", "error", "killed", "success"):
            return explain.over(session[1], view["state"], _log(client, session[1]))
    return explain.refused(url, method, path, failure.status_code, failure.text)


def _is_of_another(answer: Any, path: str) -> bool:
    """Whether it is no error of Livy's, but of who answers after a redirect, or has no sessions."""
    status = answer.status_code
    return status < 400 or (path == "sessions" and status in (404, 405))


def _remember(client: Any, method: str, path: str, answer: Any, look: Look) -> None:
    """Note the sessions that the client has, with their applications' ids once there are some."""
    sessions = client.__dict__.setdefault("applications", {})
    if method == "POST" and path == "sessions":
        session_id = str(answer.json()["id"])
        sessions[session_id] = None
        _note(client, session_id)
        parts = urlsplit(client.compose_url(""))
        with contextlib.suppress(OSError):
            found = socket.getaddrinfo(parts.hostname, None, type=socket.SOCK_STREAM)
            client.address = found[0][4][0]
        return
    session = _SESSION.fullmatch(path)
    if method == "GET" and session and session[1] in sessions:
        found, known = answer.json().get("appId"), sessions[session[1]]
        if known and found != known:
            url = client.compose_url("").rstrip("/")
            raise exceptions.HttpClientException(explain.gone(url, session[1], look(client)))
        sessions[session[1]] = found
        if found != known:
            _note(client, session[1], found or "")
    if method == "DELETE" and session:
        sessions.pop(session[1], None)
        with contextlib.suppress(OSError):
            livy_sessions.forget(Path.home(), session[1])


def _note(client: Any, session: str, application: str = "") -> None:
    """Let the agent know whose session it is, which asks Livy whether it still works."""
    with contextlib.suppress(OSError):
        url = client.compose_url("").rstrip("/")
        livy_sessions.remember(Path.home(), url, session, application)


def _belongs_to_another(client: Any, path: str) -> bool:
    session = _SESSION.fullmatch(path)
    known = session and client.__dict__.get("applications", {}).get(session[1])
    if not session or not known:
        return False
    view = _view(client, session[1])
    return view is not None and view.get("appId") != known


def _not_found() -> Any:
    answer = requests.Response()
    answer.status_code = 404
    return answer


def _view(client: Any, session: str) -> dict[str, Any] | None:
    """The session as Livy shows it now, or None where it shows none."""
    return _get(client, f"sessions/{session}")


def _log(client: Any, session: str) -> list[str]:
    """The last lines of a session's log."""
    found = _get(client, f"sessions/{session}/log?size=100")
    return [str(line) for line in (found or {}).get("log") or []]


def _get(client: Any, path: str) -> dict[str, Any] | None:
    """Livy's answer, asked for once."""
    try:
        answer = client._session.get(
            client.compose_url(path),
            headers=client._headers,
            auth=client._auth,
            verify=client.verify_ssl,
            timeout=TIMEOUTS,
        )
        found = answer.json()
    except (requests.exceptions.RequestException, ValueError):
        return None
    return found if answer.status_code == 200 and isinstance(found, dict) else None


def explain_sessions(_: Look) -> None:
    """Say why a session did not start, or ended, in place of its whole log."""
    from sparkmagic.livyclientlib.livysession import LivySession
    from sparkmagic.utils import configuration

    start, wait_for_idle = LivySession.start, LivySession.wait_for_idle
    seconds_to_start = configuration.livy_session_startup_timeout_seconds

    def started(self: Any) -> None:
        try:
            start(self)
        except (
            exceptions.LivyClientTimeoutException,
            exceptions.LivyUnexpectedStatusException,
        ) as error:
            log = _log(self.http_client._http_client, self.id)
            in_time = isinstance(error, exceptions.LivyUnexpectedStatusException)
            late = f"is {self.status} after {seconds_to_start()} seconds"
            what = "did not start" if in_time else late
            text = explain.not_started(str(self.id), what, log, waits=not in_time)
            raise type(error)(text) from error

    def waited(self: Any, seconds_to_wait: Any = None) -> None:
        try:
            wait_for_idle(self, seconds_to_wait)
        except exceptions.LivyUnexpectedStatusException as error:
            log = _log(self.http_client._http_client, self.id)
            raise type(error)(explain.over(str(self.id), self.status, log)) from error
        except exceptions.LivyClientTimeoutException as error:
            seconds = seconds_to_wait or configuration.wait_for_idle_timeout_seconds()
            raise type(error)(explain.busy(str(self.id), seconds)) from error

    LivySession.start, LivySession.wait_for_idle = started, waited


def start_again(_: Look) -> None:
    """Let a session that did not start be started by the next cell, and its error be told once.

    SparkMagic's own kernel answers every later cell with that first error, as a success.
    """
    from sparkmagic.kernels.kernelmagics import KernelMagics
    from sparkmagic.utils import configuration

    KernelMagics._do_not_call_start_session  # noqa: B018 - which must be there

    def start_session(self: Any, _line: str, _cell: str = "", _local_ns: Any = None) -> bool:
        if not self.session_started:
            # One that could not be deleted, as of a dead Livy: its name would refuse each new one,
            # after it was started.
            left = self.spark_controller.session_manager.sessions.pop(self.session_name, None)
            if left is not None:
                left._stop_heartbeat_thread()
            properties = configuration.get_session_properties(self.language)
            self.spark_controller.add_session(self.session_name, self.endpoint, False, properties)
            self.session_started = True
        return True

    KernelMagics._do_not_call_start_session = start_session


def stop_heartbeats_at_once(_: Look) -> None:
    """Do not wait for a heartbeat, which sleeps for half a minute before it sees its end.

    Until then a cell whose session did not start would say nothing, nor a %%configure -f go on.
    """
    from sparkmagic.livyclientlib.livysession import _HeartbeatThread

    def stop(self: Any) -> None:
        # Its session stays: a beat that fails after the end would look for it, and show its frames.
        self.run_at_most = 0

    _HeartbeatThread.stop  # noqa: B018 - which must be there
    _HeartbeatThread.stop = stop


def keep_null_columns(_: Look) -> None:
    """Have a table that is fetched keep its columns, of nulls alone and of no row alike.

    Of PySpark. Rows come as JSON, and Dataset.toJSON leaves a null's field out (Spark's default).
    """
    from sparkmagic.livyclientlib import sparkstorecommand, sqlquery

    for kind in (sqlquery.SQLQuery, sparkstorecommand.SparkStoreCommand):
        kind._pyspark_command = _with_nulls(kind._pyspark_command)
    for module in (sqlquery, sparkstorecommand):
        module.records_to_dataframe = _with_columns(module.records_to_dataframe)


def _with_nulls(original: Callable[..., Any]) -> Callable[..., Any]:
    def command(self: Any, name: str) -> Any:
        made = original(self, name)
        # for x in <table>.toJSON(…).take(n): print(x)
        found = _TO_JSON.fullmatch(made.code)
        if found:
            before, table, rows, after = found.groups()
            fetched = f"[row[0] for row in table{_JSON_WITH_NULLS}{rows}]"
            columns = f"__import__('json').dumps({{'{_COLUMNS}': table.columns}})"
            # The table is made once: it may be an INSERT.
            made.code = f"{before}(lambda table: {fetched} or [{columns}])({table}){after}"
        return made

    return command


def _with_columns(original: Callable[..., Any]) -> Callable[..., Any]:
    def to_frame(*args: Any, **options: Any) -> Any:
        frame = original(*args, **options)
        if list(frame.columns) == [_COLUMNS]:
            # No row came, but this.
            return type(frame)(columns=frame[_COLUMNS][0])
        return frame

    return to_frame


def keep_numbers(_: Look) -> None:
    """Have a column of numbers stay one when some are NaN or infinite, which come as text."""
    from sparkmagic.livyclientlib import sparkstorecommand, sqlquery

    for module in (sqlquery, sparkstorecommand):
        module.records_to_dataframe = _with_nan(module.records_to_dataframe)


def _with_nan(original: Callable[..., Any]) -> Callable[..., Any]:
    def to_frame(*args: Any, **options: Any) -> Any:
        frame = original(*args, **options)
        for name in frame.columns:
            values = list(frame[name]) if frame[name].dtype == object else []
            texts = {value for value in values if isinstance(value, str)}
            # Beside a number, it is no text of the user's.
            if texts and texts <= _NO_JSON_NUMBERS and any(isinstance(x, float) for x in values):
                frame[name] = frame[name].astype(float)
        return frame

    return to_frame


def refuse_unread_settings(_: Look) -> None:
    """Fail a %%configure that cannot be read, which would let Run All go on without it."""
    from sparkmagic.kernels import kernelmagics

    def loads(text: str) -> Any:
        try:
            found = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise exceptions.BadUserDataException(explain.no_settings(str(error))) from None
        if not isinstance(found, dict):
            raise exceptions.BadUserDataException(explain.no_settings("it is no JSON object"))
        return found

    kernelmagics.json  # noqa: B018 - which must be there
    # %%configure alone reads JSON there, and IPython holds the magic itself already.
    kernelmagics.json = SimpleNamespace(loads=loads)


def show_no_traceback(_: Look) -> None:
    """Show an error of Spark's or Livy's as its text, without the frames of SparkMagic's code.

    IPython asks an exception for what to show by this method.
    """

    def render(self: Exception) -> list[str]:
        return str(self).splitlines()

    exceptions.LivyClientLibException._render_traceback_ = render
    # No exception of the above, but a KeyboardInterrupt.
    not_cancelled = exceptions.SparkStatementCancellationFailedException
    not_cancelled._render_traceback_ = lambda _: explain.not_cancelled().splitlines()
