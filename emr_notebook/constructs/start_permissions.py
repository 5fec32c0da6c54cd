"""States what StartNotebookInstance asks of its caller, beside itself."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import aws_cdk as cdk

from emr_notebook.constructs.iam import allow
from emr_notebook.owner_permissions import (
    CREATE_GRANT,
    CREATE_INTERFACE,
    DESCRIBE_KEY,
    PASS_ROLE,
    PERMIT_INTERFACE,
    READ_SECRET,
    SAGEMAKER,
)
from emr_notebook.settings.notebook import ResolvedNotebook

Statement = dict[str, Any]


def passing(
    notebooks: Sequence[ResolvedNotebook], made_role_arn: str | None, who: str
) -> Iterator[Statement]:
    """Hand the notebooks' roles to SageMaker, and to no other service.

    IAM does not judge iam:PassRole by a role's tags, and a policy has no room for hundreds of
    ARNs: of the made roles, each owner may pass all of the stack's. `who` is the condition key of
    an owner; a given role is passed by the owners of the notebooks that have it.
    """
    to_sagemaker = {"iam:PassedToService": SAGEMAKER}
    if made_role_arn is not None:
        yield allow([PASS_ROLE], [_all_made_roles(made_role_arn)], {"StringEquals": to_sagemaker})
    for roles, owners in _by_owners(notebooks, _given_role):
        only = {**to_sagemaker, who: owners} if owners else to_sagemaker
        yield allow([PASS_ROLE], roles, {"StringEquals": only})


def reading_secrets(notebooks: Sequence[ResolvedNotebook], who: str) -> Iterator[Statement]:
    """Read the secrets of the repositories that the owner's own notebooks clone."""
    for secrets, owners in _by_owners(notebooks, _secrets):
        yield allow([READ_SECRET], secrets, {"StringEquals": {who: owners}} if owners else None)


def joining_network(subnets: Sequence[str], groups: Sequence[str], ec2: str) -> list[Statement]:
    """Make network interfaces in these subnets, with these groups, and let SageMaker use them.

    `subnets`, `groups` are ARNs; `ec2` is what EC2's ARNs in the account begin with.
    """
    interfaces = f"{ec2}:network-interface/*"
    return [
        allow([CREATE_INTERFACE], [interfaces, *subnets, *groups]),
        allow([PERMIT_INTERFACE], [interfaces], {"ArnLike": {"ec2:Subnet": list(subnets)}}),
    ]


def using_key(key_arn: str) -> list[Statement]:
    """Let SageMaker use the key, when it asks in the owner's name; nothing by themselves."""
    sagemaker = f"sagemaker.{cdk.Aws.REGION}.{cdk.Aws.URL_SUFFIX}"
    via = {"StringEquals": {"kms:ViaService": sagemaker}}
    of_aws = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    return [
        allow([DESCRIBE_KEY], [key_arn], via),
        allow([CREATE_GRANT], [key_arn], {**via, **of_aws}),
    ]


def _all_made_roles(one: str) -> str:
    """All roles that CloudFormation made for the stack's notebooks, by the ARN of one.

    It names them <stack>-Notebook<key>Role…, and may cut the stack's name short.
    """
    return f"{cdk.Fn.select(0, cdk.Fn.split('-Notebook', one))}-Notebook*"


def _given_role(notebook: ResolvedNotebook) -> list[str]:
    return [] if notebook.role_arn is None else [notebook.role_arn]


def _secrets(notebook: ResolvedNotebook) -> list[str]:
    return [x.secret_arn for x in notebook.code_repositories if x.secret_arn is not None]


def _by_owners(
    notebooks: Sequence[ResolvedNotebook], arns_of: Callable[[ResolvedNotebook], list[str]]
) -> Iterator[tuple[list[str], list[str]]]:
    """ARNs, and the owners who need them: an empty list when all of the notebooks' owners do."""
    everybody = {str(each.owner) for each in notebooks}
    owners_of: dict[str, set[str]] = {}
    for notebook in notebooks:
        for arn in arns_of(notebook):
            owners_of.setdefault(arn, set()).add(str(notebook.owner))
    together: dict[tuple[str, ...], list[str]] = {}
    for arn, owners in owners_of.items():
        together.setdefault(() if owners == everybody else tuple(sorted(owners)), []).append(arn)
    for needed_by, arns in together.items():
        yield arns, list(needed_by)
