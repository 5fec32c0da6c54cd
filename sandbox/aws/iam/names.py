"""Tells ministack's IAM which action and which resource a request to an added service is about."""

import json
from collections.abc import Callable
from typing import Any

from sandbox.aws.emulator import ministack

NOTEBOOK = "notebook-instance"
LIFECYCLE = "notebook-instance-lifecycle-config"
REPOSITORY = "code-repository"

_RESOURCES = {
    "NotebookInstanceName": NOTEBOOK,
    "NotebookInstanceLifecycleConfigName": LIFECYCLE,
    "CodeRepositoryName": REPOSITORY,
}
_ON_LOG_STREAMS = ("CreateLogStream", "DeleteLogStream", "GetLogEvents", "PutLogEvents")


def sagemaker_arn(kind: str, name: str, region: str, account: str) -> str:
    """SageMaker writes names in ARNs in lower case, whatever the name's own case."""
    return f"arn:aws:sagemaker:{region}:{account}:{kind}/{name.lower()}"


def sagemaker_resource(parameters: dict[str, Any], region: str, account: str) -> str:
    """The ARN a SageMaker request is authorized on; `*` for one that names no resource."""
    for parameter, kind in _RESOURCES.items():
        if name := parameters.get(parameter):
            return sagemaker_arn(kind, str(name), region, account)
    return str(parameters.get("ResourceArn") or "*")


def emr_resource(operation: str, parameters: dict[str, Any], region: str, account: str) -> str:
    """The ARN an EMR request is authorized on: a cluster, or `*` where EMR has no resource."""
    cluster = parameters.get("ClusterId") or parameters.get("JobFlowId")
    # ListClusters and DescribeSecurityConfiguration cannot be scoped to a cluster.
    if operation in ("AddTags", "RemoveTags"):
        cluster = parameters.get("ResourceId")
    return f"arn:aws:elasticmapreduce:{region}:{account}:cluster/{cluster}" if cluster else "*"


def log_stream_resource(
    operation: str, parameters: dict[str, Any], region: str, account: str
) -> str | None:
    """The ARN of the log stream a CloudWatch Logs request is authorized on; None for others."""
    group, stream = parameters.get("logGroupName"), parameters.get("logStreamName")
    if operation not in _ON_LOG_STREAMS or not group or not stream:
        return None
    return f"arn:aws:logs:{region}:{account}:log-group:{group}:log-stream:{stream}"


def schedule_resource(
    path: str, body: bytes, query: dict[str, Any], region: str, account: str
) -> str:
    """The ARN a Scheduler request is authorized on: a schedule in its group, a group, or `*`."""
    kind, _, name = path.strip("/").partition("/")
    arn = f"arn:aws:scheduler:{region}:{account}"
    if kind == "schedule-groups" and name:
        return f"{arn}:schedule-group/{name}"
    if kind != "schedules" or not name:
        return "*"
    [asked] = query.get("groupName") or [None]
    return f"{arn}:schedule/{asked or _member(body, 'GroupName') or 'default'}/{name}"


def _member(body: bytes, name: str) -> str | None:
    try:
        found = json.loads(body or b"{}").get(name)
    except (ValueError, AttributeError):
        return None
    return found if isinstance(found, str) else None


def install() -> None:
    """Teach the emulator's IAM the two services, and to name the resource it denies as AWS does."""
    actions, router = ministack("core.iam_actions"), ministack("core.router")
    router.SERVICE_PATTERNS["sagemaker"] = {"target_prefixes": ["SageMaker."]}
    actions.SERVICE_TO_IAM_NAMESPACE["sagemaker"] = "sagemaker"
    actions._BOTOCORE_SERVICE_MAP["elasticmapreduce"] = ["emr"]
    actions.extract_resource_arn = _resource_arn(actions.extract_resource_arn)
    actions.access_denied_response = _denied(
        actions.access_denied_response, actions.identity_denial_message
    )


def _resource_arn(original: Callable[..., str]) -> Callable[..., str]:
    def extract(
        service: str,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        query_params: dict[str, Any],
        region: str,
        account_id: str,
    ) -> str:
        if service == "scheduler":
            return schedule_resource(path, body, query_params, region, account_id)
        found = _of_request(service, headers, body, region, account_id)
        if found is not None:
            return found
        return original(service, method, path, headers, body, query_params, region, account_id)

    return extract


def _of_request(
    service: str, headers: dict[str, str], body: bytes, region: str, account: str
) -> str | None:
    """The resource of a request to SageMaker, EMR or a log stream; None for ministack to say."""
    if service not in ("sagemaker", "elasticmapreduce", "logs"):
        return None
    try:
        parameters = json.loads(body or b"{}")
    except ValueError:
        return "*"
    if service == "sagemaker":
        return sagemaker_resource(parameters, region, account)
    operation = headers.get("x-amz-target", "").rpartition(".")[2]
    if service == "logs":
        return log_stream_resource(operation, parameters, region, account)
    return emr_resource(operation, parameters, region, account)


def _denied(original: Callable[..., Any], message: Callable[..., str]) -> Callable[..., Any]:
    def respond(
        service: str, action: str, principal_arn: str, request_id: str, **given: Any
    ) -> Any:
        if service in ("sagemaker", "elasticmapreduce") and not given.get("error_code"):
            given["message"] = message(
                action, principal_arn, given.get("resource_arn", "*"), given.get("explicit_deny")
            )
        return original(service, action, principal_arn, request_id, **given)

    return respond
