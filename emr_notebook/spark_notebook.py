"""Construct: one person's notebook instance and its role."""

from collections.abc import Iterable

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from emr_notebook.access import NotebookNetwork
from emr_notebook.acknowledge import acknowledge
from emr_notebook.lifecycle_configuration import LifecycleConfiguration
from emr_notebook.removal import keep_with_the_files
from emr_notebook.settings import OptOut, ResolvedNotebook, StageOptOuts

# The only platform that can still be created: Amazon Linux 2 ended on 2026-06-30.
PLATFORM = "notebook-al2023-v1"
LOG_GROUP = "/aws/sagemaker/NotebookInstances"


class SparkNotebook(Construct):
    """A SageMaker notebook instance whose PySpark kernel runs on a cluster's Spark.

    Its subnet, security groups, key and name are fixed at birth: CloudFormation replaces the
    instance, and its files, when one of them changes. The old one is then kept, unless the stage
    opts out of that.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        notebook: ResolvedNotebook,
        lifecycle: LifecycleConfiguration,
        network: NotebookNetwork,
        volume_key_arn: str | None,
        stage_opt_outs: StageOptOuts,
    ) -> None:
        super().__init__(scope, construct_id)
        self._notebook = notebook
        outs = notebook.opt_outs
        self._instance = sagemaker.CfnNotebookInstance(
            self,
            "Instance",
            notebook_instance_name=notebook.name,
            instance_type=notebook.instance_type,
            role_arn=notebook.role_arn or self._made_role().role_arn,
            subnet_id=network.subnet_id,
            security_group_ids=network.security_group_ids,
            kms_key_id=volume_key_arn,
            volume_size_in_gb=notebook.volume_size_in_gb,
            lifecycle_config_name=lifecycle.name,
            platform_identifier=PLATFORM,
            direct_internet_access="Disabled" if outs.direct_internet_access is None else "Enabled",
            root_access="Disabled" if outs.root_access is None else "Enabled",
            instance_metadata_service_configuration=sagemaker.CfnNotebookInstance.InstanceMetadataServiceConfigurationProperty(
                minimum_instance_metadata_service_version="2"
            ),
        )
        keep_with_the_files(self, stage_opt_outs)
        self._give_reasons_for([*stage_opt_outs, *notebook.opt_outs])
        if notebook.owner is not None:
            cdk.Tags.of(self._instance).add("Owner", notebook.owner)
        self._say_where_it_is()

    def _give_reasons_for(self, opt_outs: Iterable[tuple[str, OptOut | None]]) -> None:
        """Keep the reasons where an auditor looks: in the template, and with the findings."""
        reasons = {name: out.because for name, out in opt_outs if out is not None}
        if reasons:
            self._instance.add_metadata("OptOuts", reasons)
        findings = {"aws_managed_key": "SM2", "direct_internet_access": "SM3"}
        acknowledge(
            self._instance,
            {
                f"AwsSolutions-{rule}": reasons[name]
                for name, rule in findings.items()
                if name in reasons
            },
        )

    def _made_role(self) -> iam.Role:
        """A role that may write its own log and nothing else: data access belongs to EMR."""
        role = iam.Role(
            self,
            "Role",
            description=f"Notebook {self._notebook.name}",
            assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"),
        )
        group = cdk.Stack.of(self).format_arn(
            service="logs",
            resource="log-group",
            resource_name=LOG_GROUP,
            arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
        )
        streams = f"{group}:log-stream:{self._notebook.name}/*"
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[streams]
            )
        )
        acknowledge(
            role,
            {
                f"AwsSolutions-IAM5[Resource::{cdk.Stack.of(self).resolve(streams)}]": "SageMaker "
                "names a notebook's log streams <notebook>/<hook>: the prefix is this one's own."
            },
        )
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["logs:CreateLogGroup", "logs:DescribeLogStreams"],
                # IAM is asked about the group under either of these names.
                resources=[group, f"{group}:log-stream:"],
            )
        )
        return role

    def _say_where_it_is(self) -> None:
        stack = cdk.Stack.of(self)
        name = self._instance.attr_notebook_instance_name
        console = f"https://{stack.region}.console.aws.amazon.com/sagemaker/home"
        cdk.CfnOutput(self, "Name", value=name)
        cdk.CfnOutput(
            self,
            "Console",
            value=f"{console}?region={stack.region}#/notebook-instances/{name}",
        )
