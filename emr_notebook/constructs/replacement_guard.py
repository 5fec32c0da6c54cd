"""Makes the custom resource that refuses to replace a notebook unasked."""

from collections.abc import Mapping, Sequence
from typing import cast

import aws_cdk as cdk
from constructs import Construct

from emr_notebook.settings.immutable_properties import FROM_SETTINGS, NAME
from emr_notebook.settings.notebook import NotebookOptOuts, ResolvedNotebook

# The Lambda asks for its stack for 45 s at most, and only when it has something to refuse.
TIMEOUT = cdk.Duration.minutes(2)
# The only platform that can still be created: Amazon Linux 2 ended on 2026-06-30.
PLATFORM = "notebook-al2023-v1"


class ReplacementGuard(Construct):
    """Fails an update that would replace a notebook, unless the notebook's key is in `replace`.

    `common` are the immutable properties of a stack's notebooks; `overrides` has for each key the
    notebook's name and what differs from `common`. Values are texts, or lists of texts.
    It stops only what depends on its `resource`.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        service_token: str,
        common: Mapping[str, object],
        overrides: Mapping[str, Mapping[str, object]],
        replace: Sequence[str],
    ) -> None:
        super().__init__(scope, construct_id)
        made = cdk.CustomResource(
            self,
            "Guard",
            resource_type="Custom::ReplacementGuard",
            service_token=service_token,
            service_timeout=TIMEOUT,
            properties={
                "Shared": common,
                "Notebooks": overrides,
                **({"Replace": list(replace)} if replace else {}),
            },
        )

        # What each notebook, and what it needs, must depend on. Asked of CDK once, for hundreds.
        self.resource = cast("cdk.CfnResource", made.node.default_child)


def internet_access(opt_outs: NotebookOptOuts) -> str:
    """SageMaker's word for whether the notebook reaches the internet by SageMaker's network."""
    return "Disabled" if opt_outs.direct_internet_access is None else "Enabled"


def common_properties(
    *, subnet_id: str, security_group_ids: Sequence[str], kms_key_id: str | None
) -> dict[str, object]:
    """The immutable properties of a stack's notebooks, except where a notebook overrides them."""
    values = {
        "SubnetId": subnet_id,
        "SecurityGroupIds": list(security_group_ids),
        "KmsKeyId": kms_key_id,
        "DirectInternetAccess": "Disabled",
    }
    given = {name: values[name] for name in FROM_SETTINGS if values[name] is not None}
    return {**given, "PlatformIdentifier": PLATFORM}


def notebook_overrides(
    notebook: ResolvedNotebook, common: Mapping[str, object]
) -> dict[str, object]:
    """A notebook's name, and its immutable properties that differ from the common ones."""
    values = {
        "SubnetId": notebook.subnet_id,
        "DirectInternetAccess": internet_access(notebook.opt_outs),
    }
    different = {name: value for name, value in values.items() if common[name] != value}
    return {NAME: notebook.name, **different}
