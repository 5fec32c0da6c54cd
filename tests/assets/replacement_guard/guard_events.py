"""CloudFormation's events for the replacement guard."""

from typing import Any

from cluster_endpoint.handler import GUARD_TYPE
from tests.assets.cluster_endpoint.emr_records import RESPONSE_URL, STACK_ID

NAME = "NotebookInstanceName"
KEY_ARN = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
COMMON: dict[str, Any] = {
    "SubnetId": "subnet-1",
    "SecurityGroupIds": ["sg-1", "sg-2"],
    "KmsKeyId": KEY_ARN,
    "DirectInternetAccess": "Disabled",
    "PlatformIdentifier": "notebook-al2023-v1",
}


def properties(
    *keys: str,
    replace: tuple[str, ...] = (),
    overrides: dict[str, Any] | None = None,
    **common: Any,
) -> dict[str, Any]:
    """The guard's properties for these notebooks, named lab-<key>.

    `overrides` are alice's alone, `common` are everyone's; None leaves a property out.
    """
    notebooks: dict[str, Any] = {key: {NAME: f"lab-{key}"} for key in keys or ("alice",)}
    if overrides is not None:
        notebooks["alice"] = _given({**notebooks["alice"], **overrides})
    allowed = {"Replace": list(replace)} if replace else {}
    given = _given({**COMMON, **common})
    return {"ServiceToken": "arn:a", "Shared": given, "Notebooks": notebooks, **allowed}


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def guard_event(verb: str, asked: Any, before: Any = None) -> dict[str, Any]:
    """CloudFormation's event; an Update from the properties `before`."""
    return {
        "RequestType": verb,
        "ResourceType": GUARD_TYPE,
        "ResponseURL": RESPONSE_URL,
        "StackId": STACK_ID,
        "PhysicalResourceId": "replacement-guard",
        "ResourceProperties": asked,
        **({} if before is None else {"OldResourceProperties": before}),
    }
