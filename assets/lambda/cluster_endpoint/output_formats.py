"""Checks what may reach a notebook's start script: text that a shell reads as nothing more."""

import re
from collections.abc import Mapping

from cluster_endpoint import refusals

_OCTET = r"(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_IPV4 = rf"{_OCTET}(\.{_OCTET}){{3}}"
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
# RFC 1123, section 2.1, in small letters; the last label starts with a letter, so that no
# malformed address passes for a name.
_NAME = rf"(?=[a-z0-9.-]{{1,253}}(:|$))({_LABEL}\.)*[a-z]([a-z0-9-]{{0,61}}[a-z0-9])?"
_URL = rf"https?://({_IPV4}|{_NAME}):\d{{1,5}}"
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


def is_address(value: object) -> bool:
    """Whether a value is an IPv4 address."""
    return isinstance(value, str) and re.fullmatch(_IPV4, value, re.ASCII) is not None


def is_host_name(value: str) -> bool:
    """Whether a URL can hold the name."""
    return re.fullmatch(_NAME, value, re.ASCII) is not None


def host_name(value: object) -> str:
    """A name as EC2 makes it, the way that name servers compare it; empty for none.

    It ends in the domain-name of the VPC's DHCP option set: several domains, separated by spaces,
    of which the first counts; capital letters; a final dot.
    """
    words = value.split() if isinstance(value, str) else []
    return words[0].removesuffix(".").lower() if words else ""


def shown(name: str, value: object) -> str:
    """A value that people read and nothing uses; UNKNOWN for one that a script may not hold."""
    text = value.strip() if isinstance(value, str) else ""
    return text if matches(name, text) else UNKNOWN


def checked(values: Mapping[str, object]) -> dict[str, str]:
    """The same values, each of its format in FORMATS. Raises Refusal for one that is not."""
    for name, value in values.items():
        if not matches(name, value):
            raise refusals.unfit_value(name, value)
    return {name: str(value) for name, value in values.items()}


def matches(name: str, value: object) -> bool:
    """Whether a value is a text of the format that FORMATS has for the name."""
    return isinstance(value, str) and re.fullmatch(FORMATS[name], value, re.ASCII) is not None
