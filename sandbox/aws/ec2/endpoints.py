"""Adds VPC endpoints' security groups and private DNS, which ministack drops."""

from collections.abc import Callable
from typing import Any

from sandbox.aws.emulator import ministack

Answer = tuple[int, dict[str, str], bytes | str]
Handler = Callable[[dict[str, Any]], Answer]

DNS_ATTRIBUTES = {"EnableDnsSupport": True, "EnableDnsHostnames": False}


def install() -> None:
    """Keep both, show both, and refuse a private name in a VPC without DNS."""
    ec2 = ministack("services.ec2")
    create, modify = ec2._create_vpc_endpoint, ec2._modify_vpc_endpoint
    shown = ec2._vpce_fields_xml

    def created(request: dict[str, Any]) -> Answer:
        if _wants_private_dns(request) and (refusal := _refusal(request["VpcId"][0])):
            return ec2._error("InvalidParameter", refusal, 400)  # type: ignore[no-any-return]
        before = set(ec2._vpc_endpoints)
        create(request)
        [made] = [ec2._vpc_endpoints[each] for each in ec2._vpc_endpoints if each not in before]
        if made["VpcEndpointType"] == "Interface":
            made["PrivateDnsEnabled"] = _wants_private_dns(request)
            given = ec2._parse_member_list(request, "SecurityGroupId")
            # EC2 API, CreateVpcEndpoint: without groups, the VPC's default one.
            default = ec2._vpcs[made["VpcId"]].get("DefaultSecurityGroupId")
            made["Groups"] = given or [default] * bool(default)
        body = ec2._vpce_fields_xml(made, tag="vpcEndpoint")
        return ec2._xml(200, "CreateVpcEndpointResponse", body)  # type: ignore[no-any-return]

    def modified(request: dict[str, Any]) -> Answer:
        found = ec2._vpc_endpoints.get(ec2._p(request, "VpcEndpointId"))
        wanted = ec2._p(request, "PrivateDnsEnabled")
        if found and wanted:
            if wanted == "true" and (refusal := _refusal(found["VpcId"])):
                return ec2._error("InvalidParameter", refusal, 400)  # type: ignore[no-any-return]
            found["PrivateDnsEnabled"] = wanted == "true"
        return modify(request)  # type: ignore[no-any-return]

    def shown_whole(endpoint: dict[str, Any], tag: str = "item") -> str:
        groups = "".join(
            f"<item><groupId>{each}</groupId></item>" for each in endpoint.get("Groups", [])
        )
        private = str(bool(endpoint.get("PrivateDnsEnabled"))).lower()
        more = f"<groupSet>{groups}</groupSet><privateDnsEnabled>{private}</privateDnsEnabled>"
        return str(shown(endpoint, tag=tag)).removesuffix(f"</{tag}>") + f"{more}</{tag}>"

    ec2._vpce_fields_xml = shown_whole
    ec2._ACTION_MAP["CreateVpcEndpoint"] = created
    ec2._ACTION_MAP["ModifyVpcEndpoint"] = modified


def _wants_private_dns(request: dict[str, Any]) -> bool:
    """On unless it is turned off, as EC2's documentation says; for interface endpoints alone."""
    kind = request.get("VpcEndpointType", ["Gateway"])
    return bool(kind == ["Interface"] and request.get("PrivateDnsEnabled", ["true"]) == ["true"])


def _refusal(vpc_id: str) -> str:
    """EC2's sentence when the VPC resolves no names, else ""."""
    vpc = ministack("services.ec2")._vpcs.get(vpc_id, {})
    if all(vpc.get(name, default) for name, default in DNS_ATTRIBUTES.items()):
        return ""
    return (
        "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes "
        f"set to true for {vpc_id}"
    )
