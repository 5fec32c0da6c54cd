"""Decides what SparkMagic's config.json says: the deploy's settings, under the user's own."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from emr_notebook_agent.livy import Livy

if TYPE_CHECKING:
    from collections.abc import Mapping

OWN = "sparkmagic.json"  # in the agent's folder, the user's
KERNELS = ("python", "scala", "r")
_LABEL = "[A-Za-z0-9_-]{1,63}"
# RFC 9110: a field's name, and a value that every client sends as it is.
_HEADER = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", r"([!-~]([ -~]*[!-~])?)?"
_FORMS = {dict: "an object", str: "a text", bool: "true or false", int: "a number"}
ADDRESS = re.compile(r"https?://[a-z0-9.-]{1,253}:\d{1,5}")


class Problem(NamedTuple):
    """What is wrong, how bad it is (`warning` or `failed`), and what mends it."""

    state: str
    what: str
    then: str


def deployed(url: str, settings: str) -> dict[str, Any]:
    """SparkMagic's configuration as deployed: `settings` is its JSON, without the credentials.

    Raises ValueError.
    """
    login = {"username": "", "base64_password": "", "url": url, "auth": "None"}
    config = json.loads(settings)
    if not isinstance(config, dict):
        raise ValueError("it is no JSON object")  # noqa: TRY004 - what json raises, too
    return {**{f"kernel_{name}_credentials": login for name in KERNELS}, **config}


def with_own(config: dict[str, Any], text: str) -> dict[str, Any]:
    """The configuration with the user's own JSON merged into it.

    Raises ValueError for what SparkMagic could not use, without showing what it says.
    """
    try:
        own = json.loads(text)
        if not isinstance(own, dict):
            raise ValueError("it is no JSON object")  # noqa: TRY004 - what json raises, too
        _check_forms({"session_configs": {}, **config}, own)
        merged = finished(_merged(config, own))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    for name in KERNELS:
        url_of(merged, name)
    headers_of(merged)
    return merged


def _check_forms(deployed: Mapping[str, Any], own: Mapping[str, Any]) -> None:
    """Raises ValueError for a value of another form than the deployed one has."""
    for name, value in own.items():
        form = type(deployed.get(name))
        given = int if type(value) is float else type(value)
        if form in _FORMS and given is not form:
            raise ValueError(f"{name} has to be {_FORMS[form]}")


def finished(config: Mapping[str, Any]) -> dict[str, Any]:
    """What is written: SparkMagic before 0.21 reads session_configs only."""
    defaults = config.get("session_configs_defaults", {})
    return {**config, "session_configs": _merged(defaults, config.get("session_configs", {}))}


def url_of(config: Mapping[str, Any], kernel: str = "python") -> str:
    """Where this kernel finds Livy. Raises ValueError, which names no password."""
    name = f"kernel_{kernel}_credentials"
    login = config.get(name)
    url = login.get("url") if isinstance(login, dict) else None
    if not isinstance(url, str) or not re.fullmatch(r"https?://[!-~]+", url):
        raise ValueError(f"{name} has no http(s) url")
    accepted = f"{name}'s url is not http(s)://host[:port][/path]"
    if "@" in url:
        raise ValueError(f"{accepted}: it holds a user name or a password")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError(f"{accepted}: its port is no number from 1 to 65535") from None
    if port == 0:
        raise ValueError(f"{accepted}: its port is no number from 1 to 65535")
    host = parts.hostname or ""
    # RFC 1035: labels of at most 63 characters, 253 in all; or an address of IPv6.
    if len(host) > 253 or not re.fullmatch(
        rf"{_LABEL}(\.{_LABEL})*\.?|[0-9a-f]*:[0-9a-f:.]+", host
    ):
        raise ValueError(f"{accepted}: its host is none")
    if parts.query or parts.fragment or url.endswith(("?", "#")):
        raise ValueError(f"{accepted}: it goes on after the path")
    return url


def headers_of(config: Mapping[str, Any]) -> dict[str, str]:
    """What is sent with each request. Raises ValueError, which shows no value: one may be a token.

    Python's clients would show it.
    """
    headers = config.get("custom_headers", {})
    if not isinstance(headers, dict):
        raise ValueError("custom_headers is no JSON object")  # noqa: TRY004 - as url_of
    for header in headers.items():
        for form, part in zip(_HEADER, header):
            if not isinstance(part, str) or not re.fullmatch(form, part):
                raise ValueError(
                    "custom_headers holds what is no header: names are of letters, digits and"
                    " hyphens, values are texts of printable ASCII on one line"
                )
    return headers


def livy(config: Mapping[str, Any], ca_bundle: str) -> Livy:
    """How SparkMagic's client asks with this configuration. Raises ValueError."""
    sent = {"X-Requested-By": "emr-notebook", **headers_of(config)}
    insecure = bool(config.get("ignore_ssl_errors"))
    return Livy(url_of(config), ca_bundle, insecure, tuple(sent.items()))


def _merged(base: Any, top: Any) -> Any:
    if isinstance(base, dict) and isinstance(top, dict):
        return {**base, **{key: _merged(base.get(key), value) for key, value in top.items()}}
    return top
