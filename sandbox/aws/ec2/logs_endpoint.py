"""Makes what a private VPC has so that its notebooks' start logs leave it."""

from sandbox.aws.launcher import RunningAws
from sandbox.environment import REGION


def put_logs_endpoint(aws: RunningAws, *, vpc_id: str, vpc_cidr: str, subnet_id: str) -> None:
    """Let the VPC resolve names, and give the subnet an endpoint of CloudWatch Logs."""
    ec2 = aws.client("ec2")
    ec2.modify_vpc_attribute(VpcId=vpc_id, EnableDnsHostnames={"Value": True})
    group = ec2.create_security_group(
        GroupName="vpc-endpoints", Description="HTTPS from the VPC", VpcId=vpc_id
    )["GroupId"]
    ec2.authorize_security_group_ingress(
        GroupId=group, IpProtocol="tcp", FromPort=443, ToPort=443, CidrIp=vpc_cidr
    )
    ec2.create_vpc_endpoint(
        VpcId=vpc_id,
        ServiceName=f"com.amazonaws.{REGION}.logs",
        VpcEndpointType="Interface",
        SubnetIds=[subnet_id],
        SecurityGroupIds=[group],
        PrivateDnsEnabled=True,
    )
