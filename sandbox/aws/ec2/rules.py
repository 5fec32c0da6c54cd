"""Keeps what ministack forgets of security group rules that EC2's own API is asked for."""

from typing import Any

from sandbox.aws.emulator import ministack


def install() -> None:
    """Keep prefix lists, as a template's rules do, and let no description make another rule."""
    ec2 = ministack("services.ec2")
    original_parse, original_strip = ec2._parse_ip_permissions, ec2._strip_descriptions

    def parse_permissions(request: dict[str, Any], prefix: str) -> list[dict[str, Any]]:
        rules: list[dict[str, Any]] = original_parse(request, prefix)
        for number, rule in enumerate(rules, start=1):
            rule["PrefixListIds"] = _lists(request, f"{prefix}.{number}.PrefixListIds")
        return rules

    def strip_descriptions(rule: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = original_strip(rule)
        for kind in ("PrefixListIds", "UserIdGroupPairs"):
            peers = found.get(kind, [])
            found[kind] = [{k: v for k, v in e.items() if k != "Description"} for e in peers]
        return found

    ec2._parse_ip_permissions = parse_permissions
    ec2._strip_descriptions = strip_descriptions


def _lists(request: dict[str, Any], prefix: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    while f"{prefix}.{len(found) + 1}.PrefixListId" in request:
        number = len(found) + 1
        members = ("PrefixListId", "Description")
        given = {name: request.get(f"{prefix}.{number}.{name}", [""])[0] for name in members}
        found.append({name: value for name, value in given.items() if value})
    return found
