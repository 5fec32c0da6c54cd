"""Decides what a notebook instance may be, beyond the shape of the request."""

from collections.abc import Mapping
from typing import Any

from sandbox.aws.answers import Refused

DEFAULTS: dict[str, Any] = {
    "DirectInternetAccess": "Enabled",
    "RootAccess": "Enabled",
    "VolumeSizeInGB": 5,
    "PlatformIdentifier": "notebook-al2023-v1",
    "InstanceMetadataServiceConfiguration": {"MinimumInstanceMetadataServiceVersion": "1"},
}
# Amazon Linux and Amazon Linux 2 notebooks can no longer be created or started (2026-07-01).
_RETIRED = ("notebook-al1-", "notebook-al2-")
# Families that notebooks on Amazon Linux 2023 cannot have.
_NOT_ON_AL2023 = frozenset({"p2", "p3", "p3dn", "inf1", "g3"})
# A property of a notebook, and the member of UpdateNotebookInstance that takes it away.
DISASSOCIATE = {
    "LifecycleConfigName": "DisassociateLifecycleConfig",
    "DefaultCodeRepository": "DisassociateDefaultCodeRepository",
    "AdditionalCodeRepositories": "DisassociateAdditionalCodeRepositories",
    "AcceleratorTypes": "DisassociateAcceleratorTypes",
}


def initial_properties(request: Mapping[str, Any]) -> dict[str, Any]:
    """The properties of a new notebook, or the refusal of a combination AWS does not make."""
    own = {n: v for n, v in request.items() if n not in ("NotebookInstanceName", "Tags")}
    properties = DEFAULTS | own
    if properties["DirectInternetAccess"] == "Disabled" and "SubnetId" not in properties:
        raise _invalid("DirectInternetAccess can be Disabled only when SubnetId is given.")
    if properties.get("SecurityGroupIds") and "SubnetId" not in properties:
        raise _invalid("SecurityGroupIds can be given only together with SubnetId.")
    _check_platform(properties)
    return properties


def updated_properties(properties: Mapping[str, Any], request: Mapping[str, Any]) -> dict[str, Any]:
    """The properties after an UpdateNotebookInstance, or its refusal."""
    changes = {
        n: v
        for n, v in request.items()
        if n != "NotebookInstanceName" and n not in DISASSOCIATE.values()
    }
    before, size = properties["VolumeSizeInGB"], changes.get("VolumeSizeInGB")
    if size is not None and size < before:
        # The API reference says that it cannot decrease, and not in which words it is refused.
        raise _invalid(f"VolumeSizeInGB can only grow: it is {before}, and {size} was given.")
    for name, flag in DISASSOCIATE.items():
        if request.get(flag) and name in changes:
            raise _invalid(f"{flag} and {name} cannot be given together.")
    dropped = {name for name, flag in DISASSOCIATE.items() if request.get(flag)}
    result = {n: v for n, v in properties.items() if n not in dropped} | changes
    _check_platform(result)
    return result


def _check_platform(properties: Mapping[str, Any]) -> None:
    platform = str(properties["PlatformIdentifier"])
    if platform.startswith(_RETIRED):
        raise _invalid(
            f"PlatformIdentifier {platform} is no longer supported. Use notebook-al2023-v1."
        )
    instance_type = str(properties["InstanceType"])
    if instance_type.split(".")[1] in _NOT_ON_AL2023:
        # In words of the sandbox's own: AWS documents that it is so, not how it is said.
        raise _invalid(f"InstanceType {instance_type} is not supported on {platform}.")


def _invalid(message: str) -> Refused:
    return Refused("ValidationException", message)
