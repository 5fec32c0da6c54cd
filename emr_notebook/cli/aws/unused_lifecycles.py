"""Finds the lifecycle configurations that edits and removals have left behind."""

from emr_notebook.cli.aws.held_by_stacks import held_by_stacks
from emr_notebook.cli.aws.notebooks import list_all_notebooks, list_lifecycles
from emr_notebook.cli.aws.reader import Reader
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
    names = [name for arn, name in list_lifecycles(reader) if arn in tagged]
    free = [name for name in names if name.lower() not in attached]
    stacks = {settings.stack_name, *settings.stack_names()}
    held = held_by_stacks(reader, stacks) if free else set()
    return sorted(name for name in free if name.lower() not in held)
