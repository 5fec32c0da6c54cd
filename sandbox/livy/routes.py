"""Answers the requests to Livy's REST resources."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.livy.protocol import (
    LivyError,
    illegal_argument,
    parse_session,
    parse_statement,
    statement_code,
    statement_kind,
)
from sandbox.livy.sessions import Sessions

Json = dict[str, Any]

JSON_TYPE = "application/json;charset=utf-8"
HTML_TYPE = "text/html;charset=utf-8"
PAGE_SIZE = 100
BUILD_DATA = dict.fromkeys(("url", "branch", "revision", "date", "user"), "")
# What Livy has, and the stand-in has not.
MISSING = re.compile(
    r"/batches/.*|/sessions/[^/]+/(?:connect|stop|interrupt|(?:submit|run)-job|jobs/.*|"
    r"upload-(?:jar|pyfile|file)|add-(?:jar|pyfile|file))"
)
PAGE = """<html>
      <head>
      <link rel="stylesheet" href="/static/" type="text/css"/>
      <title>Livy stand-in</title>
      </head>
      <body>This is the sandbox's stand-in for Livy. It has no pages; see /sessions.</body>
</html>
"""


@dataclass(frozen=True)
class Request:
    """What was asked: the method, the path without its query, the query and the body."""

    method: str
    path: str
    query: dict[str, str]
    body: str

    def number(self, name: str, default: int) -> int:
        """A whole number of the query; LivyError in Java's words when it is none."""
        return whole_number(self.query[name]) if name in self.query else default


@dataclass(frozen=True)
class Response:
    """What is answered: a body that is JSON, or a page's text, or nothing."""

    status: int
    body: Json | str | None
    content_type: str = JSON_TYPE
    headers: dict[str, str] = field(default_factory=dict)


Reply = Callable[..., Response]


class Routes:
    """Answers requests from a server's sessions."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        one, its = r"/sessions/([^/]+)", r"/sessions/([^/]+)/statements"
        table: list[tuple[str, str, Reply]] = [
            ("GET", r"/|/ui", lambda _: Response(200, PAGE, HTML_TYPE)),
            ("GET", r"/version", self._version),
            ("GET", r"/batches", lambda _: Response(200, _page("sessions", [], 0))),
            ("POST", r"/batches", _missing),
            ("GET", r"/sessions", self._list),
            ("POST", r"/sessions", self._create),
            ("GET", one, self._show),
            ("DELETE", one, self._delete),
            ("GET", one + "/state", self._state),
            ("GET", one + "/log", self._log),
            ("GET", its, self._statements),
            ("POST", its, self._submit),
            ("GET", its + r"/([^/]+)", self._statement),
            ("POST", its + r"/([^/]+)/cancel", self._cancel),
            ("POST", one + "/completion", self._complete),
        ]
        self._table = [(method, re.compile(path), answer) for method, path, answer in table]

    def answer(self, request: Request) -> Response:
        """The answer to a request; never raises for what a client can do."""
        matches = [
            (method, found, do)
            for method, p, do in self._table
            if (found := p.fullmatch(request.path))
        ]
        for method, found, reply in matches:
            if method == request.method:
                try:
                    return reply(request, *found.groups())
                except LivyError as refusal:
                    return Response(refusal.status, refusal.body)
        if MISSING.fullmatch(request.path):
            return _missing(request)
        if matches:
            allowed = ", ".join(sorted({method for method, _, _ in matches}))
            return Response(405, None, headers={"Allow": allowed})
        known = request.path.startswith(("/sessions/", "/batches/"))
        return Response(404, None, JSON_TYPE if known else HTML_TYPE)

    def _version(self, _: Request) -> Response:
        return Response(200, {"version": self._sessions.version, **BUILD_DATA})

    def _list(self, request: Request) -> Response:
        start, size = request.number("from", 0), request.number("size", PAGE_SIZE)
        sessions = self._sessions.all()
        views = [session.view() for session in sessions[start : start + size]]
        return Response(200, _page("sessions", views, len(sessions), start))

    def _create(self, request: Request) -> Response:
        session = self._sessions.create(parse_session(request.body, self._sessions.version))
        return Response(201, session.view(), headers={"Location": f"/sessions/{session.id}"})

    def _show(self, _: Request, key: str) -> Response:
        return Response(200, self._sessions.find(key).view())

    def _delete(self, _: Request, key: str) -> Response:
        self._sessions.delete(self._sessions.find(key))
        return Response(200, {"msg": "deleted"})

    def _state(self, _: Request, key: str) -> Response:
        session = self._sessions.find(key)
        return Response(200, {"id": session.id, "state": session.state})

    def _log(self, request: Request, key: str) -> Response:
        session = self._sessions.find(key)
        lines = session.log()
        size, start = request.number("size", PAGE_SIZE), request.number("from", -1)
        size = len(lines) if size < 0 else size
        start = max(0, len(lines) - size) if start < 0 else start
        page = {"id": session.id, "from": start, "total": len(lines)}
        return Response(200, page | {"log": lines[start : start + size]})

    def _statements(self, request: Request, key: str) -> Response:
        session = self._sessions.find(key)
        session.check_active()
        views = [statement.view() for statement in session.statements.all()]
        if request.query.get("order", "").strip().lower() == "desc":
            views.reverse()
        start, size = request.number("from", 0), request.number("size", len(views))
        page = {"total_statements": len(views), "statements": views[start : start + size]}
        return Response(200, page)

    def _submit(self, request: Request, key: str) -> Response:
        session = self._sessions.find(key)
        asked = parse_statement(request.body)
        kind = statement_kind(asked.get("kind"), session.request["kind"])
        view = session.submit(kind, statement_code(asked))
        location = f"/sessions/{session.id}/statements/{view['id']}"
        return Response(201, view, headers={"Location": location})

    def _statement(self, _: Request, key: str, number: str) -> Response:
        session = self._sessions.find(key)
        asked = whole_number(number)
        session.check_active()
        statement = session.statements.get(asked)
        if statement is None:
            raise LivyError(404, "Statement not found")
        return Response(200, statement.view())

    def _cancel(self, _: Request, key: str, number: str) -> Response:
        self._sessions.find(key).cancel(whole_number(number))
        return Response(200, {"msg": "canceled"})

    def _complete(self, _: Request, key: str) -> Response:
        # Livy itself completes Scala only.
        self._sessions.find(key).check_running()
        return Response(200, {"candidates": []})


def whole_number(text: str) -> int:
    """A whole number of a path or query; LivyError in Java's words when it is none."""
    try:
        return int(text)
    except ValueError:
        raise illegal_argument(f'For input string: "{text}"') from None


def _missing(request: Request) -> Response:
    return Response(
        501,
        {
            "msg": f"The sandbox's stand-in for Livy has no {request.path}: it runs statements of "
            "sessions. Start the sandbox with LIVY_HOME, the folder of a real Livy, for the rest."
        },
    )


def _page(name: str, items: list[Json], total: int, start: int = 0) -> Json:
    return {"from": start, "total": total, name: items}
