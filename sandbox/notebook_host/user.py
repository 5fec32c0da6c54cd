"""Decides who ec2-user is on this machine."""

from dataclasses import dataclass
from pathlib import Path

EC2_USER_ID = 1000  # as on SageMaker's image


@dataclass(frozen=True)
class Ec2User:
    """The notebook's user. With only one user id in the namespace it shares root's."""

    uid: int
    gid: int

    @property
    def is_unprivileged(self) -> bool:
        """Whether the kernel tells this user from root."""
        return self.uid != 0


def ec2_user(uid_map: str, gid_map: str) -> Ec2User:
    """ec2-user under /proc/self/uid_map and gid_map, given as their text."""
    if _is_mapped(EC2_USER_ID, uid_map) and _is_mapped(EC2_USER_ID, gid_map):
        return Ec2User(EC2_USER_ID, EC2_USER_ID)
    return Ec2User(0, 0)


def this_machines_ec2_user() -> Ec2User:
    """ec2-user in the namespace of this process."""
    return ec2_user(Path("/proc/self/uid_map").read_text(), Path("/proc/self/gid_map").read_text())


def _is_mapped(number: int, id_map: str) -> bool:
    extents = (map(int, line.split()) for line in id_map.splitlines())
    return any(inside <= number < inside + count for inside, _outside, count in extents)


def with_ec2_user(passwd: str, user: Ec2User) -> str:
    """The /etc/passwd text with ec2-user in it, who displaces whoever had the name or the id."""
    line = f"ec2-user:x:{user.uid}:{user.gid}:EC2 Default User:/home/ec2-user:/bin/bash"
    return _with_entry(passwd, line, user.uid)


def with_ec2_group(group: str, user: Ec2User) -> str:
    """The /etc/group text with ec2-user's group in it, displacing likewise."""
    return _with_entry(group, f"ec2-user:x:{user.gid}:", user.gid)


def _with_entry(text: str, entry: str, number: int) -> str:
    others = [
        line
        for line in text.splitlines()
        if not line.startswith("ec2-user:")
        and (number == 0 or line.split(":")[2:3] != [str(number)])
    ]
    # Last: where the id is root's own, it must still read as root.
    return "\n".join([*others, entry]) + "\n"
