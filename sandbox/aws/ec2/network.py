"""A VPC for notebooks and clusters to name."""

from sandbox.aws.launcher import RunningAws

VPC_CIDR = "10.0.0.0/16"
SUBNET_CIDR = "10.0.1.0/24"


def seed_network(aws: RunningAws) -> tuple[str, str, str]:
    """Make a VPC, a subnet and an EMR primary's security group; return their ids."""
    ec2 = aws.client("ec2")
    vpc_id = ec2.create_vpc(CidrBlock=VPC_CIDR)["Vpc"]["VpcId"]
    subnet_id = ec2.create_subnet(VpcId=vpc_id, CidrBlock=SUBNET_CIDR)["Subnet"]["SubnetId"]
    group_id = ec2.create_security_group(
        GroupName="ElasticMapReduce-Primary",
        Description="The primary instance of the sandbox's clusters",
        VpcId=vpc_id,
    )["GroupId"]
    return vpc_id, subnet_id, group_id
