"""Parses which record is to follow which cluster, in a custom resource or a rule's input."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cluster_endpoint import request as endpoint_request
from cluster_endpoint.output_formats import is_host_name
from cluster_endpoint.request import Request, text_property
from cluster_record.record import owner_of
from refusal import bad_request


@dataclass(frozen=True)
class RecordRequest:
    """A record: its zone and name, the stack that owns it, and the cluster that it follows.

    `expected` are the scheme and port before a cluster was seen. `vpc_id` and `zone_name` are
    given for a zone of the settings, which is checked against them. `deployed` are the scheme and
    port that notebooks of this stack use, empty where it has none.
    """

    endpoint: Request
    zone_id: str
    name: str
    owner: str
    names_alias: bool
    vpc_id: str
    zone_name: str
    deployed: str = ""

    @property
    def expected(self) -> str:
        """The scheme and the port that notebooks use while no cluster was seen."""
        preferences = self.endpoint.preferences
        scheme = "https" if preferences.scheme == "https" else "http"
        return f"{scheme}:{preferences.port}"


def parse(properties: Mapping[str, Any], region: str) -> RecordRequest:
    """The request in the properties, of a stack in the region.

    Raises Refusal for what the app never asks.
    """
    name = text_property(properties, "RecordName", r"[a-z0-9.-]{1,253}")
    if not is_host_name(name):
        raise bad_request("RecordName", name)
    stack = text_property(properties, "Owner", r"[A-Za-z][A-Za-z0-9-]{0,127}")
    return RecordRequest(
        endpoint=endpoint_request.parse(properties),
        zone_id=text_property(properties, "ZoneId", r"Z[A-Z0-9]{1,31}"),
        name=name,
        owner=owner_of(stack, region),
        names_alias=text_property(properties, "NamesAlias", "|true") == "true",
        vpc_id=text_property(properties, "VpcId", r"|vpc-[0-9a-f]{8,17}"),
        zone_name=text_property(properties, "ZoneName", r"[a-z0-9.-]{0,253}"),
        deployed=_deployed(properties),
    )


def _deployed(properties: Mapping[str, Any]) -> str:
    url = re.fullmatch(r"(https?)://[a-z0-9.-]+:(\d+)", str(properties.get("LivyUrl", "")))
    return f"{url[1]}:{url[2]}" if url else ""
