"""Writes a line for every API call, by which tests and reports know what was asked of AWS."""

import json
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from sandbox.aws.emulator import ministack

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]

# Bodies carry scripts, templates and secrets; only what identifies the subject is kept.
_IDENTIFYING = ("Id", "Ids", "Name", "Names", "Type", "Types", "State", "States", "Arn", "Marker")
_BODY_BYTES = 262_144
_VALUE_CHARACTERS = 300


def identifying_parameters(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that say which resource a call was about."""
    kept: dict[str, Any] = {}
    for name, value in parameters.items():
        if not name.endswith(_IDENTIFYING):
            continue
        values = value if isinstance(value, list) else [value]
        if all(isinstance(v, str) and len(v) <= _VALUE_CHARACTERS for v in values):
            kept[name] = value
    return kept


def body_parameters(body: bytes, content_type: str) -> dict[str, Any]:
    """The parameters of a JSON or form request; empty for any other."""
    if "json" in content_type:
        try:
            read = json.loads(body)
        except ValueError:
            return {}
        return read if isinstance(read, dict) else {}
    if "x-www-form-urlencoded" in content_type:
        form = parse_qs(body.decode("utf-8", "replace"))
        return {name: values[0] for name, values in form.items()}
    return {}


class RequestLog:
    """ASGI middleware that writes each answered call to `path` before the answer is sent."""

    def __init__(self, application: Application, path: Path) -> None:
        self._application = application
        self._path = path

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass the request on; write it down when its answer begins."""
        if scope["type"] != "http" or scope["path"].startswith("/_"):
            await self._application(scope, receive, send)
            return
        body = bytearray()

        async def reading() -> Message:
            message = await receive()
            if len(body) < _BODY_BYTES:
                body.extend(message.get("body", b""))
            return message

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._write(scope, bytes(body), message["status"])
            await send(message)

        await self._application(scope, reading, sending)

    def _write(self, scope: Message, body: bytes, status: int) -> None:
        call = describe_call(scope, body) | {"status": status}
        with self._path.open("a") as log:
            log.write(json.dumps(call) + "\n")


def describe_call(scope: Message, body: bytes) -> dict[str, Any]:
    """The call as the emulator understood it: called in the task that answered it."""
    router, actions = ministack("core.router"), ministack("core.iam_actions")
    headers = _headers(scope["headers"])
    query = parse_qs(scope["query_string"].decode(), keep_blank_values=True)
    parameters = body_parameters(body, headers.get("content-type", ""))
    routed = {name: [value] for name, value in parameters.items() if isinstance(value, str)} | query
    method, path = scope["method"], scope["path"]
    service = router.detect_service(method, path, headers, routed)
    action = actions.extract_iam_action(service, method, path, headers, body, routed)
    return {
        "time": round(time.time(), 3),
        "service": service,
        "action": action.split(":", 1)[1] if action else f"{method} {path}",
        "principal": _principal(headers, query),
        "parameters": identifying_parameters(parameters) | ({"path": path} if path != "/" else {}),
    }


def _principal(headers: Mapping[str, str], query: Mapping[str, list[str]]) -> str | None:
    if not ministack("core.router").extract_access_key_id(headers, query):
        return None
    return str(ministack("core.iam_evaluator").caller_arn())


def _headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in raw}
