"""Resolves the private names of EMR's instances, as the VPC's name server does."""

import json
from pathlib import Path


def hosts_lines(clusters: Path) -> str:
    """Lines of /etc/hosts for the instances of every cluster seeded in a directory."""
    lines = [
        f"{instance['PrivateIpAddress']} {instance['PrivateDnsName']}\n"
        for file in sorted(clusters.glob("cluster-*.json"))
        for instance in json.loads(file.read_text())["instances"]
        if instance.get("PrivateIpAddress") and instance.get("PrivateDnsName")
    ]
    return "".join(dict.fromkeys(lines))
