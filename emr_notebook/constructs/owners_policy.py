"""Makes the policy that lets a notebook's owner, and nobody else, open it."""

from collections.abc import Iterator, Sequence
from typing import Any, Literal

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from emr_notebook.checks.nag import acknowledge, wildcard_rule
from emr_notebook.constructs.iam import split_into_policies
from emr_notebook.constructs.owner_permissions import DESCRIBE_NETWORK, LIST, OPEN, USE
from emr_notebook.constructs.retention import retain_with_notebook
from emr_notebook.constructs.start_permissions import Statement, starting, wildcard_reasons
from emr_notebook.names import OWNER_TAG, STACK_TAG
from emr_notebook.settings.model import StageOptOuts
from emr_notebook.settings.notebook import ResolvedNotebook

# Condition keys, and policy variables: who asks.
_IDENTITY_KEYS = {
    "principal-tag": f"aws:PrincipalTag/{OWNER_TAG}",
    "user-name": "aws:username",
}
_REASONS = {
    "notebook-instance/*": "The conditions leave the notebooks of this stack whose owner asks."
}


class OwnersPolicy(Construct):
    """IAM policies to attach to those who own notebooks of this stack: users, groups, roles.

    Its holders may open, start and stop the notebooks whose owner they are, with all that a start
    asks of them, and list all. They may open no other of this stack's, whatever else allows them
    to. It says nothing about other notebooks, and nothing to those who do not hold it.

    `notebooks` are those with an owner; `made_role_arn` is one of their roles that is made here.
    One policy has room for some fifteen given roles of different owners: beyond, there are more.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        notebooks: Sequence[ResolvedNotebook],
        made_role_arn: str | None,
        security_group_ids: Sequence[str],
        volume_key_arn: str | None,
        identity: Literal["principal-tag", "user-name"],
        stage_opt_outs: StageOptOuts,
    ) -> None:
        super().__init__(scope, construct_id)
        stack, who = cdk.Stack.of(self), _IDENTITY_KEYS[identity]
        place = f"arn:{stack.partition}:sagemaker:{stack.region}:{stack.account}"
        statements = [
            *_using(f"{place}:notebook-instance/*", stack, who),
            *starting(
                stack,
                notebooks,
                made_role_arn=made_role_arn,
                security_group_ids=security_group_ids,
                volume_key_arn=volume_key_arn,
                who=who,
            ),
        ]
        self.arns = [
            self._create(number, each, stage_opt_outs)
            for number, each in enumerate(split_into_policies(statements), start=1)
        ]

    def _create(
        self, number: int, statements: Sequence[Statement], stage_opt_outs: StageOptOuts
    ) -> str:
        policy = iam.CfnManagedPolicy(
            self,
            f"Policy{number if number > 1 else ''}",
            description="Owners open, start and stop their own SageMaker notebooks",
            policy_document={"Version": "2012-10-17", "Statement": list(statements)},
        )
        # IAM does not delete a policy that somebody holds, and kept notebooks keep their owners.
        retain_with_notebook(policy, stage_opt_outs)
        stack = cdk.Stack.of(self)
        listing = {wildcard_rule(stack, "*"): "IAM knows no resource for listing these."}
        acknowledge(policy, {**listing, **wildcard_reasons(stack, statements, _REASONS)})
        return policy.ref


def _using(notebooks: str, stack: cdk.Stack, who: str) -> Iterator[dict[str, Any]]:
    tag = "sagemaker:ResourceTag/"
    # IAM's default for a variable that has no value: a caller without a tag is denied, too.
    asking, asking_or_nobody = f"${{{who}}}", f"${{{who}, 'nobody'}}"
    of_this_stack = {f"{tag}{STACK_TAG}": stack.stack_name}
    yield {
        "Sid": "Own",
        "Effect": "Allow",
        "Action": list(USE),
        "Resource": [notebooks],
        "Condition": {"StringEquals": {**of_this_stack, f"{tag}{OWNER_TAG}": asking}},
    }
    yield {
        "Sid": "NobodyElses",
        "Effect": "Deny",
        "Action": [OPEN],
        "Resource": [notebooks],
        "Condition": {
            "StringEquals": of_this_stack,
            "StringNotEquals": {f"{tag}{OWNER_TAG}": asking_or_nobody},
        },
    }
    yield {
        "Sid": "List",
        "Effect": "Allow",
        "Action": [LIST, *DESCRIBE_NETWORK],
        "Resource": ["*"],
    }
