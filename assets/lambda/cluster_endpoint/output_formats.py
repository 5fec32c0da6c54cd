"""Checks what may reach a notebook's start script: text that a shell reads as nothing more."""

import re
from collections.abc import Mapping

from cluster_endpoint import refusals

_OCTET = r"(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_IPV4 = rf"{_OCTET}(\.{_OCTET}){{3}}"
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
# RFC 1123, section 2.1, in small letters; at least two labels, the last of which starts with a
# letter, so that no malformed address passes for a name.
_NAME = rf"({_LABEL}\.)+[a-z]([a-z0-9-]{{0,61}}[a-z0-9])?"
_URL = rf"https?://({_IPV4}|(?=[a-z0-9.-]{{1,253}}:){_NAME}):\d{{1,5}}"
_VERSION = r"[0-9A-Za-z][0-9A-Za-z.+_-]{0,63}"

CLUSTER_ID = r"j-[A-Z0-9]{4,20}"
CLUSTER_KEY = r"[a-z][a-z0-9-]{0,31}"

FORMATS: Mapping[str, str] = {
    "LivyUrl": _URL,
    "ClusterId": CLUSTER_ID,
    "ReleaseLabel": _VERSION,
    "SparkVersion": _VERSION,
    "LivyVersion": _VERSION,
}
UNKNOWN = "unknown"


def shown(name: str, value: object) -> str:
    """A value that people read and nothing uses; UNKNOWN for one that a script may not hold."""
    text = value.strip() if isinstance(value, str) else ""
    return text if matches(name, text) else UNKNOWN


def checked(values: Mapping[str, object]) -> dict[str, str]:
    """The same values, each of its format in FORMATS. Raises Refusal for one that is not."""
    for name, value in values.items():
        if not matches(name, value):
            raise refusals.unfit_answer(name, value)
    return {name: str(value) for name, value in values.items()}


def matches(name: str, value: object) -> bool:
    """Whether a value is a text of the format that FORMATS has for the name."""
    return isinstance(value, str) and re.fullmatch(FORMATS[name], value, re.ASCII) is not None
