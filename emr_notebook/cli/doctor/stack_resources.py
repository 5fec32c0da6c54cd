"""Knows what a stage's stacks hold before they are deployed, as far as IAM is asked about it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from emr_notebook.bootstrap import assets_bucket
from emr_notebook.cli.aws.deployed_stack import LIFECYCLE, NOTEBOOK
from emr_notebook.constructs.owner_permissions import SAGEMAKER
from emr_notebook.names import schedule_group_name, schedule_name
from emr_notebook.settings.model import Settings
from emr_notebook.settings.notebook import ResolvedNotebook

# In the place of ids that are not known before a deploy.
ANY_KEY, ANY_GROUP = "00000000-0000-0000-0000-000000000000", "sg-00000000000000000"
ANY_INTERFACE, ANY_OBJECT = "eni-00000000000000000", "code.zip"
ANY_ZONE = "Z00000000000000000000"


@dataclass(frozen=True)
class ResourceKind:
    """What a stage's stacks hold of a type: what is known of it before a deploy.

    `properties` are those that decide what a handler calls; `values` are of the placeholders in
    ARNs, where a name stands for all that begin as it does; `passed_to` is the service that gets
    its role.
    """

    resource_type: str
    values: Mapping[str, tuple[str, ...]]
    properties: frozenset[str] = frozenset()
    passed_to: str = ""


def resource_kinds(settings: Settings, *, bootstrapped: bool = True) -> list[ResourceKind]:
    """What the stage's stacks hold, a kind for each type. A test compares it with templates."""
    stack = settings.home_stack_name()
    path = (settings.role_path or "/").removeprefix("/")
    common = {
        "Partition": (settings.partition.name,),
        "Region": (settings.region,),
        "Account": (settings.account,),
        # What CloudFormation makes begins with the stack's name; the rest is not known before.
        "RoleNameWithPath": (f"{path}{stack}-Role",),
        "PolicyNameWithPath": (f"{stack}-Policy",),
        "FunctionName": (f"{stack}-Resolver",),
        "LogGroupName": (f"{stack}-ResolverLog",),
        "KeyId": (ANY_KEY,),
    }
    kinds = [
        *_always(settings, bootstrapped=bootstrapped),
        *_of_followed_names(settings, stack),
        *_of_the_network(settings),
        *_of_notebooks(settings, stack, f"{path}{stack}-Role"),
    ]
    return [replace(each, values={**common, **each.values}) for each in kinds]


def _always(settings: Settings, *, bootstrapped: bool) -> Iterator[ResourceKind]:
    bounded = {"PermissionsBoundary"} if settings.permissions_boundary_arn else set()
    yield ResourceKind("AWS::IAM::Role", {}, frozenset({"ManagedPolicyArns", *bounded}))
    attached = frozenset({"Roles"} if settings.followed_clusters else ())
    yield ResourceKind("AWS::IAM::ManagedPolicy", {}, attached)
    code = {"BucketName": (assets_bucket(settings),), "ObjectName": (ANY_OBJECT,)}
    yield ResourceKind(
        "AWS::Lambda::Function",
        code,
        # Of another bucket than the bootstrap's nothing is known.
        frozenset({"Code"} if bootstrapped else ()),
        passed_to="lambda.amazonaws.com",
    )
    yield ResourceKind("AWS::Logs::LogGroup", {})
    if settings.kms_key_arn is None and settings.opt_outs.aws_managed_key is None:
        yield ResourceKind("AWS::KMS::Key", {})


def _of_followed_names(settings: Settings, stack: str) -> Iterator[ResourceKind]:
    if not settings.followed_clusters:
        return
    if settings.network.zone_id is None:
        yield ResourceKind("AWS::Route53::HostedZone", {"Id": (ANY_ZONE,)})
    queue = {"QueueName": (f"{stack}-NamesFailures",)}
    yield ResourceKind("AWS::SQS::Queue", queue)
    yield ResourceKind("AWS::SQS::QueuePolicy", queue)
    if settings.alarms_topic_arn is None:
        topic = {"TopicName": (f"{stack}-NamesAlarms",)}
        yield ResourceKind("AWS::SNS::Topic", topic)
        yield ResourceKind("AWS::SNS::TopicPolicy", topic)
    yield ResourceKind("AWS::CloudWatch::Alarm", {"AlarmName": (f"{stack}-NamesNotFollowed",)})
    yield ResourceKind("AWS::Events::Rule", {"RuleName": (f"{stack}-Record",)})
    yield ResourceKind("AWS::Lambda::Permission", {})
    schedule = {"GroupName": ("default",), "ScheduleName": (f"{stack}-Record",)}
    yield ResourceKind("AWS::Scheduler::Schedule", schedule, passed_to="scheduler.amazonaws.com")


def _of_the_network(settings: Settings) -> Iterator[ResourceKind]:
    if settings.network.security_group_ids is None:
        yield ResourceKind("AWS::EC2::SecurityGroup", {"SecurityGroupId": (ANY_GROUP,)})
    opened = {x.security_group_id for x in settings.clusters.values() if x.ingress == "create"}
    if groups := tuple(sorted(each for each in opened if each is not None)):
        yield ResourceKind("AWS::EC2::SecurityGroupIngress", {"SecurityGroupId": groups})


def _of_notebooks(settings: Settings, stack: str, made_role: str) -> Iterator[ResourceKind]:
    notebooks = settings.resolved_notebooks
    if not notebooks:
        return
    has_key = settings.opt_outs.aws_managed_key is None or settings.kms_key_arn is not None
    values = {
        "NotebookInstanceName": (notebooks[0].name.lower(),),
        "RoleNameWithPath": tuple(sorted({each.role_arn or made_role for each in notebooks})),
        "SubnetId": tuple(sorted({each.subnet_id for each in notebooks})),
        "SecurityGroupId": tuple(settings.network.security_group_ids or (ANY_GROUP,)),
        "NetworkInterfaceId": (ANY_INTERFACE,),
        "KeyId": (settings.kms_key_arn or ANY_KEY,),
    }
    properties = frozenset({"SubnetId", "KmsKeyId"} if has_key else {"SubnetId"})
    yield ResourceKind(NOTEBOOK, values, properties, passed_to=SAGEMAKER)
    name = f"{stack.lower()}-start"
    yield ResourceKind(LIFECYCLE, {"NotebookInstanceLifecycleConfigName": (name,)})
    if scheduled := next((each for each in notebooks if each.scheduled), None):
        yield from _of_schedules(scheduled, made_role)


def _of_schedules(notebook: ResolvedNotebook, made_role: str) -> Iterator[ResourceKind]:
    name = schedule_name(notebook.key, next(iter(notebook.scheduled)))
    values = {
        "GroupName": (schedule_group_name(notebook.stack),),
        "ScheduleName": (name,),
        "RoleNameWithPath": (made_role,),
    }
    yield ResourceKind("AWS::Scheduler::ScheduleGroup", values)
    yield ResourceKind("AWS::Scheduler::Schedule", values, passed_to="scheduler.amazonaws.com")
