"""Makes the notebooks' security group, and the rules that admit them to Livy."""

from collections.abc import Mapping

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from emr_notebook.constructs.retention import retain_with_notebook
from emr_notebook.settings.cluster import Cluster
from emr_notebook.settings.egress import EgressRule, egress_rules
from emr_notebook.settings.model import StageOptOuts
from emr_notebook.settings.network import Network

# By what an id begins with.
_PEER_PROPERTIES = {"sg": "destination_security_group_id", "pl": "destination_prefix_list_id"}


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
            group = self._create_group(network, clusters)
            retain_with_notebook(group, stage_opt_outs)
            self.security_group_ids = [group.attr_group_id]
        # EC2 takes a rule once, however many clusters share their primaries' group.
        livy_rules = {
            (each.security_group_id, each.port)
            for each in clusters.values()
            if each.ingress == "create" and each.security_group_id is not None
        }
        for primary_group, port in sorted(livy_rules):
            self._add_livy_ingress(primary_group, port)

    def _create_group(
        self, network: Network, clusters: Mapping[str, Cluster]
    ) -> ec2.CfnSecurityGroup:
        return ec2.CfnSecurityGroup(
            self,
            "SecurityGroup",
            group_description="SageMaker notebooks that use Spark on EMR",
            vpc_id=network.vpc_id,
            security_group_egress=[_egress(each) for each in egress_rules(network, clusters)],
        )

    def _add_livy_ingress(self, primary_group: str, port: int) -> None:
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


def _egress(rule: EgressRule) -> ec2.CfnSecurityGroup.EgressProperty:
    return ec2.CfnSecurityGroup.EgressProperty(
        ip_protocol=rule.protocol,
        from_port=rule.port,
        to_port=rule.port,
        description=rule.description,
        **{_PEER_PROPERTIES.get(rule.peer.partition("-")[0], "cidr_ip"): rule.peer},
    )
