"""A cluster that a test describes is shown as EMR would show it, or refused."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from sandbox.aws.emr.records import ClusterSpec, InstanceSpec, cluster_record
from sandbox.aws.emr.seed import put_cluster
from sandbox.errors import SandboxError

PUBLIC = "ec2-1-2-3-4.eu-west-1.compute.amazonaws.com"


@dataclass(frozen=True)
class Aws:
    state: Path


@pytest.mark.parametrize(
    "spec",
    [
        ClusterSpec("j-1", state="LIVING"),
        ClusterSpec("j-1", instances=(InstanceSpec("x", state="UP"),)),
    ],
)
def test_a_cluster_emr_could_not_answer_with_is_refused(tmp_path: Path, spec: ClusterSpec) -> None:
    with pytest.raises(SandboxError, match=r"EMR has no cluster like j-1: .*enum value set"):
        put_cluster(Aws(tmp_path), spec)

    assert list(tmp_path.rglob("*")) == []


@pytest.mark.parametrize(
    ("instances", "expected"),
    [
        ((), None),
        ((InstanceSpec("10.0.1.10"),), "ip-10-0-1-10.eu-west-1.compute.internal"),
        ((InstanceSpec("10.0.1.10", public_dns=PUBLIC),), PUBLIC),
        ((InstanceSpec("10.0.1.10", state="PROVISIONING"),), None),
        ((InstanceSpec("10.0.1.10", role="CORE"),), None),
    ],
)
def test_the_master_name_is_the_public_one_in_a_public_subnet_and_comes_with_a_primary(
    instances: tuple[InstanceSpec, ...], expected: str | None
) -> None:
    record = cluster_record(ClusterSpec("j-1", instances=instances))

    assert record.get("MasterPublicDnsName") == expected


def test_a_cluster_that_waits_has_been_ready_and_one_that_starts_has_not() -> None:
    def timeline(state: str) -> set[str]:
        return set(cluster_record(ClusterSpec("j-1", state=state))["Status"]["Timeline"])

    assert timeline("WAITING") == {"CreationDateTime", "ReadyDateTime"}
    assert timeline("STARTING") == {"CreationDateTime"}
    assert timeline("TERMINATED") == {"CreationDateTime", "EndDateTime"}
