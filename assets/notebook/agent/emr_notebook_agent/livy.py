"""Looks at Livy as SparkMagic would reach it, and says what a person should do.

It runs in SparkMagic's kernels, too: no signals, and nothing but the standard library.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")

# A resolver without an answer is asked again, for 90 seconds in all, by the C library.
RESOLVING_SECONDS = 5.0
# A way that drops packets: the kernel alone would try for two minutes.
CONNECTING_SECONDS = 5.0
# A Livy with thousands of sessions.
LARGEST_ANSWER = 1 << 23
MOST_SESSIONS = 1000
LONGEST_DETAILS = 400
THREAD = "look at Livy"
# What a followed name says before it has a cluster.
NO_CLUSTER_YET = "0.0.0.0"  # noqa: S104 - compared, not bound

# What Finding.check may be. Each has its line in docs/troubleshooting.md.
OK = "ok"
REPLACED = "cluster replaced"
WAITS = "waits for its cluster"
UNRESOLVED = "name not resolved"
SILENT_DNS = "DNS does not answer"
TIMED_OUT = "timed out"
NO_ANSWER = "no answer"
REFUSED = "refused"
UNREACHED = "no connection"
TLS = "TLS failure"
LOGIN = "authentication needed"
NO_LIVY = "not a Livy"
HTTP = "HTTP {status}"


@dataclass(frozen=True)
class Finding:
    """What a look at Livy found: `check` is OK, or one of the names in docs/troubleshooting.md.

    `problem` and `next_step` are for a person, each a line of printable text, and "" for OK.
    `address` is what Livy's host resolved to, "" when it did not.
    """

    check: str
    problem: str = ""
    next_step: str = ""
    may_pass: bool = False  # waiting may help
    address: str = ""


@dataclass(frozen=True)
class Livy:
    """Where Livy is, and how its client asks: whom it trusts, which headers it sends.

    `ca_bundle` is a file of authorities, "" for those that Python trusts by itself.
    """

    url: str
    ca_bundle: str = ""
    ignore_ssl_errors: bool = False
    headers: tuple[tuple[str, str], ...] = ()


class _Fault(Exception):
    """A reason that is no exception of Python's."""

    def __init__(self, check: str, details: str, next_step: str, *, may_pass: bool) -> None:
        super().__init__(check)
        self.finding = (check, details, next_step, may_pass)


def look(livy: Livy, *, seconds: float, known_address: str = "") -> Finding:
    """Ask Livy for its sessions once, without proxies and redirects, in `seconds` at most.

    Looking the name up takes RESOLVING_SECONDS of them at most. Where the name leads elsewhere than
    to `known_address`, the cluster was replaced.
    """
    address, deadline = "", time.monotonic() + seconds
    host, port = "", 0
    try:
        host, port = _host_and_port(livy.url)
        addresses = _resolved(host, port, min(seconds, RESOLVING_SECONDS))
        # DNS turns the order round with each answer.
        address = known_address if known_address in addresses else addresses[0]
        _check_answer(*_ask(livy, addresses, deadline))
    except Exception as error:
        check, details, next_step, may_pass = _explained(error)
        finding = Finding(
            check,
            f"Livy at {shown(livy.url)}: {check}" + (f" ({_one_line(details)})" if details else ""),
            next_step.format(host=host, port=port),
            may_pass,
            address,
        )
    else:
        finding = Finding(OK, address=address)
    return _moved(finding, host, known_address)


def sessions(livy: Livy, *, seconds: float) -> list[dict[str, Any]]:
    """What Livy says of each session that it has, asked as `look` asks.

    Raises OSError and ValueError, with the problem.
    """
    deadline = time.monotonic() + seconds
    try:
        host, port = _host_and_port(livy.url)
        addresses = _resolved(host, port, min(seconds, RESOLVING_SECONDS))
        status, body = _ask(livy, addresses, deadline, f"?from=0&size={MOST_SESSIONS}")
        _check_answer(status, body)
    except (_Fault, http.client.HTTPException) as error:
        raise ValueError(f"{_explained(error)[0]} at {shown(livy.url)}") from None
    found = json.loads(body)
    listed = found.get("sessions") if isinstance(found, dict) else None
    return [each for each in listed or () if isinstance(each, dict)]


def resolves(url: str) -> bool:
    """Whether the name of its host has an address, within RESOLVING_SECONDS."""
    try:
        _resolved(*_host_and_port(url), RESOLVING_SECONDS)
    except _Fault as fault:  # it has no cluster yet, or DNS is silent
        return fault.finding[0] != SILENT_DNS
    except (OSError, UnicodeError):
        return False
    return True


def shown(url: str) -> str:
    """The URL as anybody may see it: without a user name and a password."""
    return re.sub("//.*@", "//", url)


def _host_and_port(url: str) -> tuple[str, int]:
    """Where Livy is. Raises ValueError, which shows nothing of a malformed URL."""
    try:
        parts = urlsplit(url)
        return parts.hostname or "", parts.port or {"http": 80, "https": 443}[parts.scheme]
    except (KeyError, ValueError):
        raise ValueError("this is no http(s)://host[:port][/path]") from None


def _resolved(host: str, port: int, seconds: float) -> Sequence[str]:
    """The host's addresses. Raises _Fault, and OSError as getaddrinfo does."""
    try:
        found = _within(
            seconds, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM), _nothing
        )
    except TimeoutError:
        raise _Fault(
            SILENT_DNS,
            f"{host} was asked for {seconds:.0f} s",
            "turn on DNS support in the VPC, and let this notebook reach the name servers of the"
            " VPC's DHCP options on port 53",
            may_pass=True,
        ) from None
    addresses = [str(entry[4][0]) for entry in found]
    if NO_CLUSTER_YET in addresses:
        raise _Fault(WAITS, host, "start it", may_pass=True)
    return addresses


def _ask(
    livy: Livy, addresses: Sequence[str], deadline: float, query: str = ""
) -> tuple[int, bytes]:
    """The status and the body of what GET /sessions answers. Raises what went wrong."""
    host, port = _host_and_port(livy.url)
    connection = http.client.HTTPConnection(host, port)
    # Not connection.sock, which http.client takes away when the connection ends.
    taken = threading.Event()
    # Before the thread: a handshake must not begin when there is no more time.
    context = _tls(livy) if livy.url.startswith("https:") else None

    def ask() -> tuple[int, bytes]:
        connection.sock = _connected(addresses, port, deadline)
        taken.set()
        if context:
            connection.sock = context.wrap_socket(connection.sock, server_hostname=host)
        path = urlsplit(livy.url).path.rstrip("/") + "/sessions" + query
        connection.request("GET", path, headers=dict(livy.headers))
        answer = connection.getresponse()
        return answer.status, answer.read(LARGEST_ANSWER)

    def stop() -> None:
        with contextlib.suppress(OSError, AttributeError):
            connection.sock.shutdown(socket.SHUT_RDWR)

    try:
        return _within(deadline - time.monotonic(), ask, stop)
    except (socket.timeout, TimeoutError):
        if not taken.is_set():
            raise
        # A security group that let the connection through is not at fault.
        raise _Fault(
            NO_ANSWER,
            "the connection was taken, and no whole answer came",
            "read /var/log/livy on the primary, and restart livy-server there",
            may_pass=True,
        ) from None
    finally:
        connection.close()


def _connected(addresses: Sequence[str], port: int, deadline: float) -> socket.socket:
    """A connection to the first of the addresses that takes one. Raises the last one's OSError."""
    for address in addresses[:-1]:
        with contextlib.suppress(OSError):
            return _connect(address, port, deadline)
    return _connect(addresses[-1], port, deadline)


def _connect(address: str, port: int, deadline: float) -> socket.socket:
    left = min(CONNECTING_SECONDS, deadline - time.monotonic())
    connected = socket.create_connection((address, port), timeout=max(left, 0.1))
    # Each answer may take what is left of the time, not the connection's part of it.
    connected.settimeout(max(deadline - time.monotonic(), 0.1))
    return connected


def _tls(livy: Livy) -> ssl.SSLContext:
    if livy.ignore_ssl_errors:
        return ssl._create_unverified_context()  # noqa: S323 - as the client was told
    try:
        return ssl.create_default_context(cafile=livy.ca_bundle or None)
    except OSError as error:
        raise _Fault(
            TLS,
            f"the authorities in {livy.ca_bundle} cannot be read: {error}",
            "stop and start this notebook",
            may_pass=False,
        ) from None


def _within(seconds: float, function: Callable[[], T], stop: Callable[[], object]) -> T:
    """What the function returns or raises. Raises TimeoutError after `seconds`, and calls `stop`.

    In a thread of its own, which signals would not reach: SparkMagic's kernels have theirs.
    """
    outcome: list[T] = []
    raised: list[Exception] = []

    def run() -> None:
        try:
            outcome.append(function())
        except Exception as error:
            raised.append(error)

    thread = threading.Thread(target=run, name=THREAD, daemon=True)
    thread.start()
    thread.join(max(seconds, 0.0))
    if thread.is_alive():
        stop()
        raise TimeoutError("no answer")
    if raised:
        raise raised[0]
    return outcome[0]


def _nothing() -> None:
    """Stop nothing: nobody can stop the C library's look-up."""


def _check_answer(status: int, body: bytes) -> None:
    """Raises _Fault unless it is what a Livy answers that may be used."""
    if status == 200 and re.search(rb'"sessions"\s*:', body):
        return
    if status in (401, 403):
        raise _Fault(
            LOGIN,
            f"HTTP {status}",
            "use a cluster whose Livy asks for no login",
            may_pass=False,
        )
    if status >= 500:
        raise _Fault(
            HTTP.format(status=status),
            "Livy's own error",
            "read /var/log/livy on the primary",
            may_pass=True,
        )
    then = "deploy again if Livy uses TLS now, or correct the port"
    if 300 <= status < 400:
        raise _Fault(NO_LIVY, f"HTTP {status}, which leads elsewhere", then, may_pass=False)
    raise _Fault(NO_LIVY, f"HTTP {status} without sessions", "correct the port", may_pass=False)


def _explained(error: Exception) -> tuple[str, str, str, bool]:
    """Check, details, next step and whether waiting may help."""
    if isinstance(error, _Fault):
        return error.finding
    return next(
        (check, str(error), then, may_pass)
        for kinds, check, then, may_pass in _FAULTS
        if isinstance(error, kinds)
    )


_FAULTS: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str, str, bool], ...] = (
    (
        # Python refuses some names before it asks: an empty part, or one too long.
        (socket.gaierror, UnicodeError),
        UNRESOLVED,
        "turn on DNS support and DNS host names in the VPC",
        True,
    ),
    (
        (socket.timeout, TimeoutError),
        TIMED_OUT,
        "admit this notebook's security group to the primary's on TCP port {port}",
        True,
    ),
    (
        ssl.SSLError,
        TLS,
        "deploy again; if Livy uses TLS, with its authority as the cluster's tls.ca_file",
        False,
    ),
    (ConnectionRefusedError, REFUSED, "start livy-server on the primary", True),
    (
        (http.client.HTTPException, ConnectionError),
        NO_LIVY,
        "deploy again if Livy uses TLS now",
        False,
    ),
    (Exception, UNREACHED, "check the routes between the subnets", True),
)


def _moved(finding: Finding, host: str, known_address: str) -> Finding:
    """The same finding, unless the name leads elsewhere now."""
    if not known_address or not finding.address or finding.address == known_address:
        return finding
    moved = f"{host} led to {known_address} and leads to {finding.address} now"
    if finding.check == OK:
        return Finding(REPLACED, f"The cluster was replaced: {moved}", "", False, finding.address)
    problem = f"The cluster was replaced: {moved}. {finding.problem}"
    return Finding(finding.check, problem, finding.next_step, finding.may_pass, finding.address)


def _one_line(text: str) -> str:
    """Printable ASCII: what answered in Livy's place sends a terminal no commands."""
    return re.sub("[^!-~]+", " ", text)[:LONGEST_DETAILS]
