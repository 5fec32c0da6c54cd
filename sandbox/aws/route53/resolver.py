"""Answers names as the VPC's resolver does: in the /etc/hosts of the notebooks that run."""

import os
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sandbox.aws.ec2.private_dns import hosts_lines
from sandbox.aws.emulator import ministack
from sandbox.environment import ACCOUNT, REGION


class VpcResolver:
    """The files of notebooks, which show the private zones' A records of their VPC.

    What was once answered is answered until its TTL is over, however soon the record changes: a
    resolver caches. `clusters` is the folder of the seeded clusters, whose nodes have names, too.
    """

    def __init__(self, clusters: Path, now: Callable[[], float] = time.monotonic) -> None:
        self._clusters = clusters
        self._now = now
        self._lock = threading.Lock()
        self._files: dict[Path, str] = {}
        self._answers: dict[str, dict[str, tuple[str, float]]] = {}
        self._until: dict[tuple[str, str], float] = {}

    def install(self) -> None:
        """Notice every change of records."""
        route53 = ministack("services.route53")
        original = route53._change_resource_record_sets

        def change(zone_id: str, body: bytes) -> Any:
            answer = original(zone_id, body)
            self.publish()
            return answer

        route53._change_resource_record_sets = change

    def show_in(self, path: Path, subnet_id: str) -> None:
        """Keep the file true from now on, as a machine in the subnet has names resolved."""
        with self._lock:
            self._files[path] = _vpc_of(subnet_id)
            path.touch()
        self.publish()

    def forget(self, path: Path) -> None:
        """Leave the file alone from now on."""
        with self._lock:
            self._files.pop(path, None)

    def publish(self) -> None:
        """Write what names resolve to now, and again when an answer that is still cached ends."""
        with self._lock:
            waits = [self._wait(vpc_id) for vpc_id in set(self._files.values())]
            for path, vpc_id in self._files.items():
                _write_in_place(path, self._text(vpc_id))
        for seconds in {wait for wait in waits if wait}:
            timer = threading.Timer(seconds + 0.05, self.publish)
            timer.daemon = True
            timer.start()

    def _text(self, vpc_id: str) -> str:
        machine = Path("/etc/hosts").read_text()
        if not _attribute(vpc_id, "EnableDnsSupport", default=True):
            return machine
        names = [f"{value} {name}\n" for name, (value, _) in self._answers[vpc_id].items()]
        return f"{machine}\n{hosts_lines(self._clusters)}{''.join(names)}"

    def _wait(self, vpc_id: str) -> float:
        """Take over what may be answered now; the seconds until more may be, 0 for none."""
        records, shown, now = records_of(vpc_id), self._answers.setdefault(vpc_id, {}), self._now()
        waiting = []
        for name in [*records, *(name for name in shown if name not in records)]:
            old, new, key = shown.get(name), records.get(name), (vpc_id, name)
            if old is None or old == new:
                self._until.pop(key, None)
            elif now < self._until.setdefault(key, now + old[1]):
                waiting.append(self._until[key] - now)
                continue
            self._until.pop(key, None)
            if new is None:
                shown.pop(name, None)
            else:
                shown[name] = new
        return max(0.0, min(waiting, default=0.0))


def records_of(vpc_id: str) -> dict[str, tuple[str, float]]:
    """The address and TTL of each name in the VPC's private zones.

    EC2's guide: a VPC has them only with DNS support and DNS host names.
    """
    if not _attribute(vpc_id, "EnableDnsSupport", default=True):
        return {}
    if not _attribute(vpc_id, "EnableDnsHostnames", default=False):
        return {}
    route53 = ministack("services.route53")
    with route53._lock:
        zones: list[Mapping[str, Any]] = [
            zone
            for (account, *_), zone in route53._zones._data.items()
            if account == ACCOUNT and vpc_id in [each["VPCId"] for each in zone.get("vpcs", [])]
        ]
        records = [
            dict(each)
            for zone in zones
            for each in route53._records._data.get((ACCOUNT, zone["id"]), [])
        ]
    return {
        each["Name"].removesuffix("."): (each["ResourceRecords"][0], float(each["TTL"]))
        for each in records
        if each["Type"] == "A"
    }


def _vpc_of(subnet_id: str) -> str:
    subnet = ministack("services.ec2")._subnets.get_scoped(ACCOUNT, REGION, subnet_id) or {}
    return str(subnet.get("VpcId", ""))


def _attribute(vpc_id: str, name: str, *, default: bool) -> bool:
    vpc = ministack("services.ec2")._vpcs.get_scoped(ACCOUNT, REGION, vpc_id) or {}
    return bool(vpc.get(name, default))


def _write_in_place(path: Path, text: str) -> None:
    """In the same file: the notebooks have it mounted, not its name."""
    data = text.encode()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o644)
    try:
        os.pwrite(descriptor, data, 0)
        os.ftruncate(descriptor, len(data))
    finally:
        os.close(descriptor)
