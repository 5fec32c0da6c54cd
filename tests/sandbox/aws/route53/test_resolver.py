"""Tests sandbox/aws/route53/resolver.py: what a notebook resolves, and when it sees a change."""

import threading
from pathlib import Path

import pytest

from sandbox.aws.route53 import resolver
from sandbox.aws.route53.resolver import VpcResolver

NAME = "analytics.emr-notebooks.internal"


class Vpc:
    """A VPC's records and attributes, a clock, and the file of a notebook there."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.records: dict[str, tuple[str, float]] = {}
        self.has_dns = True
        self.time = 0.0
        self.file = folder / "hosts"
        monkeypatch.setattr(resolver, "records_of", lambda _: dict(self.records))
        monkeypatch.setattr(resolver, "_attribute", lambda *_, **__: self.has_dns)
        monkeypatch.setattr(resolver, "_vpc_of", lambda _: "vpc-1")
        monkeypatch.setattr(threading, "Timer", Ignored)
        self.resolver = VpcResolver(folder / "emr", now=lambda: self.time)
        self.resolver.show_in(self.file, "subnet-1")

    def resolves(self) -> list[str]:
        self.resolver.publish()
        lines = self.file.read_text().splitlines()
        return [line.split()[0] for line in lines if line.endswith(f" {NAME}")]


class Ignored:
    """A timer that never fires: the tests look by themselves."""

    daemon = False

    def __init__(self, *_: object) -> None:
        pass

    def start(self) -> None:
        pass


@pytest.fixture
def vpc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Vpc:
    return Vpc(tmp_path, monkeypatch)


def test_a_new_record_is_seen_at_once(vpc: Vpc) -> None:
    vpc.records[NAME] = ("10.0.0.5", 10)

    assert vpc.resolves() == ["10.0.0.5"]


@pytest.mark.parametrize("later", [{NAME: ("10.0.0.7", 60.0)}, {}], ids=["changed", "deleted"])
def test_a_change_is_seen_when_the_former_ttl_is_over(
    vpc: Vpc, later: dict[str, tuple[str, float]]
) -> None:
    vpc.records[NAME] = ("10.0.0.5", 10)
    vpc.resolves()
    vpc.records = later

    vpc.time = 100
    assert vpc.resolves() == ["10.0.0.5"]
    vpc.time = 109.9
    assert vpc.resolves() == ["10.0.0.5"]
    vpc.time = 110
    assert vpc.resolves() == [address for address, _ in later.values()]


def test_a_vpc_without_dns_support_resolves_nothing_but_the_machines_own(vpc: Vpc) -> None:
    vpc.records[NAME] = ("10.0.0.5", 10)
    vpc.has_dns = False

    assert vpc.resolves() == []
    assert vpc.file.read_text() == Path("/etc/hosts").read_text()


def test_the_file_stays_the_same_for_whoever_has_it_mounted(vpc: Vpc) -> None:
    before = vpc.file.stat().st_ino
    vpc.records[NAME] = ("10.0.0.5", 10)
    vpc.resolves()

    assert vpc.file.stat().st_ino == before
