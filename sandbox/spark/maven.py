"""Reads what this machine's own Maven settings and proxy variables mean for a download."""

import urllib.parse
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path

from sandbox.errors import SandboxError

CENTRAL = "central"
DEFAULT_PORTS = {"http": 80, "https": 443}


def central_mirror(settings: Path) -> str | None:
    """The URL of the first mirror in a Maven settings.xml that stands for Maven Central.

    None when the file or such a mirror is absent. SandboxError when the file is not XML.
    """
    if not settings.is_file():
        return None
    try:
        root = ET.parse(settings).getroot()  # noqa: S314 - the user's own file
    except ET.ParseError as error:
        raise SandboxError(
            f"{settings} is not well-formed XML ({error}). Correct it, or move it away."
        ) from error
    for mirror in root.iterfind("{*}mirrors/{*}mirror"):
        if _covers_central(mirror.findtext("{*}mirrorOf", "")):
            return mirror.findtext("{*}url", "").strip() or None
    return None


def _covers_central(mirror_of: str) -> bool:
    """Maven's rule for mirrorOf: a comma-separated list in which ! takes out."""
    names = {name.strip() for name in mirror_of.split(",")}
    return f"!{CENTRAL}" not in names and not names.isdisjoint({CENTRAL, "*", "external:*"})


def proxy_options(environ: Mapping[str, str]) -> list[str]:
    """The Java options for https_proxy, http_proxy and no_proxy, in either case of letters."""
    options = []
    for scheme in ("https", "http"):
        value = _either_case(environ, f"{scheme}_proxy")
        if not value:
            continue
        proxy = urllib.parse.urlsplit(value if "://" in value else f"http://{value}")
        port = proxy.port or DEFAULT_PORTS.get(proxy.scheme, 80)
        options += [f"-D{scheme}.proxyHost={proxy.hostname}", f"-D{scheme}.proxyPort={port}"]
    direct = [name.strip() for name in _either_case(environ, "no_proxy").split(",")]
    # Java's list is separated by | and wants a wildcard where others take a leading dot.
    hosts = [f"*{name}" if name.startswith(".") else name for name in direct if name]
    return [*options, f"-Dhttp.nonProxyHosts={'|'.join(hosts)}"] if options and hosts else options


def _either_case(environ: Mapping[str, str], name: str) -> str:
    return environ.get(name) or environ.get(name.upper()) or ""
