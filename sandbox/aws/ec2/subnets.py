"""Counts the free addresses of a subnet; ministack says 251 of any."""

from ipaddress import ip_network
from typing import Any

from sandbox.aws.emulator import ministack

# VPC user guide, "Subnet sizing": the first four addresses and the last.
RESERVED = 5


def install() -> None:
    """Count by the range, less the network interfaces. The sandbox's notebooks have none."""
    ec2 = ministack("services.ec2")
    original = ec2._subnet_fields_xml

    def subnet_xml(subnet: dict[str, Any], tag: str = "item") -> str:
        interfaces = ec2._network_interfaces.values()
        used = sum(each.get("SubnetId") == subnet["SubnetId"] for each in interfaces)
        free = ip_network(subnet["CidrBlock"]).num_addresses - RESERVED - used
        return str(original({**subnet, "AvailableIpAddressCount": free}, tag=tag))

    ec2._subnet_fields_xml = subnet_xml
