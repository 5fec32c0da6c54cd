"""Finds the lifecycle configurations that edits and removals have left behind."""

from typing import Any

from emr_notebook.cli.aws.deployed_stack import is_no_such_stack, stack_resources
from emr_notebook.cli.aws.notebooks import PAGE_SIZE, list_all_notebooks
from emr_notebook.cli.aws.reader import Reader, Refused
from emr_notebook.cli.aws.tagged import tagged_resources
from emr_notebook.settings.model import Settings


def unused_lifecycles(reader: Reader, settings: Settings) -> list[str]:
    """Names of those of the stage's that no notebook of the region has, and no stack holds.

    What a stack holds may be attached by the next deploy, or again by the rollback of one that is
    under way. One call finds that there are none; else one for each hundred configurations and
    notebooks of the region, and of the resources of each stack. Raises as Reader.ask does.
    """
    kind = "sagemaker:notebook-instance-lifecycle-config"
    tagged = {str(each["ResourceARN"]) for each in tagged_resources(reader, settings, kind)}
    if not tagged:
        return []
    attached = {each.lifecycle.lower() for each in list_all_notebooks(reader)}
    # ARNs have names in lower case; and tags outlive what they were on.
    names = [name for arn, name in _names_by_arn(reader).items() if arn in tagged]
    free = [name for name in names if name.lower() not in attached]
    held = _held_by_stacks(reader, settings) if free else set()
    return sorted(name for name in free if name.lower() not in held)


def _names_by_arn(reader: Reader) -> dict[str, str]:
    member = "NotebookInstanceLifecycleConfig"
    pages = reader.pages(
        "sagemaker",
        "list_notebook_instance_lifecycle_configs",
        items=f"{member}s",
        MaxResults=PAGE_SIZE,
    )
    return {str(each[f"{member}Arn"]): str(each[f"{member}Name"]) for each in pages}


def _held_by_stacks(reader: Reader, settings: Settings) -> set[str]:
    """Physical ids, as the last part of an ARN in lower case."""
    found: set[str] = set()
    for stack in {settings.stack_name, *settings.stack_names()}:
        found |= {_last_part(each) for each in _resources(reader, stack)}
    return found


def _resources(reader: Reader, stack: str) -> list[Any]:
    try:
        return stack_resources(reader, stack)
    except Refused as refused:
        if is_no_such_stack(refused):
            return []
        raise


def _last_part(resource: Any) -> str:
    return str(resource.get("PhysicalResourceId", "")).rpartition("/")[2].lower()
