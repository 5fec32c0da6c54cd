"""Makes the schedules that start and stop a stack's notebooks, and the one role of them all."""

from collections.abc import Iterator, Sequence

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from emr_notebook.checks.nag import acknowledge, wildcard_rule
from emr_notebook.constructs.iam import allow, split_into_policies
from emr_notebook.constructs.network import NotebookNetwork
from emr_notebook.constructs.notebook import SparkNotebook
from emr_notebook.constructs.owner_permissions import DESCRIBE_NETWORK
from emr_notebook.constructs.start_permissions import Statement, starting, wildcard_reasons
from emr_notebook.names import schedule_group_name, schedule_name
from emr_notebook.settings.schedule import Action, WeeklyTime

DESCRIPTION = "Starts and stops SageMaker notebooks at their times"
# A stop of a notebook that is stopped already fails, too. Tried again for a day, as without this,
# it would stop the notebook after somebody has started it.
RETRIES = scheduler.CfnSchedule.RetryPolicyProperty(
    maximum_retry_attempts=3, maximum_event_age_in_seconds=300
)
# arn:aws-us-gov:sagemaker:us-gov-west-1:111122223333:notebook-instance/ and 63 characters, in
# quotes: the reference in its place says nothing of that.
ARN_CHARACTERS = 140
# As many as fit into a policy of IAM's, with what stands around them.
NOTEBOOKS_PER_STATEMENT = 40


class NotebookSchedules(Construct):
    """A schedule for each start and each stop, in one group; they call SageMaker by themselves.

    The role is theirs alone, and may do to a notebook what its schedules do, with all that
    SageMaker asks of whoever starts one. That schedules are made, changed or removed starts and
    stops nothing.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        notebooks: Sequence[SparkNotebook],
        network: NotebookNetwork,
        volume_key_arn: str | None,
    ) -> None:
        super().__init__(scope, construct_id)
        self._stack = cdk.Stack.of(self)
        name = schedule_group_name(self._stack.stack_name)
        # A plain template is deployed under other names, too.
        own = cdk.Aws.STACK_NAME if name == self._stack.stack_name else name
        self._group = scheduler.CfnScheduleGroup(self, "Group", name=own)
        started = [each for each in notebooks if Action.START in each.settings.scheduled]
        self._role = self._create_role(
            [
                *_calling(notebooks),
                *(self._starting(started, network, volume_key_arn) if started else ()),
            ]
        )
        for notebook in notebooks:
            for action, time in notebook.settings.scheduled.items():
                self._add(notebook, action, time)

    def _add(self, notebook: SparkNotebook, action: Action, time: WeeklyTime) -> None:
        name = schedule_name(notebook.settings.key, action)
        scheduler.CfnSchedule(
            self,
            name,
            name=name,
            group_name=self._group.ref,
            schedule_expression=time.expression,
            schedule_expression_timezone=time.timezone,
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
            target=scheduler.CfnSchedule.TargetProperty(
                arn=f"arn:{self._stack.partition}:scheduler:::aws-sdk:sagemaker:"
                f"{action}NotebookInstance",
                input=self._stack.to_json_string({"NotebookInstanceName": notebook.name}),
                role_arn=self._role.role_arn,
                retry_policy=RETRIES,
            ),
        )

    def _create_role(self, statements: Sequence[Statement]) -> iam.IRole:
        documents = split_into_policies(statements, resource_characters=ARN_CHARACTERS)
        policies = [
            iam.ManagedPolicy(
                self,
                f"Policy{number or ''}",
                description=DESCRIPTION,
                statements=[iam.PolicyStatement.from_json(each) for each in held],
            )
            for number, held in enumerate(documents)
        ]
        self._accept_wildcards(statements)
        # EventBridge Scheduler's user guide, "Confused deputy prevention": the group's ARN.
        for_this_group = {
            "aws:SourceArn": self._group.attr_arn,
            "aws:SourceAccount": self._stack.account,
        }
        role = iam.Role(
            self,
            "Role",
            description=DESCRIPTION,
            assumed_by=iam.ServicePrincipal(
                "scheduler.amazonaws.com", conditions={"StringEquals": for_this_group}
            ),
            managed_policies=policies,
        )
        return role.without_policy_updates()

    def _starting(
        self, notebooks: Sequence[SparkNotebook], network: NotebookNetwork, key_arn: str | None
    ) -> list[Statement]:
        made = [each.made_role_arn for each in notebooks if each.made_role_arn is not None]
        statements = starting(
            self._stack,
            [each.settings for each in notebooks],
            made_role_arn=next(iter(made), None),
            security_group_ids=network.security_group_ids,
            volume_key_arn=key_arn,
            who=None,
        )
        return [allow(DESCRIBE_NETWORK, ["*"]), *statements]

    def _accept_wildcards(self, statements: Sequence[Statement]) -> None:
        describing = {
            wildcard_rule(self._stack, "*"): "IAM knows no resource for describing these."
        }
        acknowledge(self, {**describing, **wildcard_reasons(self._stack, statements, {})})


def _calling(notebooks: Sequence[SparkNotebook]) -> Iterator[Statement]:
    """Start those that are started, and stop those that are stopped, by their ARNs."""
    for actions in ({Action.START}, {Action.STOP}, {Action.START, Action.STOP}):
        arns = [each.arn for each in notebooks if set(each.settings.scheduled) == actions]
        allowed = [f"sagemaker:{each.title()}NotebookInstance" for each in sorted(actions)]
        for first in range(0, len(arns), NOTEBOOKS_PER_STATEMENT):
            yield allow(allowed, arns[first : first + NOTEBOOKS_PER_STATEMENT])
