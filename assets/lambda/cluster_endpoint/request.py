"""Parses what the template asks the resolver for."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cluster_endpoint import livy, output_formats
from cluster_endpoint.session_fields import FIRST_WITH
from refusal import bad_request

MOST_WAIT_MINUTES = 13
SCHEMES = {"": None, "detect": "detect", "http": "http", "https": "https"}
# EMR API, XmlStringMaxLen256: no character that XML forbids.
NAME = r"[^\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]{1,256}"


@dataclass(frozen=True)
class Selector:
    """Which cluster: by id, by name, or by tags; exactly one of them."""

    cluster_id: str = ""
    name: str = ""
    tags: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        if self.cluster_id:
            return f"id {self.cluster_id}"
        if self.name:
            return f"name {self.name!r}"
        return "tags " + ", ".join(f"{key}={value}" for key, value in self.tags)


@dataclass(frozen=True)
class Request:
    """One cluster's custom resource, its properties parsed."""

    key: str
    selector: Selector
    wait_seconds: int
    preferences: livy.LivyPreferences
    read_group_configurations: bool
    # Whether notebooks are deployed before there is a cluster.
    deploys_without_cluster: bool = False
    # Fields of a Livy session that the notebooks ask for, and that not every Livy takes.
    session_fields: tuple[str, ...] = ()
    # Whether one of them asks for sessions in a user's name.
    has_proxy_user: bool = False


def parse(properties: Mapping[str, Any]) -> Request:
    """The request in a custom resource's properties. Raises Refusal for what the app never asks."""
    key = text_property(properties, "ClusterKey", output_formats.CLUSTER_KEY)
    # CloudFormation hands every scalar over as text.
    minutes = text_property(properties, "WaitMinutes", r"[0-9]{1,2}")
    if int(minutes) > MOST_WAIT_MINUTES:
        raise bad_request("WaitMinutes", minutes)
    scheme = text_property(properties, "Scheme", "|".join(SCHEMES))
    return Request(
        key=key,
        selector=_selector(properties),
        wait_seconds=60 * int(minutes),
        preferences=livy.LivyPreferences(
            scheme=SCHEMES[scheme],
            port=_port(properties, "Port") or livy.DEFAULT_PORT,
            opened_port=_port(properties, "OpenedPort"),
            trust_is_given=_boolean(properties, "TrustIsGiven"),
        ),
        read_group_configurations=_boolean(properties, "ReadGroupConfigurations", default=True),
        deploys_without_cluster=text_property(properties, "WhenAbsent", "|deploy") == "deploy",
        session_fields=_session_fields(properties),
        has_proxy_user=_boolean(properties, "HasProxyUser"),
    )


def _selector(properties: Mapping[str, Any]) -> Selector:
    cluster_id = text_property(properties, "ClusterId", rf"|{output_formats.CLUSTER_ID}")
    name = text_property(properties, "ClusterName", rf"|{NAME}")
    tags = _tags(properties)
    if [bool(cluster_id), bool(name), bool(tags)].count(True) != 1:
        raise bad_request("ClusterId, ClusterName or ClusterTags", "not exactly one")
    return Selector(cluster_id, name, tags)


def _tags(properties: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    text = text_property(properties, "ClusterTags", r"[\s\S]*")
    try:
        tags = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        raise bad_request("ClusterTags", text) from None
    if not isinstance(tags, dict) or not all(isinstance(value, str) for value in tags.values()):
        raise bad_request("ClusterTags", text)
    return tuple(sorted(tags.items()))


def _session_fields(properties: Mapping[str, Any]) -> tuple[str, ...]:
    name = "|".join(FIRST_WITH)
    text = text_property(properties, "SessionFields", rf"|({name})(,({name}))*")
    return tuple(text.split(",")) if text else ()


def text_property(properties: Mapping[str, Any], name: str, pattern: str) -> str:
    """A property that fits the pattern as a whole; "" where it is not given. Raises Refusal."""
    value = properties.get(name, "")
    if not isinstance(value, str) or not re.fullmatch(pattern, value):
        raise bad_request(name, value)
    return value


def _port(properties: Mapping[str, Any], name: str) -> int | None:
    text = text_property(properties, name, r"|[0-9]{1,5}")
    if text and not livy.is_port(text):
        raise bad_request(name, text)
    return int(text) if text else None


def _boolean(properties: Mapping[str, Any], name: str, *, default: bool = False) -> bool:
    text = text_property(properties, name, "|true|false")
    return text == "true" if text else default
