"""Serves the stand-in over HTTP: requests in, the routes' answers out, and a log of both."""

import json
import ssl
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from sandbox.livy.routes import Request, Response, Routes

IDLE_CONNECTION_SECONDS = 120


class Server(ThreadingHTTPServer):
    """Serves `routes` on an address; each request becomes a line of JSON in `log`."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self, address: tuple[str, int], routes: Routes, log: Path, tls: ssl.SSLContext | None
    ) -> None:
        super().__init__(address, Handler)
        self.routes = routes
        self._log = log
        self._log_lock = threading.Lock()
        if tls:
            # The handshake waits for the request's own thread: a client that never finishes
            # one must not keep the others out.
            self.socket = tls.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False
            )

    def record(self, entry: dict[str, object]) -> None:
        """Append one request to the log."""
        with self._log_lock, self._log.open("a", encoding="utf-8") as log:
            log.write(json.dumps(entry) + "\n")


class Handler(BaseHTTPRequestHandler):
    """One connection, kept open from request to request."""

    server: Server
    protocol_version = "HTTP/1.1"
    timeout = IDLE_CONNECTION_SECONDS

    def handle_one_request(self) -> None:
        """As inherited, but a client that breaks off mid-way is not worth a traceback."""
        try:
            super().handle_one_request()
        except (ConnectionError, ssl.SSLError):
            self.close_connection = True

    def _answer(self) -> None:
        parts = urllib.parse.urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = urllib.parse.unquote(parts.path)
        path = path.rstrip("/") or "/"
        query = dict(urllib.parse.parse_qsl(parts.query))
        text = body.decode("utf-8", errors="replace")
        method = "GET" if self.command == "HEAD" else self.command
        response = self.server.routes.answer(Request(method, path, query, text))
        self._send(response)
        self.server.record(
            {
                "time": time.time(),
                "method": self.command,
                "path": self.path,
                "status": response.status,
                "client": self.client_address[0],
            }
        )

    do_GET = do_POST = do_DELETE = do_PUT = do_PATCH = do_HEAD = _answer  # noqa: N815

    def _send(self, response: Response) -> None:
        is_page = response.content_type.startswith("text/")
        text = str(response.body) if is_page else json.dumps(response.body, ensure_ascii=False)
        payload = b"" if response.body is None else text.encode()
        self.send_response(response.status)
        self.send_header("Content-Type", response.content_type)
        self.send_header("Content-Length", str(len(payload)))
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(payload)

    def log_message(self, *_: object) -> None:
        """Nothing to standard error: the requests are in the log."""
