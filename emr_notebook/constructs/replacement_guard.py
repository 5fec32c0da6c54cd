"""Construct: the custom resource that refuses to replace a notebook unasked."""

from collections.abc import Mapping, Sequence
from typing import cast

import aws_cdk as cdk
from constructs import Construct

from emr_notebook.settings.notebook import NotebookOptOuts, ResolvedNotebook

# The Lambda asks for its stack for 45 s at most, and only when it has something to refuse.
TIMEOUT = cdk.Duration.minutes(2)


class ReplacementGuard(Construct):
    """What is fixed at the birth of a stack's notebooks, held from one deploy to the next.

    An update in which it differs for a notebook fails, unless the notebook's key is in `replace`.
    `shared` are CloudFormation's properties of every notebook; `notebooks` has for each key its
    NotebookInstanceName and what differs from `shared`. Values are texts, or lists of texts.
    It stops only what depends on its `resource`.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        service_token: str,
        shared: Mapping[str, object],
        notebooks: Mapping[str, Mapping[str, object]],
        replace: Sequence[str],
    ) -> None:
        super().__init__(scope, construct_id)
        self._resource = cdk.CustomResource(
            self,
            "Guard",
            resource_type="Custom::ReplacementGuard",
            service_token=service_token,
            service_timeout=TIMEOUT,
            properties={
                "Shared": shared,
                "Notebooks": notebooks,
                **({"Replace": list(replace)} if replace else {}),
            },
        )

    @property
    def resource(self) -> cdk.CfnResource:
        """What a notebook, or something that it needs, must depend on."""
        return cast("cdk.CfnResource", self._resource.node.default_child)


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
