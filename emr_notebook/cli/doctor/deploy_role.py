"""Checks that the role that CloudFormation deploys with may make what stacks hold."""

from collections.abc import Iterator
from dataclasses import replace

from emr_notebook.bootstrap import bootstrap_role_arn
from emr_notebook.cli.aws.deployed_stack import NOTEBOOK
from emr_notebook.cli.aws.reader import Reader
from emr_notebook.cli.doctor.clone_permissions import secret_accesses
from emr_notebook.cli.doctor.handlers import action_resources, handler_actions
from emr_notebook.cli.doctor.iam import name_in
from emr_notebook.cli.doctor.network.destinations import all_code_repositories
from emr_notebook.cli.doctor.permissions import (
    FOR_AWS,
    PASSED,
    VIA,
    Decisions,
    Findings,
    RequiredPermission,
    ask,
    principal_kind,
)
from emr_notebook.cli.doctor.report import Line, failed, not_checked, ok
from emr_notebook.cli.doctor.stack_resources import ResourceKind, resource_kinds
from emr_notebook.cli.next_commands import Commands
from emr_notebook.constructs.owner_permissions import PASS_ROLE
from emr_notebook.settings.model import Settings

SUBJECT = "what the deploy's role may do"
# IAM is asked in one region of a partition, whatever the stage's.
IAM_REGION = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
REGION, BOUNDARY = "aws:RequestedRegion", "iam:PermissionsBoundary"
# The stacks' Lambdas are in no VPC.
LAMBDA_VPC = frozenset({"lambda:VpcIds", "lambda:SubnetIds", "lambda:SecurityGroupIds"})


def check(
    reader: Reader, settings: Settings, _commands: Commands, deployer: str | None = None
) -> list[Line]:
    """The line of the role: a call for each kind of what is made, none for further notebooks.

    `deployer` deploys in the place of the bootstrap's role, with code of another bucket. Raises
    CommandError for a deployer that is no user or role of the account.
    """
    bootstrapped = deployer is None
    if deployer is not None:
        principal_kind("--deploy-role", deployer, settings)
    role = deployer or bootstrap_role_arn(settings, "cfn-exec")
    absent = f"{role} does not exist{': see bootstrap' if bootstrapped else ''}"
    needs = required_permissions(settings, bootstrapped=bootstrapped)
    return [role_line(role, ask(reader, role, needs, absent), bootstrapped=bootstrapped)]


def role_line(role: str, found: Findings, *, bootstrapped: bool) -> Line:
    """Whether CloudFormation could make all of it in the role's name."""
    name = name_in(role)
    if found.denied:
        return _denied(name, found.denied, bootstrapped=bootstrapped)
    if found.unknown is not None:
        return not_checked(SUBJECT, found.unknown)
    return ok(SUBJECT, f"{name} may make, change and delete what the stacks hold")


def _denied(name: str, denied: Decisions, *, bootstrapped: bool) -> Line:
    cause = f"{name} may not {', '.join(denied)}: CloudFormation deploys in its name"
    if all(each.may_be_granted for each in denied.values()):
        given = "given to cdk bootstrap --cloudformation-execution-policies"
        advice = f"have the policies that are {given if bootstrapped else 'its own'} allow it"
    else:
        advice = "have whoever administers IAM look for what denies it: a policy or a boundary"
    return failed(SUBJECT, cause, advice=advice)


def required_permissions(
    settings: Settings, *, bootstrapped: bool = True
) -> list[RequiredPermission]:
    """All that it takes to make, change and delete the stage's stacks."""
    found: dict[tuple[object, ...], RequiredPermission] = {}
    for kind in resource_kinds(settings, bootstrapped=bootstrapped):
        for action in handler_actions(kind.resource_type, kind.properties):
            for resource in action_resources(action, kind.values):
                need = _permission(action, resource, kind, settings)
                key = (resource, *sorted(need.context.items()), need.absent_keys)
                known = found.setdefault(key, need)
                together = tuple(dict.fromkeys((*known.actions, action)))
                found[key] = replace(known, actions=together)
    return [*found.values(), *_invocation(settings), *_secrets(settings)]


def _permission(
    action: str, resource: str, kind: ResourceKind, settings: Settings
) -> RequiredPermission:
    service = action.partition(":")[0]
    context: dict[str, str] = {}
    absent_keys: frozenset[str] = frozenset()
    if action == PASS_ROLE:
        context = {PASSED: kind.passed_to}
    elif service == "iam":
        partition, given = settings.partition.name, settings.permissions_boundary_arn
        context = {REGION: IAM_REGION.get(partition, settings.region)}
        context |= {BOUNDARY: given} if given and kind.resource_type == "AWS::IAM::Role" else {}
        absent_keys = frozenset() if given else frozenset({BOUNDARY})
    elif service == "kms" and kind.resource_type == NOTEBOOK:
        sagemaker = f"sagemaker.{settings.region}.{settings.partition.dns_suffix}"
        context = {FOR_AWS: "true", VIA: sagemaker}
    elif service == "lambda":
        absent_keys = LAMBDA_VPC
    of_given_key = resource == settings.kms_key_arn
    return RequiredPermission((action,), resource, context, absent_keys, of_given_key)


def _invocation(settings: Settings) -> Iterator[RequiredPermission]:
    """What custom resources take, of which the registry knows nothing."""
    place = f"{settings.partition.name}:lambda:{settings.region}:{settings.account}"
    function = f"arn:{place}:function:{settings.home_stack_name()}-Resolver"
    yield RequiredPermission(("lambda:InvokeFunction",), function, absent_keys=LAMBDA_VPC)


def _secrets(settings: Settings) -> Iterator[RequiredPermission]:
    """What SageMaker asks of who makes or starts a notebook, and the registry does not list."""
    asked = (
        access
        for each in all_code_repositories(settings)
        if each.secret_arn is not None
        for access in secret_accesses(each.secret_arn, each.secret_key_arn or "", settings)
    )
    for each in dict.fromkeys(asked):
        yield RequiredPermission(each.actions, each.resource, each.context)
