"""The parameters that say where notebooks live, and what they may reach."""

from collections.abc import Iterator

from emr_notebook import patterns
from emr_notebook.plain_template.rules import Rule, camel, parameter
from emr_notebook.settings import Settings

SUBNET = "AWS::EC2::Subnet::Id"
SECURITY_GROUP = "AWS::EC2::SecurityGroup::Id"
# A range may be another rule's by chance: it is replaced in rules only.
RANGE = "CidrIp"


def network(settings: Settings) -> Iterator[Rule]:
    """The VPC, subnets, groups, ranges and prefix lists of a stage."""
    given = settings.network
    says = "The VPC of the notebooks and clusters"
    yield from parameter("VpcId", given.vpc_id, patterns.VpcId, says, kind="AWS::EC2::VPC::Id")
    says = "The VPC's range of addresses"
    yield from parameter("VpcCidr", given.vpc_cidr, patterns.Cidr, says, RANGE)
    yield from _subnet("", given.subnet_id, "The notebooks' subnet")
    for key, notebook in settings.notebooks.items():
        yield from _subnet(camel(key), notebook.subnet_id, f"The subnet of {key}")
    for number, each in enumerate(given.security_group_ids or (), start=1):
        says = "A security group of the notebooks, fixed at their birth"
        yield from _group(f"SecurityGroupId{number}", each, says)
    for key, cluster in settings.clusters.items():
        says = f"The security group of the primary node of {key}"
        yield from _group(f"PrimarySecurityGroupId{camel(key)}", cluster.security_group_id, says)
    says = "S3's prefix list in the region"
    yield from _prefix_list("S3PrefixListId", given.s3_prefix_list_id, says)
    yield from _extra_egress(settings)


def _extra_egress(settings: Settings) -> Iterator[Rule]:
    for number, extra in enumerate(settings.network.extra_egress, start=1):
        says = f"Notebooks may reach it: {extra.because}"
        yield from parameter(f"EgressCidr{number}", extra.cidr, patterns.Cidr, says, RANGE)
        yield from _group(f"EgressSecurityGroupId{number}", extra.security_group_id, says)
        yield from _prefix_list(f"EgressPrefixListId{number}", extra.prefix_list_id, says)


def _subnet(suffix: str, value: str | None, says: str) -> list[Rule]:
    says = f"{says}, fixed at a notebook's birth"
    return parameter(f"SubnetId{suffix}", value, patterns.SubnetId, says, kind=SUBNET)


def _group(name: str, value: str | None, says: str) -> list[Rule]:
    return parameter(name, value, patterns.SecurityGroupId, says, kind=SECURITY_GROUP)


def _prefix_list(name: str, value: str | None, says: str) -> list[Rule]:
    return parameter(name, value, patterns.PrefixListId, says)
