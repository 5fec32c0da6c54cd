"""Checks that the role that CloudFormation deploys with may make what stacks hold."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from emr_notebook.bootstrap import bootstrap_role_arn
from emr_notebook.cli.aws.deployed_stack import LIFECYCLE, NOTEBOOK
from emr_notebook.cli.aws.reader import Reader
from emr_notebook.cli.doctor.iam import Decision, name_in, simulate
from emr_notebook.cli.doctor.report import Line, Unknown, failed, none_if_missing, not_checked, ok
from emr_notebook.cli.next_commands import Commands
from emr_notebook.settings.model import Settings

SUBJECT = "what the deploy's role may do"
# IAM is asked in one region of a partition, whatever the stage's.
IAM_REGION = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
REGION, BOUNDARY, PASSED = "aws:RequestedRegion", "iam:PermissionsBoundary", "iam:PassedToService"
# The stacks' Lambdas are in no VPC.
LAMBDA_VPC = frozenset({"lambda:VpcIds", "lambda:SubnetIds", "lambda:SecurityGroupIds"})
SCHEDULE = "AWS::Scheduler::Schedule"
Decisions = Mapping[str, Decision]


@dataclass(frozen=True)
class RequiredPermission:
    """Actions on a resource, with condition keys that are known to be there, or known to be absent.

    The resource stands for those that a stack makes, whose names begin with the stack's.
    `resource_types` are the types in a template that need it. `key_policy_may_allow` says that a
    key's own policy may allow it, too.
    """

    resource_types: tuple[str, ...]
    actions: tuple[str, ...]
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)
    absent_keys: frozenset[str] = frozenset()
    key_policy_may_allow: bool = False


@dataclass(frozen=True)
class _Arns:
    partition: str
    region: str
    account: str
    role_path: str

    def of(self, service: str, resource: str) -> str:
        region = "" if service == "iam" else self.region
        return f"arn:{self.partition}:{service}:{region}:{self.account}:{resource}"

    def role(self, stack: str) -> str:
        """One that CloudFormation makes: what it adds to the name is not known before."""
        return self.of("iam", f"role{self.role_path}{stack}-Role")


def check(reader: Reader, settings: Settings, _commands: Commands) -> list[Line]:
    """The line of the role: a call for each kind of what is made, none for further notebooks."""
    role = bootstrap_role_arn(settings, "cfn-exec")

    def decide(permission: RequiredPermission) -> Decisions | Unknown:
        found = none_if_missing(
            "NoSuchEntity",
            lambda: simulate(
                reader, role, permission.actions, permission.resource, permission.context
            ),
        )
        if found is None:
            return Unknown(f"{role} does not exist: see bootstrap")
        return found if isinstance(found, Unknown) else with_known_context(permission, found)

    return [role_line(role, reader.map_concurrently(decide, required_permissions(settings)))]


def with_known_context(permission: RequiredPermission, decisions: Decisions) -> dict[str, Decision]:
    """IAM's decisions with what is known of the permission: no deploy brings the absent keys."""
    absent = {key.lower() for key in permission.absent_keys}
    found = {
        action: replace(
            each, depends_on=tuple(k for k in each.depends_on if k.lower() not in absent)
        )
        for action, each in decisions.items()
    }
    if permission.key_policy_may_allow:
        # The key's own policy may allow what no policy of the role does: see its line.
        return {a: each for a, each in found.items() if not each.may_be_granted}
    return found


def role_line(role: str, answers: list[Decisions | Unknown]) -> Line:
    """Whether CloudFormation could make all of it in the role's name."""
    name = name_in(role)
    known = [pair for each in answers if not isinstance(each, Unknown) for pair in each.items()]
    denied = [(action, each) for action, each in known if not each.allowed]
    sure = {action: each for action, each in denied if not each.unsure}
    if sure:
        return _denied(name, sure)
    for answer in answers:
        if isinstance(answer, Unknown):
            return not_checked(SUBJECT, answer)
    if denied:
        action, each = denied[0]
        return not_checked(SUBJECT, Unknown(f"{name}, {action}: {each.unsure}"))
    return ok(SUBJECT, f"{name} may make what the stacks hold")


def _denied(name: str, denied: Decisions) -> Line:
    cause = f"{name} may not {', '.join(denied)}: CloudFormation deploys in its name"
    if all(each.may_be_granted for each in denied.values()):
        advice = (
            "have the policies that are given to cdk bootstrap --cloudformation-execution-policies "
            "allow it"
        )
    else:
        advice = "have whoever administers IAM look for what denies it: a policy or a boundary"
    return failed(SUBJECT, cause, advice=advice)


def required_permissions(settings: Settings) -> list[RequiredPermission]:
    """All that it takes to make the stage's stacks from nothing."""
    path, stack = settings.role_path or "/", settings.home_stack_name()
    arns = _Arns(settings.partition.name, settings.region, settings.account, path)
    return [
        *_for_iam(settings, arns, stack),
        *_for_resolver(arns, stack),
        *_for_followed_names(settings, arns, stack),
        *_for_security_groups(settings, arns),
        *_for_key(settings),
        *_for_notebooks(settings, arns, stack),
    ]


def _for_iam(settings: Settings, arns: _Arns, stack: str) -> Iterator[RequiredPermission]:
    where = {REGION: IAM_REGION.get(arns.partition, arns.region)}
    given = settings.permissions_boundary_arn
    bounded = {**where, BOUNDARY: given} if given else where
    absent_keys = frozenset() if given else frozenset({BOUNDARY})
    roles, role = ("iam:CreateRole", "iam:AttachRolePolicy"), arns.role(stack)
    yield RequiredPermission(("AWS::IAM::Role",), roles, role, bounded, absent_keys)
    policy = arns.of("iam", f"policy/{stack}-Policy")
    yield RequiredPermission(("AWS::IAM::ManagedPolicy",), ("iam:CreatePolicy",), policy, where)


def _for_resolver(arns: _Arns, stack: str) -> Iterator[RequiredPermission]:
    kind, function = "AWS::Lambda::Function", arns.of("lambda", f"function:{stack}-Resolver")
    yield RequiredPermission((kind,), ("lambda:CreateFunction",), function, absent_keys=LAMBDA_VPC)
    resource_types = ("Custom::ClusterEndpoint", "Custom::ReplacementGuard")
    yield RequiredPermission(resource_types, ("lambda:InvokeFunction",), function)
    passed = {PASSED: "lambda.amazonaws.com"}
    yield RequiredPermission((kind,), ("iam:PassRole",), arns.role(stack), passed)
    group = arns.of("logs", f"log-group:{stack}-ResolverLog")
    actions = ("logs:CreateLogGroup", "logs:PutRetentionPolicy")
    yield RequiredPermission(("AWS::Logs::LogGroup",), actions, group)


def _for_followed_names(
    settings: Settings, arns: _Arns, stack: str
) -> Iterator[RequiredPermission]:
    if not settings.followed_clusters:
        return
    if settings.network.zone_id is None:
        zone = ("route53:CreateHostedZone", "route53:AssociateVPCWithHostedZone")
        vpcs = frozenset({"route53:VPCs"})
        yield RequiredPermission(("AWS::Route53::HostedZone",), zone, "*", absent_keys=vpcs)
    queue, queues = arns.of("sqs", f"{stack}-NamesFailures"), "AWS::SQS::Queue"
    yield RequiredPermission((queues, "AWS::SQS::QueuePolicy"), ("sqs:CreateQueue",), queue)
    if settings.alarms_topic_arn is None:
        topic, topics = arns.of("sns", f"{stack}-NamesAlarms"), "AWS::SNS::Topic"
        yield RequiredPermission((topics, "AWS::SNS::TopicPolicy"), ("sns:CreateTopic",), topic)
    alarm = arns.of("cloudwatch", f"alarm:{stack}-NamesNotFollowed")
    yield RequiredPermission(("AWS::CloudWatch::Alarm",), ("cloudwatch:PutMetricAlarm",), alarm)
    rule = arns.of("events", f"rule/{stack}-RecordChanges")
    yield RequiredPermission(("AWS::Events::Rule",), ("events:PutRule", "events:PutTargets"), rule)
    function = arns.of("lambda", f"function:{stack}-Resolver")
    yield RequiredPermission(("AWS::Lambda::Permission",), ("lambda:AddPermission",), function)
    yield RequiredPermission(("Custom::ClusterRecord",), ("lambda:InvokeFunction",), function)
    schedule, kind = arns.of("scheduler", f"schedule/default/{stack}-Record"), SCHEDULE
    yield RequiredPermission((kind,), ("scheduler:CreateSchedule",), schedule)
    passed = {PASSED: "scheduler.amazonaws.com"}
    yield RequiredPermission((kind,), ("iam:PassRole",), arns.role(stack), passed)


def _for_security_groups(settings: Settings, arns: _Arns) -> Iterator[RequiredPermission]:
    if settings.network.security_group_ids is None:
        made = arns.of("ec2", "security-group/sg-00000000000000000")
        yield RequiredPermission(("AWS::EC2::SecurityGroup",), ("ec2:CreateSecurityGroup",), made)
    opened = {x.security_group_id for x in settings.clusters.values() if x.ingress == "create"}
    for group in sorted(opened - {None}, key=str):
        admit = ("ec2:AuthorizeSecurityGroupIngress",)
        primary = arns.of("ec2", f"security-group/{group}")
        yield RequiredPermission(("AWS::EC2::SecurityGroupIngress",), admit, primary)


def _for_key(settings: Settings) -> Iterator[RequiredPermission]:
    given, grant = settings.kms_key_arn, {"kms:GrantIsForAWSResource": "true"}
    if given is not None:
        yield RequiredPermission((), ("kms:CreateGrant",), given, grant, key_policy_may_allow=True)
    elif settings.opt_outs.aws_managed_key is None:
        yield RequiredPermission(("AWS::KMS::Key",), ("kms:CreateKey",), "*")


def _for_notebooks(settings: Settings, arns: _Arns, stack: str) -> Iterator[RequiredPermission]:
    notebooks = settings.resolved_notebooks
    if not notebooks:
        return
    name = arns.of("sagemaker", f"notebook-instance/{notebooks[0].name.lower()}")
    yield RequiredPermission((NOTEBOOK,), ("sagemaker:CreateNotebookInstance",), name)
    script = arns.of("sagemaker", f"notebook-instance-lifecycle-config/{stack.lower()}-start")
    yield RequiredPermission(
        (LIFECYCLE,), ("sagemaker:CreateNotebookInstanceLifecycleConfig",), script
    )
    for role in sorted({each.role_arn or arns.role(stack) for each in notebooks}):
        passed = {PASSED: "sagemaker.amazonaws.com"}
        yield RequiredPermission((NOTEBOOK,), ("iam:PassRole",), role, passed)
