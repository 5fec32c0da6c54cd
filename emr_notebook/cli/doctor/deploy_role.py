"""doctor: whether the role that CloudFormation deploys with may make what the stacks hold."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from emr_notebook.bootstrap import bootstrap_role_arn, partition
from emr_notebook.cli.aws.reader import Reader
from emr_notebook.cli.doctor.iam import Decision, simulated
from emr_notebook.cli.doctor.report import Line, Unknown, failed, not_checked, ok, unless_absent
from emr_notebook.cli.next_commands import Commands
from emr_notebook.settings.model import Settings

ABOUT = "what the deploy's role may do"
Decisions = Mapping[str, Decision]


@dataclass(frozen=True)
class Need:
    """Actions on a resource, with condition keys that are known to be there, or known to be absent.

    The resource stands for those that a stack makes, whose names begin with the stack's. `kinds`
    are the types in a template that need it. `of_key`: a key's own policy may allow it, too.
    """

    kinds: tuple[str, ...]
    actions: tuple[str, ...]
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)
    absent: frozenset[str] = frozenset()
    of_key: bool = False


def check(reader: Reader, settings: Settings, _to: Commands) -> list[Line]:
    """The line of the role: a call for each kind of what is made, none for further notebooks."""
    role = bootstrap_role_arn(settings, "cfn-exec")

    def decide(need: Need) -> Decisions | Unknown:
        found = unless_absent(
            "NoSuchEntity",
            lambda: simulated(reader, role, need.actions, need.resource, need.context),
        )
        if found is None:
            return Unknown(f"{role} does not exist: see bootstrap")
        return found if isinstance(found, Unknown) else considered(need, found)

    return [role_line(role, reader.together(decide, needs(settings), lambda: None))]


def considered(need: Need, decisions: Decisions) -> dict[str, Decision]:
    """IAM's decisions with what is known of the need: no deploy brings the absent keys."""
    absent = {key.lower() for key in need.absent}
    found = {
        action: replace(
            each, depends_on=tuple(k for k in each.depends_on if k.lower() not in absent)
        )
        for action, each in decisions.items()
    }
    if need.of_key:
        # The key's own policy may allow what no policy of the role does: see its line.
        return {a: each for a, each in found.items() if not each.may_be_granted}
    return found


def role_line(role: str, answers: list[Decisions | Unknown]) -> Line:
    """Whether CloudFormation could make all of it in the role's name."""
    name = role.rpartition("/")[2]
    known = [pair for each in answers if not isinstance(each, Unknown) for pair in each.items()]
    denied = [(action, each) for action, each in known if not each.allowed]
    sure = {action: each for action, each in denied if not each.unsure}
    if sure:
        return _denied(name, sure)
    for answer in answers:
        if isinstance(answer, Unknown):
            return not_checked(ABOUT, answer)
    if denied:
        action, each = denied[0]
        return not_checked(ABOUT, Unknown(f"{name}, {action}: {each.unsure}"))
    return ok(ABOUT, f"{name} may make what the stacks hold")


def _denied(name: str, denied: Decisions) -> Line:
    cause = f"{name} may not {', '.join(denied)}: CloudFormation deploys in its name"
    if all(each.may_be_granted for each in denied.values()):
        advice = (
            "have the policies that are given to cdk bootstrap --cloudformation-execution-policies "
            "allow it"
        )
    else:
        advice = "have whoever administers IAM look for what denies it: a policy or a boundary"
    return failed(ABOUT, cause, advice=advice)


NOTEBOOK = "AWS::SageMaker::NotebookInstance"
# IAM is asked in one region of a partition, whatever the stage's.
IAM_REGION = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
REGION, BOUNDARY, PASSED = "aws:RequestedRegion", "iam:PermissionsBoundary", "iam:PassedToService"
# The stacks' Lambdas are in no VPC.
LAMBDA_VPC = frozenset({"lambda:VpcIds", "lambda:SubnetIds", "lambda:SecurityGroupIds"})


@dataclass(frozen=True)
class _Arns:
    partition: str
    region: str
    account: str

    def of(self, service: str, resource: str) -> str:
        region = "" if service == "iam" else self.region
        return f"arn:{self.partition}:{service}:{region}:{self.account}:{resource}"


def needs(settings: Settings) -> list[Need]:
    """All that it takes to make the stage's stacks from nothing."""
    region = settings.region
    arns, stack = _Arns(partition(region), region, settings.account), settings.home_stack_name()
    return [
        *_of_iam(settings, arns, stack),
        *_of_resolver(arns, stack),
        *_of_groups(settings, arns),
        *_of_key(settings),
        *_of_notebooks(settings, arns, stack),
    ]


def _of_iam(settings: Settings, arns: _Arns, stack: str) -> Iterator[Need]:
    where = {REGION: IAM_REGION.get(arns.partition, arns.region)}
    given = settings.permissions_boundary_arn
    bounded = {**where, BOUNDARY: given} if given else where
    absent = frozenset() if given else frozenset({BOUNDARY})
    roles, role = ("iam:CreateRole", "iam:AttachRolePolicy"), arns.of("iam", f"role/{stack}-Role")
    yield Need(("AWS::IAM::Role",), roles, role, bounded, absent)
    policy = arns.of("iam", f"policy/{stack}-Policy")
    yield Need(("AWS::IAM::ManagedPolicy",), ("iam:CreatePolicy",), policy, where)


def _of_resolver(arns: _Arns, stack: str) -> Iterator[Need]:
    kind, function = "AWS::Lambda::Function", arns.of("lambda", f"function:{stack}-Resolver")
    yield Need((kind,), ("lambda:CreateFunction",), function, absent=LAMBDA_VPC)
    asked = ("Custom::ClusterEndpoint", "Custom::ReplacementGuard")
    yield Need(asked, ("lambda:InvokeFunction",), function)
    passed = {PASSED: "lambda.amazonaws.com"}
    yield Need((kind,), ("iam:PassRole",), arns.of("iam", f"role/{stack}-Role"), passed)
    group = arns.of("logs", f"log-group:{stack}-ResolverLog")
    actions = ("logs:CreateLogGroup", "logs:PutRetentionPolicy")
    yield Need(("AWS::Logs::LogGroup",), actions, group)


def _of_groups(settings: Settings, arns: _Arns) -> Iterator[Need]:
    if settings.network.security_group_ids is None:
        made = arns.of("ec2", "security-group/sg-00000000000000000")
        yield Need(("AWS::EC2::SecurityGroup",), ("ec2:CreateSecurityGroup",), made)
    opened = {x.security_group_id for x in settings.clusters.values() if x.ingress == "create"}
    for group in sorted(opened - {None}, key=str):
        admit = ("ec2:AuthorizeSecurityGroupIngress",)
        primary = arns.of("ec2", f"security-group/{group}")
        yield Need(("AWS::EC2::SecurityGroupIngress",), admit, primary)


def _of_key(settings: Settings) -> Iterator[Need]:
    given, grant = settings.kms_key_arn, {"kms:GrantIsForAWSResource": "true"}
    if given is not None:
        yield Need((), ("kms:CreateGrant",), given, grant, of_key=True)
    elif settings.opt_outs.aws_managed_key is None:
        yield Need(("AWS::KMS::Key",), ("kms:CreateKey",), "*")


def _of_notebooks(settings: Settings, arns: _Arns, stack: str) -> Iterator[Need]:
    notebooks = [settings.notebook(key) for key in settings.notebooks]
    if not notebooks:
        return
    name = arns.of("sagemaker", f"notebook-instance/{notebooks[0].name.lower()}")
    yield Need((NOTEBOOK,), ("sagemaker:CreateNotebookInstance",), name)
    kind = f"{NOTEBOOK}LifecycleConfig"
    script = arns.of("sagemaker", f"notebook-instance-lifecycle-config/{stack.lower()}-start")
    yield Need((kind,), ("sagemaker:CreateNotebookInstanceLifecycleConfig",), script)
    made = arns.of("iam", f"role/{stack}-Role")
    for role in sorted({each.role_arn or made for each in notebooks}):
        passed = {PASSED: "sagemaker.amazonaws.com"}
        yield Need((NOTEBOOK,), ("iam:PassRole",), role, passed)
