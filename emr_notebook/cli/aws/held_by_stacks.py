"""Reads what deployed stacks hold now, for telling it from what they have let go."""

from collections.abc import Iterable, Mapping
from typing import Any

from emr_notebook.cli.aws.deployed_stack import is_no_such_stack, stack_resources
from emr_notebook.cli.aws.reader import Reader, Refused

# How a resource may still be listed that a stack has deleted, or kept.
LET_GO = frozenset({"DELETE_COMPLETE", "DELETE_SKIPPED"})


def held_by_stacks(reader: Reader, stacks: Iterable[str]) -> set[str]:
    """Names in lower case: of physical ids that are ARNs, the last part.

    A stack that does not exist holds nothing. Raises as Reader.ask does.
    """
    found = [each for stack in set(stacks) for each in _resources(reader, stack)]
    return {_last_part(each) for each in found if each["ResourceStatus"] not in LET_GO}


def _resources(reader: Reader, stack: str) -> list[Mapping[str, Any]]:
    try:
        return stack_resources(reader, stack)
    except Refused as refused:
        if is_no_such_stack(refused):
            return []
        raise


def _last_part(resource: Mapping[str, Any]) -> str:
    return str(resource.get("PhysicalResourceId", "")).rpartition("/")[2].lower()
