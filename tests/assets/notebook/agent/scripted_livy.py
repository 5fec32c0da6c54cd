"""A Livy that answers what a test says, over HTTP, and remembers what it was asked."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

# An answer: its status and its body; or DROP, a connection that ends without one.
Answer = tuple[int, Any]
DROP: Answer = (0, None)


class ScriptedLivy(ThreadingHTTPServer):
    """`answers` are by method and path; of a list, each is given once, the last for ever."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: dict[str, list[Answer]] = {"GET /sessions": [(200, {"sessions": []})]}
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def count(self, asked: str) -> int:
        return self.asked.count(asked)


class _Handler(BaseHTTPRequestHandler):
    server: ScriptedLivy
    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        asked = f"{self.command} {self.path.partition('?')[0]}"
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.asked.append(asked)
        self.server.headers.append(dict(self.headers.items()))
        script = self.server.answers.get(asked, [(404, {"msg": "not found"})])
        status, body = script.pop(0) if len(script) > 1 else script[0]
        if not status:
            self.close_connection = True
            return
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_DELETE = _answer  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Nothing to standard error."""


@contextmanager
def scripted_livy() -> Iterator[ScriptedLivy]:
    with ScriptedLivy() as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()
