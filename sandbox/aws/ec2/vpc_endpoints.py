"""Makes what a private VPC has so that its notebooks reach the services that they need."""

from sandbox.aws.launcher import RunningAws
from sandbox.environment import REGION

# Start logs leave by the first; a notebook stops itself through the second.
INTERFACE_SERVICES = ("logs", "sagemaker.api")


def put_vpc_endpoints(aws: RunningAws, *, vpc_id: str, vpc_cidr: str, subnet_id: str) -> None:
    """Let the VPC resolve names, and give it endpoints: S3's for its main route table."""
    ec2 = aws.client("ec2")
    ec2.modify_vpc_attribute(VpcId=vpc_id, EnableDnsHostnames={"Value": True})
    group = ec2.create_security_group(
        GroupName="vpc-endpoints", Description="HTTPS from the VPC", VpcId=vpc_id
    )["GroupId"]
    ec2.authorize_security_group_ingress(
        GroupId=group, IpProtocol="tcp", FromPort=443, ToPort=443, CidrIp=vpc_cidr
    )
    for service in INTERFACE_SERVICES:
        ec2.create_vpc_endpoint(
            VpcId=vpc_id,
            ServiceName=f"com.amazonaws.{REGION}.{service}",
            VpcEndpointType="Interface",
            SubnetIds=[subnet_id],
            SecurityGroupIds=[group],
            PrivateDnsEnabled=True,
        )
    tables = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc_id]}])
    ec2.create_vpc_endpoint(
        VpcId=vpc_id,
        ServiceName=f"com.amazonaws.{REGION}.s3",
        RouteTableIds=[tables["RouteTables"][0]["RouteTableId"]],
    )
