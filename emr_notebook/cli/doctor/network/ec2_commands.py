"""Writes the AWS CLI's commands that mend a network, ready to paste."""

import json
import shlex
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from emr_notebook.settings.egress import HTTPS_PORT


@dataclass(frozen=True)
class Ec2Commands:
    """Those for one region."""

    region: str

    def admit(self, group: str, port: int, *, source: str) -> str:
        """Let a security group, or a range of addresses, reach the TCP port of another."""
        return self._ec2("authorize-security-group-ingress", _rule(group, port, source))

    def revoke(self, group: str, port: int, *, source: str) -> str:
        """Take such a rule away."""
        return self._ec2("revoke-security-group-ingress", _rule(group, port, source))

    def let_out(self, group: str, port: int, *, peer: str) -> str:
        """Let a security group reach the TCP port of another, of a range or of a prefix list."""
        return self._ec2("authorize-security-group-egress", _rule(group, port, peer))

    def vpc_attribute(self, vpc: str, attribute: str) -> str:
        """Turn an attribute of a VPC on; `attribute` is the option's name."""
        value = shlex.quote('{"Value": true}')
        return self._ec2("modify-vpc-attribute", f"--vpc-id {vpc} --{attribute} {value}")

    def private_dns(self, endpoint: str, *, is_s3: bool = False) -> str:
        """Have the service's own name lead to an endpoint.

        S3's would be for inbound resolver endpoints alone, and refused without a gateway endpoint.
        """
        options = f"--vpc-endpoint-id {endpoint} --private-dns-enabled"
        if is_s3:
            options += " --dns-options PrivateDnsOnlyForInboundResolverEndpoint=false"
        return self._ec2("modify-vpc-endpoint", options)

    def attach(self, endpoint: str, table: str) -> str:
        """Have a route table lead to a gateway endpoint."""
        options = f"--vpc-endpoint-id {endpoint} --add-route-table-ids {table}"
        return self._ec2("modify-vpc-endpoint", options)

    def gateway(self, vpc: str, service: str, tables: Collection[str]) -> str:
        """Make a gateway endpoint to which the route tables lead."""
        options = f"--route-table-ids {' '.join(tables)}"
        return self._endpoint(vpc, service, "Gateway", options)

    def interface(self, vpc: str, service: str, subnet: str, sources: Sequence[str]) -> str:
        """Make an interface endpoint, and the security group that admits the sources to it."""
        name = f"notebooks-to-{service.rpartition('.')[2]}"
        options = f"--group-name {name} --description 'HTTPS from notebooks' --vpc-id {vpc}"
        made = self._ec2("create-security-group", f"{options} --query GroupId --output text")
        rules = [self.admit('"$group"', HTTPS_PORT, source=each) for each in sources]
        options = f'--subnet-ids {subnet} --security-group-ids "$group" --private-dns-enabled'
        endpoint = self._endpoint(vpc, service, "Interface", options)
        return " && ".join([f"group=$({made})", *rules, endpoint])

    def _endpoint(self, vpc: str, service: str, kind: str, options: str) -> str:
        of = f"--vpc-id {vpc} --service-name {service} --vpc-endpoint-type {kind}"
        return self._ec2("create-vpc-endpoint", f"{of} {options}")

    def _ec2(self, operation: str, options: str) -> str:
        return f"aws ec2 {operation} {options} --region {self.region}"


def _rule(group: str, port: int, peer: str) -> str:
    if peer.startswith("pl-"):
        rule = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port}
        permissions = json.dumps([{**rule, "PrefixListIds": [{"PrefixListId": peer}]}])
        return f"--group-id {group} --ip-permissions {shlex.quote(permissions)}"
    kind = "--source-group" if peer.startswith("sg-") else "--cidr"
    return f"--group-id {group} --protocol tcp --port {port} {kind} {peer}"
