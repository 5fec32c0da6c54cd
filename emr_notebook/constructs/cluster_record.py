"""Makes the DNS record that follows one cluster, and what has it looked at again."""

import json
from collections.abc import Mapping
from typing import cast

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from emr_notebook.constructs.cluster_endpoint import RESOLVER_TIMEOUT, EndpointResolver
from emr_notebook.constructs.followed_names import EVENTS, FollowedNames
from emr_notebook.constructs.iam import allow
from emr_notebook.constructs.resolver_request import properties
from emr_notebook.settings.cluster import Cluster
from emr_notebook.settings.model import Settings

# EMR's events are best effort.
FOLLOW_EVERY = "rate(5 minutes)"
# States that make a cluster usable, or end it.
NOTABLE_STATES = ("RUNNING", "TERMINATED", "TERMINATED_WITH_ERRORS", "TERMINATING", "WAITING")


class ScheduleRole(Construct):
    """The role with which EventBridge Scheduler calls the resolver."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        resolver: EndpointResolver,
        names: FollowedNames,
    ) -> None:
        super().__init__(scope, construct_id)
        call = allow(["lambda:InvokeFunction"], [resolver.function.function_arn])
        policy = iam.ManagedPolicy(
            self,
            "Policy",
            description="Has the clusters that notebooks use looked at",
            statements=[iam.PolicyStatement.from_json(each) for each in (call, *names.sending())],
        )
        stack = cdk.Stack.of(self)
        # EventBridge Scheduler's user guide, "Confused deputy prevention": the group's ARN.
        group = stack.format_arn(
            service="scheduler", resource="schedule-group", resource_name="default"
        )
        account = {"aws:SourceAccount": stack.account, "aws:SourceArn": group}
        self.arn = iam.Role(
            self,
            "Role",
            description="Has the clusters that notebooks use looked at",
            assumed_by=iam.ServicePrincipal(
                "scheduler.amazonaws.com", conditions={"StringEquals": account}
            ),
            managed_policies=[policy],
        ).role_arn


class ClusterRecord(Construct):
    """The DNS name of one followed cluster.

    The resolver writes it at every deploy that changes it, at each of EMR's events that may be
    about the cluster, and every five minutes. `wait_minutes` is for how long a deploy waits for a
    cluster that is still starting; `livy_url` is what the notebooks of this stack use, None when it
    has none that use the cluster.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        key: str,
        settings: Settings,
        names: FollowedNames,
        resolver: EndpointResolver,
        role: ScheduleRole,
        opened_port: int | None,
        wait_minutes: int,
        livy_url: str | None,
        refresh: str,
    ) -> None:
        super().__init__(scope, construct_id)
        cluster = settings.clusters[key].model_copy(update={"wait_minutes": wait_minutes})
        request = {
            **properties(
                key,
                cluster,
                opened_port=opened_port,
                refresh="",
                record_name=names.records[key],
            ),
            "ZoneId": names.zone_id,
            "Owner": settings.home_stack_name(),
        }
        zone = (
            {"VpcId": settings.network.vpc_id, "ZoneName": settings.zone_name}
            if names.checks_zone
            else {}
        )
        record = cdk.CustomResource(
            self,
            "Record",
            resource_type="Custom::ClusterRecord",
            service_token=resolver.service_token,
            service_timeout=RESOLVER_TIMEOUT,
            properties={**request, **zone, **({"Refresh": refresh} if refresh else {})},
        )
        self.resource = cast("cdk.CfnResource", record.node.default_child)
        if resolver.record_removal is not None:
            self.resource.add_resource_dependency(resolver.record_removal)
        hint = _hint(request if livy_url is None else {**request, "LivyUrl": livy_url})
        rule = self._rule(cluster, resolver, names, hint)
        self.rule_arn = rule.attr_arn
        schedule = self._schedule(resolver, names, role, hint)
        # Made after it and deleted before it, or they would make a deleted record again.
        for each in (rule, schedule):
            each.node.add_dependency(record)

    def _rule(
        self,
        cluster: Cluster,
        resolver: EndpointResolver,
        names: FollowedNames,
        hint: str,
    ) -> events.CfnRule:
        # An event has neither tags nor, in advance, the id of a cluster yet to come.
        detail = {"clusterId": cluster.id, "name": cluster.name}
        function, queue = resolver.function.function_arn, names.failures.queue_arn
        rule = events.CfnRule(
            self,
            "Changes",
            description="Has a cluster that notebooks use looked at when EMR says that one changed",
            event_pattern={
                "source": ["aws.emr"],
                "detail-type": ["EMR Cluster State Change"],
                "detail": {
                    "state": list(NOTABLE_STATES),
                    **{name: [value] for name, value in detail.items() if value is not None},
                },
            },
            targets=[
                events.CfnRule.TargetProperty(
                    arn=function,
                    id="Resolver",
                    # The event itself is a hint, which the resolver does not read.
                    input=hint,
                    dead_letter_config=events.CfnRule.DeadLetterConfigProperty(arn=queue),
                )
            ],
        )
        lambda_.CfnPermission(
            self,
            "Call",
            action="lambda:InvokeFunction",
            function_name=function,
            principal=EVENTS,
            source_arn=rule.attr_arn,
        )
        return rule

    def _schedule(
        self,
        resolver: EndpointResolver,
        names: FollowedNames,
        role: ScheduleRole,
        hint: str,
    ) -> scheduler.CfnSchedule:
        return scheduler.CfnSchedule(
            self,
            "Schedule",
            description="Has a cluster that notebooks use looked at: events are best effort",
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
            schedule_expression=FOLLOW_EVERY,
            target=scheduler.CfnSchedule.TargetProperty(
                arn=resolver.function.function_arn,
                role_arn=role.arn,
                input=hint,
                dead_letter_config=scheduler.CfnSchedule.DeadLetterConfigProperty(
                    arn=names.failures.queue_arn
                ),
                # The next one comes soon enough.
                retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(maximum_retry_attempts=1),
            ),
        )


def _hint(request: Mapping[str, str]) -> str:
    """The input of rule and schedule: the record's own properties, as JSON.

    Each stands under its own name in the template, where a plain one puts parameters in their
    places.
    """
    body = ",".join(f'"{name}":"${{{name}}}"' for name in request)
    values = {
        # As JSON has them; what is not known yet needs no escapes.
        name: value if cdk.Token.is_unresolved(value) else json.dumps(value)[1:-1]
        for name, value in request.items()
    }
    return cdk.Fn.sub(f'{{"Follow":{{{body}}}}}', values)
