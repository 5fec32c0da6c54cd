"""Makes the resolver Lambda, and a custom resource for each cluster."""

from collections.abc import Mapping
from pathlib import Path
from typing import cast

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from aws_cdk import custom_resources as cr
from constructs import Construct

from emr_notebook.checks.nag import acknowledge, wildcard_rule
from emr_notebook.constructs.followed_names import FollowedNames
from emr_notebook.constructs.iam import LambdaRole, allow, lambda_role
from emr_notebook.constructs.resolver_request import (
    ANY_CLUSTER,
    THIS_STACK,
    THIS_ZONE,
    grants,
    properties,
    record_grants,
)
from emr_notebook.settings.cluster import Cluster

LAMBDA_ASSETS = Path(__file__).parents[2] / "assets" / "lambda"
# Lambda's own limit. The resolver gives up before it, in words.
RESOLVER_TIMEOUT = cdk.Duration.minutes(15)
# Lambda's least. The longest look-up peaks at 52 MiB (`make bench`, resolver_memory), which leaves
# the rest for Lambda's own runtime. More memory would only buy a faster processor.
RESOLVER_MEMORY_MIB = 128
# By their names in the settings, which are Lambda's own.
ARCHITECTURES = {
    each.name: each for each in (lambda_.Architecture.ARM_64, lambda_.Architecture.X86_64)
}

OUTSIDE_VPC_REASON = (
    "It talks to AWS's public endpoints alone, never to a cluster; inside the VPC it would need "
    "a way out, or endpoints, that the notebooks do without."
)
NO_QUEUE_REASON = (
    "CloudFormation waits for the answer and reports one that fails or never comes; a queue would "
    "keep a request that has been given up."
)
NO_RESERVATION_REASON = (
    "Only a deploy calls it, a few times; a reservation is taken from the account's pool, and "
    "cannot be made where the pool is small."
)
QUEUE_RULES = ("CKV_AWS_116", "NIST.800.53.R5-LambdaDLQ")
# What checkov and NIST 800-53 ask of every Lambda, and why it is not done here.
LAMBDA_ACKNOWLEDGEMENTS = {
    "CKV_AWS_115": NO_RESERVATION_REASON,
    "CKV_AWS_116": NO_QUEUE_REASON,
    "CKV_AWS_117": OUTSIDE_VPC_REASON,
    "NIST.800.53.R5-LambdaConcurrency": NO_RESERVATION_REASON,
    "NIST.800.53.R5-LambdaDLQ": NO_QUEUE_REASON,
    "NIST.800.53.R5-LambdaInsideVPC": OUTSIDE_VPC_REASON,
}


class EndpointResolver(Construct):
    """The Lambda that looks clusters up: one for a whole stack.

    It runs outside the VPC: CloudFormation, EMR and Route 53 are reached by their public endpoints,
    and it never talks to a cluster itself. It may read the clusters of the settings, write the
    records of `names`, and nothing else.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        clusters: Mapping[str, Cluster],
        architecture: str,
        names: FollowedNames | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self._names = names
        self.record_removal: cdk.CfnResource | None = None
        handler = self.function = self._handler(clusters, ARCHITECTURES[architecture])
        # The framework would ask for every version and alias, too.
        call = allow(["lambda:InvokeFunction", "lambda:GetFunction"], [handler.function_arn])
        framework = lambda_role(
            self,
            "Framework",
            description="Calls the resolver and answers CloudFormation",
            statements=[call],
        )
        self._provider = cr.Provider(
            self,
            "Provider",
            on_event_handler=handler,
            framework_on_event_role=framework.role,
            log_group=framework.log_group,
        )
        function = self._provider.node.find_child("framework-onEvent")
        # CDK's own names the place in the app, which differs between a laptop and the pipeline.
        cast("cdk.CfnResource", function.node.default_child).add_property_override(
            "Description", "Answers CloudFormation for the resolver and the replacement guard"
        )
        acknowledge(
            function,
            {
                **LAMBDA_ACKNOWLEDGEMENTS,
                "CKV_AWS_173": "Its one variable is the resolver's ARN, which is no secret; "
                "Lambda encrypts it with a key of its own.",
            },
        )

    @property
    def service_token(self) -> str:
        """What a custom resource names as its provider."""
        return self._provider.service_token

    def _handler(
        self, clusters: Mapping[str, Cluster], architecture: lambda_.Architecture
    ) -> lambda_.Function:
        role = self._role(clusters)
        if self._names is not None:
            self.record_removal = self._names.let_remove_records(role.role)
        handler = lambda_.Function(
            self,
            "Function",
            description="Looks up the Livy endpoint of an EMR cluster",
            code=lambda_.Code.from_asset(str(LAMBDA_ASSETS), exclude=["**/__pycache__", "*.pyc"]),
            handler="cluster_endpoint.handler.on_event",
            runtime=lambda_.Runtime.PYTHON_3_14,
            architecture=architecture,
            memory_size=RESOLVER_MEMORY_MIB,
            timeout=RESOLVER_TIMEOUT,
            role=role.role,
            log_group=role.log_group,
            # Of what an event or the schedule asked for: a deploy waits for its answer itself.
            dead_letter_queue=None if self._names is None else self._names.failures,
        )
        accepted = dict(LAMBDA_ACKNOWLEDGEMENTS)
        if self._names is not None:
            for rule in QUEUE_RULES:
                del accepted[rule]
        acknowledge(handler, accepted)
        return handler

    def _role(self, clusters: Mapping[str, Cluster]) -> LambdaRole:
        """What the settings' clusters need looked up, and no more."""
        names = self._names
        needed = grants(clusters.values())
        if names is not None:
            needed += record_grants(names.records.values(), checks_zone=names.checks_zone)
        wanted = [
            (grant, [self._arn(resource) for resource in grant.resources]) for grant in needed
        ]
        made = lambda_role(
            self,
            "",
            description="Reads the clusters that notebooks use",
            statements=[
                *(allow(grant.actions, arns, dict(grant.conditions)) for grant, arns in wanted),
                *(self._names.sending() if self._names is not None else ()),
            ],
        )
        stack = cdk.Stack.of(self)
        acknowledge(
            self,
            {
                wildcard_rule(stack, arn): grant.because
                for grant, arns in wanted
                for arn in arns
                if "*" in arn
            },
        )
        return made

    def _arn(self, resource: str) -> str:
        stack = cdk.Stack.of(self)
        if resource == THIS_STACK:
            return stack.stack_id
        if resource == THIS_ZONE and self._names is not None:
            return self._names.zone_arn
        if resource == "*":
            return resource
        name = "*" if resource == ANY_CLUSTER else resource
        return stack.format_arn(service="elasticmapreduce", resource="cluster", resource_name=name)


class ClusterEndpoint(Construct):
    """Where a cluster's Livy answers, as the deploy found it.

    It is looked up again when the cluster's settings change, or `refresh` does. `opened_port` is
    the port that the stack's security group rules open, None when it makes none for the cluster.
    `session_fields` are those of its notebooks' Livy sessions that not every Livy takes;
    `has_proxy_user` says whether one of them is to run in a user's name.
    `record_name` is the DNS name of a cluster that is followed, None for one that is not.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        key: str,
        cluster: Cluster,
        resolver: EndpointResolver,
        opened_port: int | None,
        session_fields: tuple[str, ...],
        has_proxy_user: bool,
        refresh: str,
        record_name: str | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self._resource = cdk.CustomResource(
            self,
            "Endpoint",
            resource_type="Custom::ClusterEndpoint",
            service_token=resolver.service_token,
            service_timeout=RESOLVER_TIMEOUT,
            properties=properties(
                key,
                cluster,
                opened_port=opened_port,
                session_fields=session_fields,
                has_proxy_user=has_proxy_user,
                refresh=refresh,
                record_name=record_name,
            ),
        )
        self.livy_url = self._resource.get_att_string("LivyUrl")
        # What notebooks use; livy_url serves when the followed name in it does not resolve.
        self.notebook_url = self.livy_url
        self.record_name = record_name
        if record_name is not None:
            self.notebook_url = self._resource.get_att_string("NotebookUrl")
        self.cluster_id = self._resource.get_att_string("ClusterId")
        self.release_label = self._resource.get_att_string("ReleaseLabel")
        self.spark_version = self._resource.get_att_string("SparkVersion")
        self.livy_version = self._resource.get_att_string("LivyVersion")
        # No more than these: CloudFormation takes 200 outputs a stack. `Value` has the others.
        for name in ("LivyUrl", "State"):
            self._output(name)
        # The resolver reads this output of the deploy before, to answer a rollback with it. Its
        # name stays: in a rollback, it is asked of the stack that a former version deployed.
        last_value = cdk.Stack.of(self).get_logical_id(self._output("Value"))
        resource = cast("cdk.CfnResource", self._resource.node.default_child)
        resource.add_property_override("LastValueOutput", last_value)

    def _output(self, name: str) -> cdk.CfnOutput:
        return cdk.CfnOutput(self, name, value=self._resource.get_att_string(name))
