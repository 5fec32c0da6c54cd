"""Lists the properties that CloudFormation replaces a resource for: its createOnlyProperties."""

from collections.abc import Mapping

from emr_notebook.settings.immutable_properties import IMMUTABLE_PROPERTIES

# A test compares this with the schemas, for every type in the app's templates.
CREATE_ONLY: Mapping[str, frozenset[str]] = {
    "AWS::CloudWatch::Alarm": frozenset({"AlarmName"}),
    "AWS::EC2::SecurityGroup": frozenset({"GroupDescription", "GroupName", "VpcId"}),
    "AWS::EC2::SecurityGroupIngress": frozenset(
        {
            "CidrIp",
            "CidrIpv6",
            "FromPort",
            "GroupId",
            "GroupName",
            "IpProtocol",
            "SourcePrefixListId",
            "SourceSecurityGroupId",
            "SourceSecurityGroupName",
            "SourceSecurityGroupOwnerId",
            "ToPort",
        }
    ),
    "AWS::Events::Rule": frozenset({"EventBusName", "Name"}),
    "AWS::IAM::ManagedPolicy": frozenset({"Description", "ManagedPolicyName", "Path"}),
    "AWS::IAM::Role": frozenset({"Path", "RoleName"}),
    "AWS::KMS::Key": frozenset(),
    "AWS::Lambda::Function": frozenset(
        {"DurableConfig", "FunctionName", "PackageType", "TenancyConfig"}
    ),
    "AWS::Lambda::Permission": frozenset(
        {
            "Action",
            "EventSourceToken",
            "FunctionName",
            "FunctionUrlAuthType",
            "InvokedViaFunctionUrl",
            "Principal",
            "PrincipalOrgID",
            "SourceAccount",
            "SourceArn",
        }
    ),
    "AWS::Logs::LogGroup": frozenset({"LogGroupName"}),
    "AWS::Route53::HostedZone": frozenset({"DelegationSetId", "Name"}),
    "AWS::SNS::Topic": frozenset({"FifoTopic", "TopicName"}),
    "AWS::SNS::TopicPolicy": frozenset(),
    "AWS::SQS::Queue": frozenset({"FifoQueue", "QueueName"}),
    "AWS::SQS::QueuePolicy": frozenset(),
    "AWS::SageMaker::NotebookInstance": IMMUTABLE_PROPERTIES,
    "AWS::SageMaker::NotebookInstanceLifecycleConfig": frozenset(
        {"NotebookInstanceLifecycleConfigName"}
    ),
    "AWS::Scheduler::Schedule": frozenset({"Name"}),
    "AWS::Scheduler::ScheduleGroup": frozenset({"Name"}),
    "Custom::ClusterEndpoint": frozenset({"ServiceToken"}),
    "Custom::ClusterRecord": frozenset({"ServiceToken"}),
    "Custom::ReplacementGuard": frozenset({"ServiceToken"}),
}


def replaces(resource_type: str, changed: frozenset[str]) -> bool:
    """Whether such a resource is replaced when these properties change.

    Of a type that is not known here, any change counts: a replacement must not be overlooked.
    """
    return bool(CREATE_ONLY.get(resource_type, changed) & changed)
