"""Finds a stage's resources by the tag that the app gives them, those that it kept among them."""

from collections.abc import Iterator, Mapping
from typing import Any

from emr_notebook.cli.aws.reader import Reader
from emr_notebook.names import STACK_TAG
from emr_notebook.settings.model import Settings

# Resource Groups Tagging API: values of one TagFilter.
VALUES_AT_ONCE = 20


def tagged_resources(
    reader: Reader, settings: Settings, resource_type: str
) -> Iterator[Mapping[str, Any]]:
    """The resources of the type, such as sagemaker:notebook-instance, of the stage's stacks.

    Each has its ResourceARN and its Tags. Raises as Reader.ask does.
    """
    stacks = list(dict.fromkeys([settings.stack_name, *settings.stack_names()]))
    for start in range(0, len(stacks), VALUES_AT_ONCE):
        some = stacks[start : start + VALUES_AT_ONCE]
        yield from reader.pages(
            "resourcegroupstaggingapi",
            "get_resources",
            items="ResourceTagMappingList",
            token=("PaginationToken", "PaginationToken"),
            ResourceTypeFilters=[resource_type],
            TagFilters=[{"Key": STACK_TAG, "Values": some}],
        )
