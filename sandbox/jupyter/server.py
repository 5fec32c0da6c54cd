"""Makes the few calls of a Jupyter server's REST API that running a notebook takes."""

import contextlib
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import nbformat
from nbformat import NotebookNode

from sandbox.errors import SandboxError
from sandbox.loopback import opener

ANSWER_SECONDS = 60  # starting a session waits for its kernel's process


class JupyterServer:
    """A running Jupyter server, known by any of its addresses and its token.

    Without a token, the one in the address is taken. Every refusal is a SandboxError.
    """

    def __init__(self, url: str, token: str | None = None) -> None:
        parts = urlsplit(url)
        self.address = f"{parts.scheme}://{parts.netloc}"
        self.token = token or parse_qs(parts.query).get("token", [""])[0]

    def save(self, path: str, notebook: NotebookNode) -> None:
        """Write the notebook to the path below the server's root folder."""
        content = json.loads(nbformat.writes(notebook))  # type: ignore[no-untyped-call]
        model = {"type": "notebook", "format": "json", "content": content}
        self._call("PUT", f"/api/contents/{quote(path)}", model)

    @contextlib.contextmanager
    def session(self, path: str, kernel_name: str) -> Iterator[str]:
        """A session for the notebook, as the browser opens one; its kernel's id.

        At the end the kernel is shut down; a server that is gone by then took it along.
        """
        kernel = {"name": kernel_name}
        model = {"path": path, "name": path, "type": "notebook", "kernel": kernel}
        session = self._call("POST", "/api/sessions", model)
        try:
            yield session["kernel"]["id"]
        finally:
            with contextlib.suppress(SandboxError):
                self._call("DELETE", f"/api/sessions/{session['id']}")

    def channels_url(self, kernel_id: str) -> str:
        """Where the kernel's WebSocket is."""
        return f"{self.address.replace('http', 'ws', 1)}/api/kernels/{kernel_id}/channels"

    def _call(self, method: str, path: str, body: object = None) -> Any:
        request = urllib.request.Request(  # noqa: S310 - http to loopback
            self.address + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"token {self.token}", "Content-Type": "application/json"},
        )
        try:
            with opener().open(request, timeout=ANSWER_SECONDS) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            said = error.read().decode(errors="replace")[:500]
            raise SandboxError(f"JupyterLab refused {method} {path}: {error}: {said}") from error
        except OSError as error:
            raise SandboxError(f"No JupyterLab answers at {self.address}: {error}") from error
        return json.loads(text) if text else None
