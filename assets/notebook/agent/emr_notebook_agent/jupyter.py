"""Reads what the notebook's Jupyter servers know of use: kernels, terminals, notebooks' files."""

from __future__ import annotations

import contextlib
import errno
import http.client
import json
import os
import re
import ssl
import time
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable
from urllib.parse import urlsplit

from emr_notebook_agent import files
from emr_notebook_agent.idle import Activity
from emr_notebook_agent.wording import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Where Jupyter runs on a notebook instance, with a certificate that nobody signed.
SAGEMAKER_URL = "https://localhost:8443/"
RUNTIME = ".local/share/jupyter/runtime"
LOOPBACK = ("localhost", "127.0.0.1", "::1")
# Nobody listens; or the last address of localhost is one of IPv6, which is off.
NOBODY = (errno.ECONNREFUSED, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
SECONDS = 10.0
LARGEST_BYTES = 4_000_000
MOST_SERVERS = 8


@dataclass(frozen=True)
class Server:
    """A server on this machine: its address, its secret, and the folder of its files."""

    url: str
    token: str
    folder: Path


class NoServer(Exception):
    """Nothing listens at a server's address."""


class NoAnswer(Exception):
    """A server is there, and what it knows could not be read."""


Get = Callable[[Server, str], Any]


def look(home: Path, get: Get | None = None) -> Activity:
    """Look at all of the user's servers; a server that does not listen has no kernels.

    Bounded by SECONDS for each of a few requests to each server.
    """
    found = Activity()
    answered: set[int | None] = set()
    sagemakers = Server(SAGEMAKER_URL, "", home / "SageMaker")
    for server in (*servers(home), sagemakers):
        port = urlsplit(server.url).port
        if server is sagemakers and port in answered:
            # The same server again.
            continue
        try:
            one = look_at(server, get or request)
        except NoServer:
            continue
        except NoAnswer as error:
            where = urlsplit(server.url)
            why = f"Jupyter at {where.hostname}:{where.port} does not say what it runs: {error}"
            one = Activity(unseen=(printable(why, 200),))
        answered.add(port)
        found = Activity(
            found.in_use + one.in_use,
            {**found.marks, **one.marks},
            found.unseen + one.unseen,
        )
    return found


def servers(home: Path) -> Iterator[Server]:
    """The servers that run, by the files that they write about themselves.

    Only those on loopback: a secret is sent nowhere else, whatever the file says.
    """
    folder = home / RUNTIME
    names = sorted([*folder.glob("jpserver-*.json"), *folder.glob("nbserver-*.json")])
    return islice(filter(None, (_running(path, home) for path in names)), MOST_SERVERS)


def _running(file: Path, home: Path) -> Server | None:
    """The server that wrote this file, if it runs."""
    wrong = (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError)
    with contextlib.suppress(*wrong):
        known = json.loads(files.read(file) or "")
        root = known.get("root_dir") or known.get("notebook_dir") or home / "SageMaker"
        address = urlsplit(known["url"])
        is_here = address.hostname in LOOPBACK and address.scheme in ("http", "https")
        # Its port raises ValueError where it is none.
        if is_here and address.port != 0 and os.path.lexists(f"/proc/{int(known['pid'])}"):
            return Server(known["url"], str(known.get("token") or ""), Path(root))
    return None


def look_at(server: Server, get: Get) -> Activity:
    """What one server says. Raises NoServer and NoAnswer."""
    trusted = has_trusted_activity(str(_mapping(get(server, "api")).get("version", "")))
    names = _notebooks(get(server, "api/sessions"))
    kernels = _listed(get(server, "api/kernels"))
    in_use, marks = [], {}
    for kernel in kernels:
        name = str(kernel.get("id", ""))
        path = names.get(name, "")
        if kernel.get("execution_state") == "busy":
            in_use.append(f"the kernel of {printable(path)}" if path else "a kernel")
        # A kernel that appears was started, whatever is known of its activity.
        marks[f"kernel {name}"] = str(kernel.get("last_activity")) if trusted else ""
        if path:
            marks[f"file {path}"] = _changed(server.folder / path)
    for terminal in _listed(get(server, "api/terminals")):
        marks[f"terminal {server.url} {terminal.get('name')}"] = str(terminal.get("last_activity"))
    return Activity(tuple(f"{each} is busy" for each in in_use), marks)


def has_trusted_activity(version: str) -> bool:
    """Whether a kernel's last_activity is a person's doing, in a server of this version.

    Before jupyter_server 2.15, any message counted, such as those by which an open tab of
    JupyterLab asks a kernel about itself. Notebook servers from 5 on are the older classic ones.
    """
    numbers = re.match(r"(\d+)\.(\d+)", version)
    return numbers is not None and (2, 15) <= (int(numbers[1]), int(numbers[2])) < (5, 0)


def request(server: Server, path: str) -> Any:
    """The answer to one GET; None when the server has no such thing.

    The server's other clients do not see it: it counts as no activity. Raises NoServer and
    NoAnswer.
    """
    url, deadline = urlsplit(server.url), time.monotonic() + SECONDS
    host, port = url.hostname or "", url.port
    connection = http.client.HTTPConnection(host, port, timeout=SECONDS / 2)
    if url.scheme == "https":
        # To loopback, where nobody stands between.
        context = ssl._create_unverified_context()  # noqa: S323
        connection = http.client.HTTPSConnection(host, port, timeout=SECONDS / 2, context=context)
    headers = {"Authorization": f"token {server.token}"} if server.token else {}
    target = f"{url.path.rstrip('/')}/{path}?no_track_activity=1"
    try:
        connection.request("GET", target, headers=headers)
        answer = connection.getresponse()
        if answer.status == 404:
            return None
        if answer.status != 200:
            raise NoAnswer(f"HTTP {answer.status}")
        return json.loads(_read(answer.read1, deadline))
    except (OSError, http.client.HTTPException, ValueError) as error:
        if getattr(error, "errno", None) in NOBODY:
            raise NoServer from error
        raise NoAnswer(f"{type(error).__name__}") from error
    finally:
        connection.close()


def _read(read: Callable[[int], bytes], deadline: float) -> bytes:
    parts, size = [], 0
    while part := read(1 << 16):
        parts.append(part)
        size += len(part)
        if size > LARGEST_BYTES or time.monotonic() > deadline:
            raise NoAnswer("its answer is too long or too slow")
    return b"".join(parts)


def _notebooks(sessions: Any) -> dict[str, str]:
    """The path of the notebook of each kernel, by the kernel's id."""
    return {
        str(_mapping(each.get("kernel")).get("id")): str(each.get("path") or "")
        for each in _listed(sessions)
    }


def _changed(path: Path) -> str:
    try:
        return str(path.stat().st_mtime_ns)
    except (OSError, ValueError):
        return ""


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _listed(value: Any) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
