"""The part of GitHub's API that comments need, on loopback."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

# GitHub's own limit of a comment's text.
BODY_CHARACTERS = 65_536


class FakeGitHub(ThreadingHTTPServer):
    """One pull request, and who calls: an app's token may not ask for its user."""

    def __init__(self, token: str, login: str, *, is_app: bool) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.token, self.login, self.is_app = token, login, is_app
        self.comments: list[dict[str, Any]] = []
        self.requests: list[str] = []
        self.refuses: dict[str, int] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def add(self, login: str, body: str) -> dict[str, Any]:
        made = {"id": 1000 + len(self.comments), "user": {"login": login}, "body": body}
        made["html_url"] = f"https://github.example/pull/7#issuecomment-{made['id']}"
        self.comments.append(made)
        return made


class Handler(BaseHTTPRequestHandler):
    """GitHub's answers, as its documentation has them."""

    server: FakeGitHub

    def do_GET(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        self.answer()

    def do_PATCH(self) -> None:
        self.answer()

    def answer(self) -> None:
        path = urlsplit(self.path).path
        self.server.requests.append(f"{self.command} {path}")
        status, said = self.decide(path)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(said).encode())

    def decide(self, path: str) -> tuple[int, Any]:
        if self.headers["Authorization"] != f"Bearer {self.server.token}":
            return 401, {"message": "Bad credentials"}
        if self.command in self.server.refuses:
            # An answer that repeats what it was sent, to see that it is not repeated further.
            said = f"Not allowed for {self.headers['Authorization']}"
            return self.server.refuses[self.command], {"message": said}
        if path == "/user":
            if self.server.is_app:
                return 403, {"message": "Resource not accessible by integration"}
            return 200, {"login": self.server.login}
        return self.comment(path)

    def comment(self, path: str) -> tuple[int, Any]:
        one = re.fullmatch(r"/repos/example/notebooks/issues/comments/(\d+)", path)
        if one and self.command == "PATCH":
            (found,) = [each for each in self.server.comments if each["id"] == int(one[1])]
            found["body"] = self.body()
            return 200, found
        if path != "/repos/example/notebooks/issues/7/comments":
            return 404, {"message": "Not Found"}
        if self.command == "POST":
            body = self.body()
            if len(body) > BODY_CHARACTERS:
                return 422, {"message": "Validation Failed"}
            return 201, self.server.add(self.server.login, body)
        asked = parse_qs(urlsplit(self.path).query)
        size, page = int(asked["per_page"][0]), int(asked["page"][0])
        return 200, self.server.comments[size * (page - 1) : size * page]

    def body(self) -> str:
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        return str(sent["body"])

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


@contextmanager
def fake_github(
    token: str, login: str = "github-actions[bot]", *, is_app: bool = True
) -> Iterator[FakeGitHub]:
    """A GitHub that knows one token, until the end of the block."""
    server = FakeGitHub(token, login, is_app=is_app)
    threading.Thread(target=lambda: server.serve_forever(0.01), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
