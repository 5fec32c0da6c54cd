"""Tells whether two rules of a security group are one, and refuses the second as EC2 does."""

from collections.abc import Iterator, Mapping
from typing import Any

_PROTOCOLS = {"1": "icmp", "6": "tcp", "17": "udp", "all": "-1"}
# Where ministack keeps each kind of peer of a rule, and the member that names it.
_PEERS = {
    "IpRanges": "CidrIp",
    "Ipv6Ranges": "CidrIpv6",
    "PrefixListIds": "PrefixListId",
    "UserIdGroupPairs": "GroupId",
}

# Protocol, first port, last port, peer; the description is no part of it.
Identity = tuple[str, int | None, int | None, str]


def identities(permission: Mapping[str, Any]) -> Iterator[Identity]:
    """One identity for each peer of an IpPermission."""
    given = str(permission.get("IpProtocol", "-1")).lower()
    protocol = _PROTOCOLS.get(given, given)
    # A rule for every protocol is one for every port, whatever ports it gives.
    ports = (None, None) if protocol == "-1" else _ports(permission)
    for kind, name in _PEERS.items():
        for peer in permission.get(kind, []):
            yield (protocol, *ports, str(peer.get(name, "")))


def duplicate_message(identity: Identity) -> str:
    """EC2's sentence for a rule that the group has already."""
    protocol, first, last, peer = identity
    if protocol == "-1":
        return f'the specified rule "peer: {peer}, ALL, ALLOW" already exists'
    return (
        f'the specified rule "peer: {peer}, {protocol.upper()}, from port: {first}, '
        f'to port: {last}, ALLOW" already exists'
    )


def _ports(permission: Mapping[str, Any]) -> tuple[int | None, int | None]:
    first, last = permission.get("FromPort"), permission.get("ToPort")
    return None if first is None else int(first), None if last is None else int(last)
