"""Makes one person's notebook instance and its role."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from emr_notebook.checks.nag import acknowledge, aws_policy_rule
from emr_notebook.constructs.agent import Agent
from emr_notebook.constructs.lifecycle_configuration import LifecycleConfiguration
from emr_notebook.constructs.network import NotebookNetwork
from emr_notebook.constructs.notebook_role import NotebookRoles
from emr_notebook.constructs.replacement_guard import PLATFORM, ReplacementGuard, internet_access
from emr_notebook.constructs.retention import retain_with_notebook
from emr_notebook.names import NAME_TAG, OWNER_TAG, STACK_TAG
from emr_notebook.settings.model import StageOptOuts
from emr_notebook.settings.notebook import ResolvedNotebook

REQUIRE_IMDSV2 = sagemaker.CfnNotebookInstance.InstanceMetadataServiceConfigurationProperty(
    minimum_instance_metadata_service_version="2"
)

OF_THE_SETTINGS = "The settings give the notebook's role this policy, in managed_policy_arns."
# The rules that ask for what an opt-out gives up.
OPT_OUT_RULES = {
    "aws_managed_key": (
        "AwsSolutions-SM2",
        "NIST.800.53.R5-SageMakerNotebookInstanceKMSKeyConfigured",
    ),
    "direct_internet_access": (
        "AwsSolutions-SM3",
        "NIST.800.53.R5-SageMakerNotebookNoDirectInternetAccess",
    ),
}


class SparkNotebook(Construct):
    """A SageMaker notebook instance whose PySpark kernel runs on a cluster's Spark.

    CloudFormation replaces the instance, and its files, when an immutable property changes. The
    old one is then kept, unless the stage opts out of that; see replacement_guard.
    Resources and properties are few and plain: a stack holds hundreds of these.
    `settings` is what it was made of; `name` and `arn` are those that it has when it is deployed.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        notebook: ResolvedNotebook,
        lifecycle: LifecycleConfiguration,
        network: NotebookNetwork,
        roles: NotebookRoles,
        volume_key_arn: str | None,
        stage_opt_outs: StageOptOuts,
        guard: ReplacementGuard,
    ) -> None:
        super().__init__(scope, construct_id)
        self.settings = notebook
        opt_outs = notebook.opt_outs
        first_repository = notebook.default_code_repository
        repositories = [each.reference for each in notebook.additional_code_repositories]
        role_arn = notebook.role_arn or self._create_role(
            notebook, roles, lifecycle.agent, stage_opt_outs
        )
        self.made_role_arn = role_arn if notebook.role_arn is None else None
        self._instance = sagemaker.CfnNotebookInstance(
            self,
            "Instance",
            notebook_instance_name=notebook.name,
            instance_type=notebook.instance_type,
            role_arn=role_arn,
            subnet_id=notebook.subnet_id,
            security_group_ids=network.security_group_ids,
            kms_key_id=volume_key_arn,
            volume_size_in_gb=notebook.volume_size_in_gb,
            lifecycle_config_name=lifecycle.name,
            default_code_repository=first_repository.reference if first_repository else None,
            additional_code_repositories=repositories or None,
            platform_identifier=PLATFORM,
            direct_internet_access=internet_access(opt_outs),
            root_access="Disabled" if opt_outs.root_access is None else "Enabled",
            instance_metadata_service_configuration=REQUIRE_IMDSV2,
            tags=[cdk.CfnTag(key=key, value=value) for key, value in _tags(notebook).items()],
        )
        self.name, self.arn = self._instance.attr_notebook_instance_name, self._instance.ref
        retain_with_notebook(self._instance, stage_opt_outs)
        # An update that leaves the lifecycle configuration as it is waits for the guard, too.
        self._instance.add_resource_dependency(guard.resource)
        self._record_opt_outs(notebook, stage_opt_outs)

    def _create_role(
        self,
        notebook: ResolvedNotebook,
        roles: NotebookRoles,
        agent: Agent,
        stage_opt_outs: StageOptOuts,
    ) -> str:
        own = roles.policy_arns_for(notebook, agent)
        role = iam.CfnRole(
            self,
            "Role",
            assume_role_policy_document=roles.trust,
            managed_policy_arns=[*own, *notebook.managed_policy_arns],
            tags=[cdk.CfnTag(key=NAME_TAG, value=notebook.name)],
        )
        retain_with_notebook(role, stage_opt_outs)
        of_aws = [arn for arn in notebook.managed_policy_arns if ":iam::aws:" in arn]
        acknowledge(role, {aws_policy_rule(arn): OF_THE_SETTINGS for arn in of_aws})
        return role.attr_arn

    def _record_opt_outs(self, notebook: ResolvedNotebook, stage_opt_outs: StageOptOuts) -> None:
        """Keep the reasons where an auditor looks: in the template, and with the findings."""
        opt_outs = [*stage_opt_outs, *notebook.opt_outs]
        reasons = {name: out.because for name, out in opt_outs if out is not None}
        if notebook.hook is not None and notebook.hook.because is not None:
            reasons["start_hook"] = notebook.hook.because
        if not reasons:
            return
        self._instance.add_metadata("OptOuts", reasons)
        acknowledge(
            self._instance,
            {
                rule: reasons[name]
                for name, rules in OPT_OUT_RULES.items()
                if name in reasons
                for rule in rules
            },
        )


def _tags(notebook: ResolvedNotebook) -> dict[str, str]:
    owner = {} if notebook.owner is None else {OWNER_TAG: notebook.owner}
    # By which its role may stop it.
    stops = {} if notebook.idle_minutes is None else {NAME_TAG: notebook.name}
    return {**notebook.tags, **owner, **stops, STACK_TAG: notebook.stack}
