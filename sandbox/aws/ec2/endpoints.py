"""Adds VPC endpoints' security groups and private DNS, which ministack drops."""

from typing import Any

from sandbox.aws.emulator import ministack

Answer = tuple[int, dict[str, str], bytes | str]

DNS_ATTRIBUTES = {"EnableDnsSupport": True, "EnableDnsHostnames": False}


def install() -> None:
    """Keep both, show both, and refuse a private name in a VPC without DNS."""
    ec2 = ministack("services.ec2")
    original_create, original_modify = ec2._create_vpc_endpoint, ec2._modify_vpc_endpoint
    original_xml = ec2._vpce_fields_xml

    def create_endpoint(request: dict[str, Any]) -> Answer:
        if _wants_private_dns(request) and (refusal := _refusal(request["VpcId"][0])):
            return ec2._error("InvalidParameter", refusal, 400)  # type: ignore[no-any-return]
        before = set(ec2._vpc_endpoints)
        original_create(request)
        [endpoint] = [ec2._vpc_endpoints[each] for each in ec2._vpc_endpoints if each not in before]
        if endpoint["VpcEndpointType"] == "Interface":
            endpoint["PrivateDnsEnabled"] = _wants_private_dns(request)
            given = ec2._parse_member_list(request, "SecurityGroupId")
            # EC2 API, CreateVpcEndpoint: without groups, the VPC's default one.
            default = ec2._vpcs[endpoint["VpcId"]].get("DefaultSecurityGroupId")
            endpoint["Groups"] = given or [default] * bool(default)
        body = ec2._vpce_fields_xml(endpoint, tag="vpcEndpoint")
        return ec2._xml(200, "CreateVpcEndpointResponse", body)  # type: ignore[no-any-return]

    def modify_endpoint(request: dict[str, Any]) -> Answer:
        found = ec2._vpc_endpoints.get(ec2._p(request, "VpcEndpointId"))
        wanted = ec2._p(request, "PrivateDnsEnabled")
        if found and wanted:
            if wanted == "true" and (refusal := _refusal(found["VpcId"])):
                return ec2._error("InvalidParameter", refusal, 400)  # type: ignore[no-any-return]
            found["PrivateDnsEnabled"] = wanted == "true"
        return original_modify(request)  # type: ignore[no-any-return]

    def endpoint_xml(endpoint: dict[str, Any], tag: str = "item") -> str:
        groups = "".join(
            f"<item><groupId>{each}</groupId></item>" for each in endpoint.get("Groups", [])
        )
        private = str(bool(endpoint.get("PrivateDnsEnabled"))).lower()
        more = f"<groupSet>{groups}</groupSet><privateDnsEnabled>{private}</privateDnsEnabled>"
        return str(original_xml(endpoint, tag=tag)).removesuffix(f"</{tag}>") + f"{more}</{tag}>"

    ec2._vpce_fields_xml = endpoint_xml
    ec2._ACTION_MAP["CreateVpcEndpoint"] = create_endpoint
    ec2._ACTION_MAP["ModifyVpcEndpoint"] = modify_endpoint


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
