"""Constructs: the resolver Lambda, and one custom resource for each cluster."""

from collections.abc import Mapping
from pathlib import Path
from typing import cast

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import custom_resources as cr
from constructs import Construct

from emr_notebook.acknowledge import acknowledge
from emr_notebook.settings import Cluster

LAMBDA_ASSETS = Path(__file__).parent.parent / "assets" / "lambda"

# Lambda's own limit. The resolver gives up before it, in words.
RESOLVER_TIMEOUT = cdk.Duration.minutes(15)
RESOLVER_MEMORY_MIB = 256


class EndpointResolver(Construct):
    """The Lambda that looks clusters up at deploy time: one for a whole stack.

    It runs outside the VPC: CloudFormation and EMR are reached by their public endpoints, and it
    never talks to a cluster itself. It may read the clusters of the settings and nothing else.
    """

    def __init__(self, scope: Construct, construct_id: str, *, clusters: Mapping[str, Cluster]):
        super().__init__(scope, construct_id)
        role, log_group = self._logging_role("", "Reads the clusters that notebooks use")
        role.add_to_policy(self._may_read(clusters))
        handler = lambda_.Function(
            self,
            "Function",
            description="Looks up the Livy endpoint of an EMR cluster",
            code=lambda_.Code.from_asset(str(LAMBDA_ASSETS), exclude=["**/__pycache__", "*.pyc"]),
            handler="cluster_endpoint.handler.on_event",
            runtime=lambda_.Runtime.PYTHON_3_14,
            architecture=lambda_.Architecture.ARM_64,
            memory_size=RESOLVER_MEMORY_MIB,
            timeout=RESOLVER_TIMEOUT,
            role=role,
            log_group=log_group,
        )
        framework_role, framework_log = self._logging_role(
            "Framework", "Calls the resolver and answers CloudFormation"
        )
        self._provider = cr.Provider(
            self,
            "Provider",
            on_event_handler=handler,
            framework_on_event_role=framework_role,
            log_group=framework_log,
        )
        function = cdk.Stack.of(self).get_logical_id(
            cast("cdk.CfnElement", handler.node.default_child)
        )
        acknowledge(
            framework_role,
            {
                f"AwsSolutions-IAM5[Resource::<{function}.Arn>:*]": "The wildcard is the version "
                "and alias of one function, this stack's resolver."
            },
        )

    @property
    def service_token(self) -> str:
        """What a custom resource names as its provider."""
        return self._provider.service_token

    def _logging_role(self, prefix: str, description: str) -> tuple[iam.Role, logs.LogGroup]:
        """A Lambda's role that may write to one log group.

        AWSLambdaBasicExecutionRole, the usual one, may write to every group of the account.
        """
        log_group = logs.LogGroup(
            self,
            f"{prefix}Log",
            retention=logs.RetentionDays.ONE_MONTH,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        role = iam.Role(
            self,
            f"{prefix}Role",
            description=description,
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
        )
        log_group.grant_write(role)
        return role, log_group

    def _may_read(self, clusters: Mapping[str, Cluster]) -> iam.PolicyStatement:
        stack = cdk.Stack.of(self)
        return iam.PolicyStatement(
            actions=["elasticmapreduce:DescribeCluster", "elasticmapreduce:ListInstances"],
            resources=[
                stack.format_arn(
                    service="elasticmapreduce", resource="cluster", resource_name=cluster_id
                )
                for cluster_id in sorted({cluster.id for cluster in clusters.values()})
            ],
        )


class ClusterEndpoint(Construct):
    """Where a cluster's Livy answers, as the deploy found it."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        key: str,
        cluster: Cluster,
        by: EndpointResolver,
    ) -> None:
        super().__init__(scope, construct_id)
        self._resource = cdk.CustomResource(
            self,
            "Endpoint",
            resource_type="Custom::ClusterEndpoint",
            service_token=by.service_token,
            service_timeout=RESOLVER_TIMEOUT,
            properties={
                "ClusterKey": key,
                "ClusterId": cluster.id,
                "WaitMinutes": cluster.wait_minutes,
            },
        )
        self.livy_url = self._resource.get_att_string("LivyUrl")
        self.cluster_id = self._resource.get_att_string("ClusterId")
        self.release_label = self._resource.get_att_string("ReleaseLabel")
        self.spark_version = self._resource.get_att_string("SparkVersion")
        self.livy_version = self._resource.get_att_string("LivyVersion")
        self._output("LivyUrl", self.livy_url)
        self._output("ClusterId", self.cluster_id)
        self._output("ReleaseLabel", self.release_label)

    def _output(self, name: str, value: str) -> None:
        cdk.CfnOutput(self, name, value=value)
