"""Reads the rules of security groups, and says what they let through."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, collapse_addresses
from typing import Any

ALL, TCP = "-1", "tcp"
# EC2's API has both for the same protocol.
_NUMBERS = {"6": TCP}
_PEERS = {
    "UserIdGroupPairs": "GroupId",
    "IpRanges": "CidrIp",
    "Ipv6Ranges": "CidrIpv6",
    "PrefixListIds": "PrefixListId",
}


@dataclass(frozen=True)
class Rule:
    """One rule; `peer` is a security group's id, a range of addresses or a prefix list's id."""

    protocol: str
    first: int
    last: int
    peer: str

    def opens(self, port: int) -> bool:
        """Whether it is about this TCP port, whatever it is for."""
        return self.protocol == ALL or (self.protocol == TCP and self.first <= port <= self.last)

    @property
    def range(self) -> IPv4Network | None:
        """The IPv4 range that it is for, if it is for one."""
        is_range = "/" in self.peer and ":" not in self.peer
        return IPv4Network(self.peer, strict=False) if is_range else None

    @property
    def is_by_list(self) -> bool:
        """Whether it is for the entries of a prefix list."""
        return self.peer.startswith("pl-")


def rules_of(permissions: Iterable[Mapping[str, Any]]) -> tuple[Rule, ...]:
    """The rules in the permissions of EC2's answer, one for each peer."""
    return tuple(rule for permission in permissions for rule in _rules(permission))


def tcp(port: int, peer: str) -> Rule:
    """The rule for one TCP port."""
    return Rule(TCP, port, port, peer)


def lets_through(
    rules: Iterable[Rule], port: int, *, groups: Collection[str] = (), cidr: str = ""
) -> bool:
    """Whether rules for the TCP port let one of the groups, or all of the range, through.

    Entries of prefix lists are not known here; see `prefix_lists_for`.
    """
    opening = [rule for rule in rules if rule.opens(port)]
    if any(rule.peer in groups for rule in opening):
        return True
    ranges = collapse_addresses([rule.range for rule in opening if rule.range is not None])
    return bool(cidr) and any(IPv4Network(cidr).subnet_of(each) for each in ranges)


def prefix_lists_for(rules: Iterable[Rule], port: int) -> list[str]:
    """The prefix lists that rules for the TCP port are for."""
    return sorted({rule.peer for rule in rules if rule.opens(port) and rule.is_by_list})


def opens_to_public(rules: Iterable[Rule], port: int) -> bool:
    """Whether rules for the TCP port are for public addresses, if only for some of them."""
    opening = [rule for rule in rules if rule.opens(port)]
    return any(each.range is not None and not each.range.is_private for each in opening)


def _rules(permission: Mapping[str, Any]) -> Iterator[Rule]:
    given = str(permission.get("IpProtocol", ALL)).lower()
    protocol = _NUMBERS.get(given, given)
    first, last = int(permission.get("FromPort", 0)), int(permission.get("ToPort", 65_535))
    for kind, name in _PEERS.items():
        for peer in permission.get(kind, []):
            # A pair of a group in EC2-Classic has no id.
            if name in peer:
                yield Rule(protocol, first, last, str(peer[name]))
