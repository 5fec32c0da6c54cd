"""Finds ports on loopback, and asks servers there past any proxy that is set for the machine."""

import socket
import urllib.request


def free_port(host: str = "127.0.0.1") -> int:
    """A TCP port that nothing listened on when asked."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def port_is_open(host: str, port: int) -> bool:
    """Whether something accepts connections there now."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((host, port)) == 0


def opener(*handlers: urllib.request.BaseHandler) -> urllib.request.OpenerDirector:
    """What opens a URL without a proxy."""
    return urllib.request.build_opener(urllib.request.ProxyHandler({}), *handlers)


def answers(url: str, *handlers: urllib.request.BaseHandler, seconds: float = 5) -> bool:
    """Whether a GET of this URL is answered with status 200 now."""
    try:
        with opener(*handlers).open(url, timeout=seconds) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
