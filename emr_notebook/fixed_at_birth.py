"""What CloudFormation replaces a notebook for, and its volume with it.

AWS::SageMaker::NotebookInstance, createOnlyProperties of its registry schema.
"""

from collections.abc import Mapping, Sequence

from emr_notebook.settings_notebook import NotebookOptOuts, ResolvedNotebook

# The only platform that can still be created: Amazon Linux 2 ended on 2026-06-30.
PLATFORM = "notebook-al2023-v1"


def internet_access(opt_outs: NotebookOptOuts) -> str:
    """SageMaker's word for whether the notebook reaches the internet by SageMaker's network."""
    return "Disabled" if opt_outs.direct_internet_access is None else "Enabled"


def shared(
    *, subnet_id: str, security_group_ids: Sequence[str], kms_key_id: str | None
) -> dict[str, object]:
    """What is fixed for a stack's notebooks, except for those that say otherwise."""
    return {
        "SubnetId": subnet_id,
        "SecurityGroupIds": list(security_group_ids),
        **({} if kms_key_id is None else {"KmsKeyId": kms_key_id}),
        "DirectInternetAccess": "Disabled",
        "PlatformIdentifier": PLATFORM,
    }


def own(notebook: ResolvedNotebook, common: Mapping[str, object]) -> dict[str, object]:
    """What is fixed for one notebook: its name, and where it differs from the others."""
    born = {
        "SubnetId": notebook.subnet_id,
        "DirectInternetAccess": internet_access(notebook.opt_outs),
    }
    different = {key: value for key, value in born.items() if common[key] != value}
    return {"NotebookInstanceName": notebook.name, **different}
