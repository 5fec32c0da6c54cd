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
from emr_notebook.resolver_request import ANY_CLUSTER, THIS_STACK, grants, properties
from emr_notebook.settings import Cluster

LAMBDA_ASSETS = Path(__file__).parent.parent / "assets" / "lambda"

# Lambda's own limit. The resolver gives up before it, in words.
RESOLVER_TIMEOUT = cdk.Duration.minutes(15)
# Lambda's least. The longest look-up peaks at 52 MiB (`make bench`, resolver_memory), which leaves
# the rest for Lambda's own runtime. More memory would only buy a faster processor.
RESOLVER_MEMORY_MIB = 128


class EndpointResolver(Construct):
    """The Lambda that looks clusters up at deploy time: one for a whole stack.

    It runs outside the VPC: CloudFormation and EMR are reached by their public endpoints, and it
    never talks to a cluster itself. It may read the clusters of the settings and nothing else.
    """

    def __init__(self, scope: Construct, construct_id: str, *, clusters: Mapping[str, Cluster]):
        super().__init__(scope, construct_id)
        role, log_group = self._logging_role("", "Reads the clusters that notebooks use")
        self._grant(role, clusters)
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

    def _grant(self, role: iam.Role, clusters: Mapping[str, Cluster]) -> None:
        """What the settings' clusters need looked up, and no more."""
        for grant in grants(clusters.values()):
            resources = [self._arn(resource) for resource in grant.resources]
            role.add_to_policy(
                iam.PolicyStatement(
                    actions=list(grant.actions),
                    resources=resources,
                    conditions=dict(grant.conditions) or None,
                )
            )
            stack = cdk.Stack.of(self)
            acknowledge(
                role,
                {
                    f"AwsSolutions-IAM5[Resource::{stack.resolve(arn)}]": grant.because
                    for arn in resources
                    if "*" in arn
                },
            )

    def _arn(self, resource: str) -> str:
        stack = cdk.Stack.of(self)
        if resource == THIS_STACK:
            return stack.stack_id
        if resource == "*":
            return resource
        name = "*" if resource == ANY_CLUSTER else resource
        return stack.format_arn(service="elasticmapreduce", resource="cluster", resource_name=name)


class ClusterEndpoint(Construct):
    """Where a cluster's Livy answers, as the deploy found it.

    It is looked up again when the cluster's settings change, or `refresh` does. `opened_port` is
    the port that the stack's security group rules open, None when it makes none for the cluster.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        key: str,
        cluster: Cluster,
        by: EndpointResolver,
        opened_port: int | None,
        refresh: str,
    ) -> None:
        super().__init__(scope, construct_id)
        self._resource = cdk.CustomResource(
            self,
            "Endpoint",
            resource_type="Custom::ClusterEndpoint",
            service_token=by.service_token,
            service_timeout=RESOLVER_TIMEOUT,
            properties=properties(key, cluster, opened_port=opened_port, refresh=refresh),
        )
        self.livy_url = self._resource.get_att_string("LivyUrl")
        self.cluster_id = self._resource.get_att_string("ClusterId")
        self.release_label = self._resource.get_att_string("ReleaseLabel")
        self.spark_version = self._resource.get_att_string("SparkVersion")
        self.livy_version = self._resource.get_att_string("LivyVersion")
        for name in ("LivyUrl", "ClusterId", "ReleaseLabel", "State"):
            self._output(name)
        # The resolver reads this output of the deploy before, to answer a rollback with it.
        last_value = cdk.Stack.of(self).get_logical_id(self._output("Value"))
        resource = cast("cdk.CfnResource", self._resource.node.default_child)
        resource.add_property_override("LastValueOutput", last_value)

    def _output(self, name: str) -> cdk.CfnOutput:
        return cdk.CfnOutput(self, name, value=self._resource.get_att_string(name))
