"""States what StartNotebookInstance asks of its caller, beside itself."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import aws_cdk as cdk

from emr_notebook.checks.nag import wildcard_rule
from emr_notebook.constructs.iam import allow
from emr_notebook.constructs.owner_permissions import (
    CREATE_GRANT,
    CREATE_INTERFACE,
    DECRYPT,
    DESCRIBE_KEY,
    PASS_ROLE,
    PERMIT_INTERFACE,
    READ_SECRET,
    SAGEMAKER,
)
from emr_notebook.settings.notebook import ResolvedNotebook

Statement = dict[str, Any]

_WILDCARDS = {
    "network-interface/*": "An interface has no name before it is made; the subnets are named.",
    "subnet/": "A subnet that another account shares has that account in its ARN.",
    "-Notebook*": "CloudFormation makes up the ends of the roles' names.",
}


def starting(
    stack: cdk.Stack,
    notebooks: Sequence[ResolvedNotebook],
    *,
    made_role_arn: str | None,
    security_group_ids: Sequence[str],
    volume_key_arn: str | None,
    who: str | None,
) -> list[Statement]:
    """What SageMaker asks of whoever starts these notebooks, except EC2's describes.

    `made_role_arn` is one of their roles that is made here. `who` is the condition key of an owner,
    who may do it for their own notebooks; None for a caller that starts all of them.
    """
    if who is None:
        notebooks = [each.model_copy(update={"owner": None}) for each in notebooks]
    return [
        *_joining_network(stack, notebooks, security_group_ids),
        *(_using_key(volume_key_arn) if volume_key_arn else ()),
        *_passing(notebooks, made_role_arn, str(who)),
        *_reading_secrets(notebooks, str(who)),
    ]


def wildcard_reasons(
    stack: cdk.Stack, statements: Sequence[Statement], more: Mapping[str, str]
) -> dict[str, str]:
    """Why the wildcards in the statements' ARNs are accepted, by the rule that finds them.

    `more` has reasons for parts of ARNs that do not come from here.
    """
    listed = {arn for each in statements for arn in each["Resource"] if "*" in arn}
    return {
        wildcard_rule(stack, arn): reason
        for arn in sorted(listed)
        for part, reason in {**_WILDCARDS, **more}.items()
        if part in arn
    }


def _passing(
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


def _reading_secrets(notebooks: Sequence[ResolvedNotebook], who: str) -> Iterator[Statement]:
    """Read the secrets of the repositories that the owner's own notebooks clone.

    Where keys of the customer's encrypt them: decrypt with these, through Secrets Manager alone.
    """
    for secrets, owners in _by_owners(notebooks, _secrets):
        yield allow([READ_SECRET], secrets, {"StringEquals": {who: owners}} if owners else None)
    via = {"kms:ViaService": f"secretsmanager.{cdk.Aws.REGION}.{cdk.Aws.URL_SUFFIX}"}
    for keys, owners in _by_owners(notebooks, _secret_keys):
        yield allow([DECRYPT], keys, {"StringEquals": {**via, who: owners} if owners else via})


def _joining_network(
    stack: cdk.Stack, notebooks: Sequence[ResolvedNotebook], security_group_ids: Sequence[str]
) -> list[Statement]:
    """Make network interfaces in the notebooks' subnets and groups, and let SageMaker use them."""
    ec2 = f"arn:{stack.partition}:ec2:{stack.region}"
    interfaces = f"{ec2}:{stack.account}:network-interface/*"
    ids = dict.fromkeys(each.subnet_id for each in notebooks)
    subnets = [f"{ec2}:*:subnet/{each}" for each in ids]
    groups = [f"{ec2}:{stack.account}:security-group/{each}" for each in security_group_ids]
    return [
        allow([CREATE_INTERFACE], [interfaces, *subnets, *groups]),
        allow([PERMIT_INTERFACE], [interfaces], {"ArnLike": {"ec2:Subnet": subnets}}),
    ]


def _using_key(key_arn: str) -> list[Statement]:
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


def _secret_keys(notebook: ResolvedNotebook) -> list[str]:
    return [x.secret_key_arn for x in notebook.code_repositories if x.secret_key_arn is not None]


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
