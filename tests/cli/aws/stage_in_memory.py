"""Answers `status` and `verify` from memory, for a stage's notebooks, logs, tags and clusters."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cluster_endpoint.aws import OPERATIONS
from emr_notebook.cli.aws.start_log import STREAM
from emr_notebook.cli.next_commands import Commands
from emr_notebook.constructs import start_script
from emr_notebook.names import LOG_GROUP, OWNER_TAG, STACK_TAG
from emr_notebook.settings.file import parse
from emr_notebook.settings.model import Settings
from tests.assets.cluster_endpoint.emr_api import Api
from tests.assets.cluster_endpoint.emr_records import ACCOUNT, CREATED, REGION, refused
from tests.cli.aws_in_memory import AwsInMemory, Fields
from tests.conftest import stage

STACK = "emr-notebooks-test"
ALICE = f"{STACK}-alice"
# Where the cluster of emr_records has its Livy.
LIVE = "http://10.0.0.5:8998"
OLD = "http://10.0.0.9:8998"
VERSION, OLD_VERSION = "0a1b2c3d", "99999999"
# A Friday's noon, and a schedule that has a stop left on it.
NOW = datetime(2026, 7, 3, 12, tzinfo=UTC)
NIGHTS = {"start": "08:00", "stop": "19:30", "days": "mon-fri", "timezone": "Europe/Berlin"}
START_AT_8 = "cron(0 8 ? * MON,TUE,WED,THU,FRI *)"
STOP_AT_1930 = "cron(30 19 ? * MON,TUE,WED,THU,FRI *)"
COMMANDS = Commands("test", REGION, has_several_stacks=False)


def settings(*keys: str, **first: Any) -> Settings:
    """A stage with these notebooks, or alice; more of the first one's settings may be given."""
    notebooks = {key: {"cluster": "analytics"} for key in keys or ("alice",)}
    notebooks[next(iter(notebooks))] |= first
    return parse(stage(lambda data: data.update(notebooks=notebooks)))


def script(livy_url: str = LIVE, version: str = VERSION, fallback: str = "") -> str:
    """A start script as SageMaker holds it."""
    header = {"CLUSTER": "analytics", "LIVY_URL": livy_url, "SCRIPT_VERSION": version}
    header |= {"LIVY_FALLBACK": fallback} if fallback else {}
    return start_script.content(start_script.script_lines(header, "LIVY_URL='not this'\ntrue\n"))


def report(
    *more: str, state: str = "ok", livy_url: str = LIVE, version: str = VERSION
) -> list[str]:
    """The lines of a start script's report."""
    return [
        f"state: {state}",
        "time: 2026-11-25T04:00:00Z",
        "cluster: analytics",
        f"livy_url: {livy_url}",
        f"script: {version}",
        "check: ok",
        *more,
    ]


@dataclass
class NotebookWorld(AwsInMemory):
    """A region with notebooks by name, lifecycle configurations, logs and EMR clusters."""

    notebooks: dict[str, Fields] = field(default_factory=dict)
    scripts: dict[str, str] = field(default_factory=lambda: {"start": script()})
    logs: dict[str, list[str]] = field(default_factory=dict)
    tags: dict[str, Fields] = field(default_factory=dict)
    emr: Api = field(default_factory=Api)
    # Physical ids that the stage's stack holds; None for a stack that is not deployed.
    held: list[str] | None = None
    held_status: str = "CREATE_COMPLETE"
    schedules: dict[tuple[str, str], Fields] = field(default_factory=dict)
    page_size: int = 100

    def __post_init__(self) -> None:
        sagemaker = "sagemaker"
        self.answers |= {
            ("sts", "get_caller_identity"): lambda _: {"Account": ACCOUNT},
            (sagemaker, "list_notebook_instances"): self._list,
            (sagemaker, "describe_notebook_instance"): self._describe,
            (sagemaker, "describe_notebook_instance_lifecycle_config"): self._lifecycle,
            (sagemaker, "list_notebook_instance_lifecycle_configs"): self._lifecycles,
            ("cloudformation", "list_stack_resources"): self._held,
            ("logs", "get_log_events"): self._events,
            ("resourcegroupstaggingapi", "get_resources"): self._tagged,
            ("route53", "list_hosted_zones_by_vpc"): lambda _: {
                "HostedZoneSummaries": [],
                "MaxItems": "100",
            },
            (sagemaker, "list_tags"): lambda given: {
                "Tags": tag_list(self.tags.get(given["ResourceArn"], {}))
            },
            ("scheduler", "get_schedule"): self._schedule,
        }
        for name, operation in OPERATIONS.items():
            known = (operation.service, operation.method)
            if operation.service == "emr":
                self.answers[known] = lambda given, name=name: self.emr.answer_to(name, given, 0)  # type: ignore[misc]

    def put(
        self, name: str = ALICE, state: str = "InService", *lines: str, lifecycle: str = "start"
    ) -> None:
        """A notebook; its log ends with these lines, or with the report of a good start."""
        self.notebooks[name] = {
            "NotebookInstanceName": name,
            "NotebookInstanceArn": arn(name),
            "NotebookInstanceStatus": state,
            "NotebookInstanceLifecycleConfigName": lifecycle,
        }
        self.logs[name] = list(lines or report())

    def put_schedule(
        self, name: str, expression: str, *, zone: str = "Europe/Berlin", state: str = "ENABLED"
    ) -> None:
        """A schedule in the stack's group."""
        self.schedules[STACK, name] = {
            "ScheduleExpression": expression,
            "ScheduleExpressionTimezone": zone,
            "State": state,
        }

    def tag(self, name: str, stack: str = STACK, owner: str = "carol") -> None:
        """Tag a notebook as this app does."""
        self.tags[arn(name)] = {STACK_TAG: stack, OWNER_TAG: owner}

    def put_lifecycle(self, name: str, stack: str = STACK) -> None:
        """A lifecycle configuration with this app's tag."""
        self.scripts[name] = script()
        self.tags[arn(name, "notebook-instance-lifecycle-config")] = {STACK_TAG: stack}

    def _list(self, given: Fields) -> Fields:
        named = [each for each in self.notebooks if given.get("NameContains", "") in each]
        start, most = int(given.get("NextToken", 0)), min(given["MaxResults"], self.page_size)
        more = {"NextToken": str(start + most)} if start + most < len(named) else {}
        # What only DescribeNotebookInstance tells.
        shown = [
            {key: value for key, value in self.notebooks[each].items() if key != "FailureReason"}
            for each in named[start : start + most]
        ]
        return {"NotebookInstances": shown, **more}

    def _describe(self, given: Fields) -> Fields:
        for name, found in self.notebooks.items():
            if name.lower() == given["NotebookInstanceName"].lower():
                return found
        raise refused("ValidationException", "RecordNotFound")

    def _lifecycle(self, given: Fields) -> Fields:
        name = given["NotebookInstanceLifecycleConfigName"]
        hook = [{"Content": self.scripts[name]}]
        return {"NotebookInstanceLifecycleConfigName": name, "OnStart": hook}

    def _lifecycles(self, _: Fields) -> Fields:
        member = "NotebookInstanceLifecycleConfig"
        kind = "notebook-instance-lifecycle-config"
        named = [{f"{member}Name": x, f"{member}Arn": arn(x, kind)} for x in self.scripts]
        return {f"{member}s": named}

    def _held(self, given: Fields) -> Fields:
        if self.held is None:
            said = f"Stack with id {given['StackName']} does not exist"
            raise refused("ValidationError", said)
        named = [
            {
                "PhysicalResourceId": each,
                "LogicalResourceId": "L",
                "ResourceType": "T",
                "LastUpdatedTimestamp": CREATED,
                "ResourceStatus": self.held_status,
            }
            for each in self.held
        ]
        return {"StackResourceSummaries": named}

    def _events(self, given: Fields) -> Fields:
        assert given["logGroupName"] == LOG_GROUP
        name, _, stream = given["logStreamName"].rpartition("/")
        assert stream == STREAM
        if name not in self.logs:
            raise refused("ResourceNotFoundException", "The specified log stream does not exist.")
        at = int(CREATED.timestamp() * 1000)
        kept = self.logs[name][-given["limit"] :]
        return {"events": [{"timestamp": at, "message": line} for line in kept]}

    def _schedule(self, given: Fields) -> Fields:
        found = self.schedules.get((given["GroupName"], given["Name"]))
        if found is None:
            raise refused("ResourceNotFoundException", f"Schedule {given['Name']} does not exist.")
        return found

    def _tagged(self, given: Fields) -> Fields:
        [kind] = given["ResourceTypeFilters"]
        [wanted] = given["TagFilters"]
        assert len(wanted["Values"]) <= 20
        found = [
            {
                "ResourceARN": name,
                "Tags": tag_list(tags),
            }
            for name, tags in self.tags.items()
            if tags.get(wanted["Key"]) in wanted["Values"]
            and f"sagemaker:{name.split(':')[5].split('/')[0]}" == kind
        ]
        return {"ResourceTagMappingList": found, "PaginationToken": ""}


def tag_list(tags: Fields) -> list[Fields]:
    """Tags as AWS's answers have them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def arn(name: str, kind: str = "notebook-instance") -> str:
    """SageMaker writes names in ARNs in lower case."""
    return f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:{kind}/{name.lower()}"


def world(**first: Any) -> NotebookWorld:
    """A region in which alice runs as she was deployed."""
    made = NotebookWorld(**first)
    made.put()
    return made


def scheduled_world() -> NotebookWorld:
    """A region in which alice runs, and is started and stopped as NIGHTS says."""
    made = world()
    made.put_schedule("alice-start", START_AT_8)
    made.put_schedule("alice-stop", STOP_AT_1930)
    return made
