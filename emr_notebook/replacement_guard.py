"""Construct: the custom resource that refuses to replace a notebook unasked."""

from collections.abc import Mapping, Sequence
from typing import cast

import aws_cdk as cdk
from constructs import Construct

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
