"""Finds the notebooks that outlived their entry in the settings: they are still paid for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from emr_notebook.cli.aws.notebooks import NotebookSummary, describe
from emr_notebook.cli.aws.reader import Reader
from emr_notebook.names import OWNER_TAG, STACK_TAG
from emr_notebook.settings.model import Settings

# Resource Groups Tagging API: values of one TagFilter.
VALUES_AT_ONCE = 20


@dataclass(frozen=True)
class KeptNotebook:
    """A notebook of one of the stage's stacks that the settings no longer name."""

    name: str
    state: str
    stack: str
    owner: str


def kept_notebooks(
    reader: Reader, settings: Settings, found: Mapping[str, NotebookSummary]
) -> list[KeptNotebook]:
    """Those of the stacks that the settings name, by name; `found` spares a call for each in it.

    They are found by the tag that this app gives them. Raises as Reader.ask does.
    """
    named = {each.name.lower() for each in settings.resolved_notebooks}
    # ARNs have names in lower case.
    known = {name.lower(): each for name, each in found.items()}
    tagged = {
        str(each["ResourceARN"]).rpartition("/")[2]: each for each in _tagged(reader, settings)
    }
    kept = sorted(name for name in tagged if name not in named)

    def find(name: str) -> NotebookSummary | None:
        # Tags are listed for a while after their notebook is gone.
        return known.get(name) or describe(reader, name)

    states = reader.map_concurrently(find, kept)
    return [
        KeptNotebook(
            at.name, at.state, _tag(tagged[name], STACK_TAG), _tag(tagged[name], OWNER_TAG)
        )
        for name, at in zip(kept, states, strict=True)
        if at is not None
    ]


def _tagged(reader: Reader, settings: Settings) -> Iterator[Mapping[str, Any]]:
    stacks = list(dict.fromkeys([settings.stack_name, *settings.stack_names()]))
    for some in _batches(stacks):
        yield from reader.pages(
            "resourcegroupstaggingapi",
            "get_resources",
            items="ResourceTagMappingList",
            token=("PaginationToken", "PaginationToken"),
            ResourceTypeFilters=["sagemaker:notebook-instance"],
            TagFilters=[{"Key": STACK_TAG, "Values": some}],
        )


def _batches(values: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(values), VALUES_AT_ONCE):
        yield values[start : start + VALUES_AT_ONCE]


def _tag(tagged: Mapping[str, Any], key: str) -> str:
    return next((str(each["Value"]) for each in tagged["Tags"] if each["Key"] == key), "")
