"""Makes the policy that lets a notebook's owner, and nobody else, open it."""

from typing import Any, Literal

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from emr_notebook.checks.nag import acknowledge, wildcard_rule
from emr_notebook.constructs.retention import retain_with_notebook
from emr_notebook.names import OWNER_TAG, STACK_TAG
from emr_notebook.settings.model import StageOptOuts

OPEN = "sagemaker:CreatePresignedNotebookInstanceUrl"
USE = (
    OPEN,
    "sagemaker:DescribeNotebookInstance",
    "sagemaker:StartNotebookInstance",
    "sagemaker:StopNotebookInstance",
)
# Policy variables: who asks.
_IDENTITY_VARIABLES = {
    "principal-tag": f"aws:PrincipalTag/{OWNER_TAG}",
    "user-name": "aws:username",
}


class OwnersPolicy(Construct):
    """An IAM policy to attach to those who own notebooks of this stack: users, groups, roles.

    Its holders may open, start and stop the notebooks whose owner they are, and list all. They
    may open no other of this stack's, whatever else allows them to. It says nothing about other
    notebooks, and nothing to those who do not hold it.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        identity: Literal["principal-tag", "user-name"],
        stage_opt_outs: StageOptOuts,
    ) -> None:
        super().__init__(scope, construct_id)
        stack = cdk.Stack.of(self)
        anything = f"arn:{stack.partition}:sagemaker:{stack.region}:{stack.account}"
        notebooks = f"{anything}:notebook-instance/*"
        policy = iam.CfnManagedPolicy(
            self,
            "Policy",
            description="Owners open, start and stop their own SageMaker notebooks",
            policy_document=_document(notebooks, stack.stack_name, _IDENTITY_VARIABLES[identity]),
        )
        # IAM does not delete a policy that somebody holds, and kept notebooks keep their owners.
        retain_with_notebook(policy, stage_opt_outs)
        self.arn = policy.ref
        acknowledge(
            policy,
            {
                wildcard_rule(stack, notebooks): "The conditions leave the notebooks "
                "of this stack whose owner asks.",
                wildcard_rule(stack, "*"): "IAM knows no resource for listing notebooks.",
            },
        )


def _document(notebooks: str, stack_name: str, who: str) -> dict[str, Any]:
    tag = "sagemaker:ResourceTag/"
    asking = f"${{{who}}}"
    # IAM's default for a variable that has no value: a caller without a tag is denied, too.
    asking_or_nobody = f"${{{who}, 'nobody'}}"
    of_this_stack = {f"{tag}{STACK_TAG}": stack_name}
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Own",
                "Effect": "Allow",
                "Action": list(USE),
                "Resource": notebooks,
                "Condition": {"StringEquals": {**of_this_stack, f"{tag}{OWNER_TAG}": asking}},
            },
            {
                "Sid": "NobodyElses",
                "Effect": "Deny",
                "Action": OPEN,
                "Resource": notebooks,
                "Condition": {
                    "StringEquals": of_this_stack,
                    "StringNotEquals": {f"{tag}{OWNER_TAG}": asking_or_nobody},
                },
            },
            {
                "Sid": "List",
                "Effect": "Allow",
                "Action": "sagemaker:ListNotebookInstances",
                "Resource": "*",
            },
        ],
    }
