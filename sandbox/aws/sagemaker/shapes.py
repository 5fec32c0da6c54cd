"""Shows notebook instances and lifecycle configurations as SageMaker's API does."""

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.aws.answers import Refused
from sandbox.aws.emr.instances import page
from sandbox.aws.sagemaker.store import LifecycleConfig, Notebook

PAGE_SIZE = 100
# Properties of the request that the description calls otherwise.
_RENAMED = {
    "SecurityGroupIds": "SecurityGroups",
    "LifecycleConfigName": "NotebookInstanceLifecycleConfigName",
}
_SUMMARY = (
    "NotebookInstanceName",
    "NotebookInstanceArn",
    "NotebookInstanceStatus",
    "Url",
    "InstanceType",
    "CreationTime",
    "LastModifiedTime",
    "NotebookInstanceLifecycleConfigName",
    "DefaultCodeRepository",
    "AdditionalCodeRepositories",
)
_FILTERS = {
    "StatusEquals": "NotebookInstanceStatus",
    "DefaultCodeRepositoryContains": "DefaultCodeRepository",
    "NotebookInstanceLifecycleConfigNameContains": "NotebookInstanceLifecycleConfigName",
}
_UNSUPPORTED = (
    "AdditionalCodeRepositoryEquals",
    "CreationTimeAfter",
    "CreationTimeBefore",
    "LastModifiedTimeAfter",
    "LastModifiedTimeBefore",
    "SortBy",
    "SortOrder",
)


def notebook_description(notebook: Notebook) -> dict[str, Any]:
    """DescribeNotebookInstance's answer."""
    region = notebook.arn.split(":")[3]
    described = {
        "NotebookInstanceName": notebook.name,
        "NotebookInstanceArn": notebook.arn,
        "NotebookInstanceStatus": str(notebook.status),
        "Url": f"{notebook.name.lower()}.notebook.{region}.sagemaker.aws",
        "CreationTime": notebook.created,
        "LastModifiedTime": notebook.modified,
    }
    if notebook.failure_reason:
        described["FailureReason"] = notebook.failure_reason
    return described | {_RENAMED.get(n, n): v for n, v in notebook.properties.items()}


def notebook_summary(notebook: Notebook) -> dict[str, Any]:
    """One of ListNotebookInstances' items."""
    described = notebook_description(notebook)
    return {name: described[name] for name in _SUMMARY if name in described}


def lifecycle_description(config: LifecycleConfig) -> dict[str, Any]:
    """DescribeNotebookInstanceLifecycleConfig's answer."""
    return lifecycle_summary(config) | {"OnCreate": config.on_create, "OnStart": config.on_start}


def lifecycle_summary(config: LifecycleConfig) -> dict[str, Any]:
    """One of ListNotebookInstanceLifecycleConfigs' items."""
    return {
        "NotebookInstanceLifecycleConfigName": config.name,
        "NotebookInstanceLifecycleConfigArn": config.arn,
        "CreationTime": config.created,
        "LastModifiedTime": config.modified,
    }


def list_page(
    member: str, name: str, summaries: Sequence[dict[str, Any]], request: Mapping[str, Any]
) -> dict[str, Any]:
    """One page of the summaries that pass the request's filters, by name."""
    unsupported = [option for option in _UNSUPPORTED if option in request]
    if unsupported:
        raise Refused(
            "ValidationException", f"The sandbox's SageMaker does not have {unsupported}."
        )
    found = [
        s
        for s in sorted(summaries, key=lambda s: str(s[name]))
        if request.get("NameContains", "") in s[name]
        and all(_passes(request.get(f), s.get(m, "")) for f, m in _FILTERS.items())
    ]
    answer = page(member, found, request.get("NextToken"), request.get("MaxResults", PAGE_SIZE))
    if "Marker" in answer:
        answer["NextToken"] = answer.pop("Marker")
    return answer


def _passes(wanted: str | None, value: str) -> bool:
    # "StatusEquals" too: no status is part of another's name.
    return wanted is None or wanted in value
