"""The names that the sandbox's VPC knows."""

from dataclasses import dataclass
from pathlib import Path

from sandbox.aws.ec2.private_dns import hosts_lines
from sandbox.aws.emr.seed import (
    ClusterSpec,
    InstanceSpec,
    put_cluster,
    put_security_configuration,
)


@dataclass(frozen=True)
class Aws:
    state: Path


def test_every_instance_of_every_cluster_has_its_private_name(tmp_path: Path) -> None:
    aws = Aws(tmp_path)
    nodes = (InstanceSpec("127.1.2.3"), InstanceSpec("10.0.0.9", private_dns="core.corp.example"))
    put_cluster(aws, ClusterSpec("j-1AAAA", instances=nodes))
    put_cluster(aws, ClusterSpec("j-2AAAA", instances=(InstanceSpec("127.1.2.4"), *nodes[:1])))
    put_security_configuration(aws, "none", {})

    assert hosts_lines(tmp_path / "emr").splitlines() == [
        "127.1.2.3 ip-127-1-2-3.eu-west-1.compute.internal",
        "10.0.0.9 core.corp.example",
        "127.1.2.4 ip-127-1-2-4.eu-west-1.compute.internal",
    ]


def test_without_clusters_there_is_no_name(tmp_path: Path) -> None:
    assert hosts_lines(tmp_path / "emr") == ""
