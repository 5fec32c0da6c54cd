"""The VPC's name server, as far as notebooks need it: the private names of EMR's instances."""

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
