"""Constructs: who reaches what. The notebooks' security group, the Livy rule, the volumes' key."""

from collections.abc import Mapping

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from emr_notebook.constructs.retention import kept_with_the_files
from emr_notebook.settings.cluster import Cluster
from emr_notebook.settings.model import StageOptOuts
from emr_notebook.settings.network import ExtraEgress, Network

HTTPS_PORT = 443


class NotebookNetwork(Construct):
    """The security groups of a stack's notebooks.

    Without groups of the user's own, one is made: it lets a notebook reach Livy, HTTPS endpoints
    inside the VPC, S3's gateway endpoint and what the settings add, and nothing else. Nothing
    reaches the notebook.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        network: Network,
        clusters: Mapping[str, Cluster],
        stage_opt_outs: StageOptOuts,
    ) -> None:
        super().__init__(scope, construct_id)
        if network.security_group_ids is not None:
            self.security_group_ids = list(network.security_group_ids)
        else:
            group = self._made_group(network, clusters)
            kept_with_the_files(group, stage_opt_outs)
            self.security_group_ids = [group.attr_group_id]
        # EC2 takes a rule once, however many clusters share their primaries' group.
        admitting = {
            (each.security_group_id, each.port)
            for each in clusters.values()
            if each.ingress == "create" and each.security_group_id is not None
        }
        for primary_group, port in sorted(admitting):
            self._admit_to(primary_group, port)

    def _made_group(
        self, network: Network, clusters: Mapping[str, Cluster]
    ) -> ec2.CfnSecurityGroup:
        return ec2.CfnSecurityGroup(
            self,
            "SecurityGroup",
            group_description="SageMaker notebooks that use Spark on EMR",
            vpc_id=network.vpc_id,
            security_group_egress=_egress(network, clusters),
        )

    def _admit_to(self, primary_group: str, port: int) -> None:
        for group in self.security_group_ids:
            # The ids come from the rule: another one would be made before this one is removed.
            source = "" if cdk.Token.is_unresolved(group) else f"-{group}"
            ec2.CfnSecurityGroupIngress(
                self,
                f"Livy-{primary_group}-{port}{source}",
                group_id=primary_group,
                description="Livy, from SageMaker notebooks",
                ip_protocol="tcp",
                from_port=port,
                to_port=port,
                source_security_group_id=group,
            )


def _egress(
    network: Network, clusters: Mapping[str, Cluster]
) -> list[ec2.CfnSecurityGroup.EgressProperty]:
    reached = {(each.security_group_id, each.port) for each in clusters.values()}
    rules = [
        _rule(port, "Livy on the primary node", destination_security_group_id=group)
        if group is not None
        else _rule(port, "Livy on the primary node", cidr_ip=network.vpc_cidr)
        for group, port in sorted(reached, key=lambda each: (each[0] or "", each[1]))
    ]
    # EC2 takes a rule once: a Livy on 443 that is reached in the VPC's range is in it already.
    if network.vpc_cidr is not None and (None, HTTPS_PORT) not in reached:
        rules.append(_rule(HTTPS_PORT, "VPC endpoints", cidr_ip=network.vpc_cidr))
    if network.s3_prefix_list_id is not None:
        prefix_list = network.s3_prefix_list_id
        rules.append(_rule(HTTPS_PORT, "S3", destination_prefix_list_id=prefix_list))
    return rules + [_extra(each) for each in network.extra_egress]


def _extra(given: ExtraEgress) -> ec2.CfnSecurityGroup.EgressProperty:
    return _rule(
        given.port,
        given.because,
        given.protocol,
        cidr_ip=given.cidr,
        destination_security_group_id=given.security_group_id,
        destination_prefix_list_id=given.prefix_list_id,
    )


def _rule(
    port: int, description: str, protocol: str = "tcp", **to: str | None
) -> ec2.CfnSecurityGroup.EgressProperty:
    return ec2.CfnSecurityGroup.EgressProperty(
        ip_protocol=protocol, from_port=port, to_port=port, description=description, **to
    )
