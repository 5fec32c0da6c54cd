"""Gives ministack's tagging API the pages of AWS's: at most 100 resources each."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.aws.answers import Refused, json_response, refusal_response
from sandbox.aws.emr.instances import page
from sandbox.aws.emulator import ministack

# "You can specify a minimum of 1 and a maximum value of 100": GetResources, ResourcesPerPage.
MOST_PER_PAGE = 100
DEFAULT_PER_PAGE = 50
ITEMS = "ResourceTagMappingList"


def install() -> None:
    """Put the pages around ministack's GetResources."""
    handlers = ministack("services.tagging")._HANDLERS
    handlers["GetResources"] = in_pages(handlers["GetResources"])


def in_pages(original: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], Any]:
    """GetResources, page by page; one that names its resources has no pages."""

    def get_resources(request: dict[str, Any]) -> Any:
        if request.get("ResourceARNList"):
            return original(request)
        whole = {
            n: v for n, v in request.items() if n not in ("PaginationToken", "ResourcesPerPage")
        }
        status, headers, body = original(whole)
        if status != 200:
            return status, headers, body
        try:
            return json_response(_page(request, json.loads(body)[ITEMS]))
        except Refused as refused:
            return refusal_response(refused)

    return get_resources


def _page(request: Mapping[str, Any], resources: list[dict[str, Any]]) -> dict[str, Any]:
    size = request.get("ResourcesPerPage", DEFAULT_PER_PAGE)
    if not 1 <= size <= MOST_PER_PAGE:
        said = f"ResourcesPerPage {size} is not between 1 and {MOST_PER_PAGE}"
        raise Refused("InvalidParameterException", said)
    found = page(ITEMS, resources, request.get("PaginationToken"), size)
    return {"PaginationToken": found.pop("Marker", ""), **found}
