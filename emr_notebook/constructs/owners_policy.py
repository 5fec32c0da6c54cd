"""Makes the policy that lets a notebook's owner, and nobody else, open it."""

from collections.abc import Iterator, Sequence
from typing import Any, Literal

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from emr_notebook.checks.nag import acknowledge, wildcard_rule
from emr_notebook.constructs.iam import split_into_policies
from emr_notebook.constructs.retention import retain_with_notebook
from emr_notebook.constructs.start_permissions import (
    Statement,
    joining_network,
    passing,
    reading_secrets,
    using_key,
)
from emr_notebook.names import OWNER_TAG, STACK_TAG
from emr_notebook.owner_permissions import DESCRIBE_NETWORK, LIST, OPEN, USE
from emr_notebook.settings.model import StageOptOuts
from emr_notebook.settings.notebook import ResolvedNotebook

# Condition keys, and policy variables: who asks.
_IDENTITY_KEYS = {
    "principal-tag": f"aws:PrincipalTag/{OWNER_TAG}",
    "user-name": "aws:username",
}
_REASONS = {
    "notebook-instance/*": "The conditions leave the notebooks of this stack whose owner asks.",
    "network-interface/*": "An interface has no name before it is made; the subnets are named.",
    "subnet/": "A subnet that another account shares has that account in its ARN.",
    "-Notebook*": "CloudFormation makes up the ends of the roles' names.",
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
        self._stack, self._who = cdk.Stack.of(self), _IDENTITY_KEYS[identity]
        statements = [
            *_using(self._arn("sagemaker", "notebook-instance/*"), self._stack, self._who),
            *self._joining(notebooks, security_group_ids),
            *(using_key(volume_key_arn) if volume_key_arn else ()),
            *passing(notebooks, made_role_arn, self._who),
            *reading_secrets(notebooks, self._who),
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
        self._accept_wildcards(policy, statements)
        return policy.ref

    def _joining(
        self, notebooks: Sequence[ResolvedNotebook], security_group_ids: Sequence[str]
    ) -> list[Statement]:
        subnets = dict.fromkeys(each.subnet_id for each in notebooks)
        return joining_network(
            [self._arn("ec2", f"subnet/{each}", account="*") for each in subnets],
            [self._arn("ec2", f"security-group/{each}") for each in security_group_ids],
            self._arn("ec2", "").removesuffix(":"),
        )

    def _arn(self, service: str, resource: str, account: str | None = None) -> str:
        stack = self._stack
        owner = account or stack.account
        return f"arn:{stack.partition}:{service}:{stack.region}:{owner}:{resource}"

    def _accept_wildcards(
        self, policy: iam.CfnManagedPolicy, statements: Sequence[Statement]
    ) -> None:
        listing = {wildcard_rule(self._stack, "*"): "IAM knows no resource for listing these."}
        listed = {arn for each in statements for arn in each["Resource"] if "*" in arn}
        reasons = {
            wildcard_rule(self._stack, arn): reason
            for arn in sorted(listed)
            for part, reason in _REASONS.items()
            if part in arn
        }
        acknowledge(policy, {**listing, **reasons})


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
