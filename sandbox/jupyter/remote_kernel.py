"""Speaks to a kernel that a Jupyter server runs, over that server's WebSocket.

jupyter_server's own client for this sends no token when it connects, gives up on a kernel that
is silent for 40 s, and spins one processor while it waits.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from queue import Empty
from typing import Any, Self

from jupyter_client.asynchronous.client import AsyncKernelClient
from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

CHANNELS = ("shell", "iopub", "stdin", "control", "hb")
LARGEST_MESSAGE_BYTES = 256 * 1024 * 1024  # tornado's own 10 MB end the connection on a big output

Message = dict[str, Any]


class Channel:
    """One of a kernel's channels: what arrived on it, in order, and a way to send."""

    def __init__(self, name: str, send: Callable[[Message], None]) -> None:
        self.name = name
        self.arrived: asyncio.Queue[Message] = asyncio.Queue()
        self._send = send

    async def get_msg(self, timeout: float | None = None) -> Message:
        """The next message; queue.Empty after `timeout` seconds without one."""
        try:
            return await asyncio.wait_for(self.arrived.get(), timeout)
        except TimeoutError:
            raise Empty from None

    def send(self, message: Message) -> None:
        """Send the message on this channel."""
        self._send({**message, "channel": self.name})


class RemoteKernelClient(AsyncKernelClient):
    """A kernel client that nbclient can execute cells with; made by `connected_to`."""

    def __init__(self, socket: WebSocketClientConnection) -> None:
        super().__init__()
        self.allow_stdin = False
        self._socket = socket
        self._alive = True
        for name in CHANNELS:
            setattr(self, f"_{name}_channel", Channel(name, self._write))

    @classmethod
    @contextlib.asynccontextmanager
    async def connected_to(cls, url: str, token: str) -> AsyncIterator[Self]:
        """Connect to a kernel's `channels` address (ws://…) for as long as the block runs."""
        request = HTTPRequest(url, headers={"Authorization": f"token {token}"})
        socket = await websocket_connect(request, max_message_size=LARGEST_MESSAGE_BYTES)
        client = cls(socket)
        reader = asyncio.create_task(client._read())
        try:
            yield client
        finally:
            reader.cancel()
            socket.close()

    async def _async_is_alive(self) -> bool:
        """Whether the kernel has neither died nor been restarted since."""
        return self._alive

    is_alive = _async_is_alive

    async def _read(self) -> None:
        while (text := await self._socket.read_message()) is not None:
            message = json.loads(text)
            # The server restarts a kernel that dies, without the state of the cells before.
            if message["content"].get("execution_state") in {"restarting", "dead"}:
                self._alive = False
            channel: Channel = getattr(self, f"_{message['channel']}_channel")
            channel.arrived.put_nowait(message)
        self._alive = False

    def _write(self, message: Message) -> None:
        self._socket.write_message(json.dumps(message, default=_as_text))


def _as_text(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{value!r} is in a kernel message and has no JSON form")
