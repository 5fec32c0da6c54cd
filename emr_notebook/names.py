"""Names tags, the log group and schedules that others rely on. Without CDK, which starts node."""

import hashlib

# SageMaker's own, for the lifecycle scripts of all notebooks.
LOG_GROUP = "/aws/sagemaker/NotebookInstances"
# On a made role, the name of the one notebook that it is for; on one that may stop itself, its own.
NAME_TAG = "EmrNotebookName"
# On a notebook, who may open it; on it and its lifecycle configuration, their CloudFormation stack.
OWNER_TAG = "Owner"
STACK_TAG = "EmrNotebookStack"
# EventBridge Scheduler API, ScheduleGroupName.
_GROUP_CHARACTERS = 64


def schedule_group_name(stack: str) -> str:
    """The group of a stack's schedules: the stack's name, where that is not too long."""
    if len(stack) <= _GROUP_CHARACTERS:
        return stack
    digest = hashlib.sha256(stack.encode()).hexdigest()[:8]
    return f"{stack[: _GROUP_CHARACTERS - 9]}-{digest}"


def schedule_name(key: str, action: str) -> str:
    """The schedule that starts or stops the notebook of that key."""
    return f"{key}-{action}"
