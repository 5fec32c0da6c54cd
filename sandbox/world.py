"""Starts what a deploy finds: an AWS account with a cluster whose Livy answers, and data."""

import contextlib
import os
import random
import shutil
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pyspark

from emr_notebook.settings.cluster import Cluster
from emr_notebook.settings.model import Settings
from sandbox import data
from sandbox.aws.ec2.seed import put_network
from sandbox.aws.ec2.vpc_endpoints import put_vpc_endpoints
from sandbox.aws.emr.releases import livy_version
from sandbox.aws.emr.seed import ClusterSpec, InstanceSpec, put_cluster
from sandbox.aws.launcher import RunningAws, start_aws
from sandbox.data import Lake, make_lake
from sandbox.errors import SandboxError
from sandbox.livy.server import RunningLivy, start_livy
from sandbox.loopback import port_is_open
from sandbox.report import Progress
from sandbox.spark.conf import write_spark_conf
from sandbox.spark.jars import ensure_jars
from sandbox.spark.java import Java, choose_java
from sandbox.tls import make_authority

LIVY_PORT = 8998
# The cluster's, unless whoever runs the sandbox names another one.
RELEASE_LABEL = "emr-7.9.0"
ADDRESS_TRIES = 50
# Of a cluster that the settings select by its name.
FIRST_CLUSTER = "j-2SANDBOX00001"
LIVY_KEYSTORE = {
    "Classification": "livy-conf",
    "Properties": {"livy.keystore": "/etc/livy/conf/keystore.jks"},
}


@dataclass(frozen=True)
class Options:
    """What whoever runs the sandbox may choose."""

    checkout: Path
    aws_port: int | None = None
    livy_home: Path | None = None
    release_label: str = RELEASE_LABEL

    @property
    def state(self) -> Path:
        """Where everything is written."""
        return self.checkout / ".sandbox"


@dataclass(frozen=True)
class World:
    """What runs before anything is deployed."""

    options: Options
    settings: Settings
    cluster_id: str
    primary_ip: str
    aws: RunningAws
    livy: RunningLivy
    lake: Lake
    java: Java
    jars: Sequence[Path]

    @property
    def speaks_tls(self) -> bool:
        """Whether the cluster's Livy is behind a certificate."""
        return self.livy.url.startswith("https:")

    @property
    def livy_url(self) -> str:
        """Where the cluster's Livy listens, told by nobody but the sandbox itself."""
        if self.speaks_tls:
            return f"https://{InstanceSpec(self.primary_ip).private_dns_name}:{LIVY_PORT}"
        return f"http://{self.primary_ip}:{LIVY_PORT}"


def start_world(
    options: Options, settings: Settings, running: ExitStack, progress: Progress
) -> World:
    """Start everything, each part stopped when `running` is closed. Raises SandboxError.

    Livy speaks TLS where the settings say whom to trust. Its certificate is then issued by an
    authority of its own, whose certificate is <state>/world/livy-ca/ca.pem.
    """
    step = progress.step
    world_state = options.state / "world"
    with step("Prepare Java and Spark's S3 connector"):
        _empty(world_state)
        java = choose_java(os.environ)
        if java.note:
            progress.note(java.note)
        jars = ensure_jars(options.state / "jars", java)
    with step("Start AWS (ministack)"):
        authority = make_authority(world_state / "tls")
        aws = start_aws(state=world_state / "aws", authority=authority, port=options.aws_port)
        running.callback(aws.stop)
        _network(aws, settings)
    with step("Put data into S3"):
        lake = make_lake(aws, data.make_trips())
    with step("Start Livy on the cluster's primary node"):
        primary_ip = _free_address()
        livy = _start_livy(options, settings, primary_ip, aws, lake, java, jars)
        running.callback(livy.stop)
    cluster_id = _first_cluster(settings).id or FIRST_CLUSTER
    world = World(options, settings, cluster_id, primary_ip, aws, livy, lake, java, jars)
    put_cluster(aws, _cluster(world))
    return world


def replace_cluster(world: World, running: ExitStack) -> World:
    """The world with a new cluster of the same name at another address; the old one has ended.

    As one that is replaced overnight: the new one is usable before the old one goes.
    """
    primary_ip = _free_address()
    parts = (world.aws, world.lake, world.java, world.jars)
    livy = _start_livy(world.options, world.settings, primary_ip, *parts)
    running.callback(livy.stop)
    number = int(world.cluster_id[-5:]) + 1
    cluster_id = f"{world.cluster_id[:-5]}{number:05d}"
    after = replace(world, cluster_id=cluster_id, primary_ip=primary_ip, livy=livy)
    put_cluster(world.aws, replace(_cluster(after), created=time.time()))
    world.aws.client("emr").list_clusters()
    put_cluster(world.aws, replace(_cluster(world), state="TERMINATED"))
    # EMR notices with the next call, and tells EventBridge.
    world.aws.client("emr").list_clusters()
    world.livy.stop()
    return after


def _start_livy(
    options: Options,
    settings: Settings,
    primary_ip: str,
    aws: RunningAws,
    lake: Lake,
    java: Java,
    jars: Sequence[Path],
) -> RunningLivy:
    state = options.state / "world"
    spark_env = write_spark_conf(
        state / f"spark-{primary_ip}",
        java=java,
        jars=jars,
        s3_endpoint=aws.endpoint,
        access_key=lake.access_key,
        secret_key=lake.secret_key,
        ca_pem=aws.ca_pem,
        bind_address=primary_ip,
    )
    return start_livy(
        host=primary_ip,
        port=LIVY_PORT,
        state=state / f"livy-{primary_ip}",
        spark_env=spark_env,
        version=livy_version(options.release_label),
        livy_home=options.livy_home,
        tls=_livy_certificate(settings, primary_ip, state / "livy-ca"),
    )


def _first_cluster(settings: Settings) -> Cluster:
    return next(iter(settings.clusters.values()))


def _livy_certificate(
    settings: Settings, primary_ip: str, directory: Path
) -> tuple[Path, Path] | None:
    if _first_cluster(settings).tls is None:
        return None
    # For the name alone, as on EMR: whoever connects to the address is refused.
    name = InstanceSpec(primary_ip).private_dns_name
    return make_authority(directory).issue("livy", dns_names=[name])


def _network(aws: RunningAws, settings: Settings) -> None:
    groups = {each.security_group_id for each in settings.clusters.values()}
    vpc_id, subnet_id = settings.network.vpc_id, settings.network.subnet_id
    vpc_cidr = settings.network.vpc_cidr or "10.0.0.0/16"
    put_network(
        aws.state,
        vpc_id=vpc_id,
        vpc_cidr=vpc_cidr,
        subnet_id=subnet_id,
        group_ids=sorted(group for group in groups if group is not None),
    )
    put_vpc_endpoints(aws, vpc_id=vpc_id, vpc_cidr=vpc_cidr, subnet_id=subnet_id)


def _cluster(world: World) -> ClusterSpec:
    """A small EMR cluster; its dead first primary comes first in EMR's answer."""
    return ClusterSpec(
        cluster_id=world.cluster_id,
        name=_first_cluster(world.settings).name or "nightly-spark",
        instances=(
            InstanceSpec("127.0.0.1", state="TERMINATED"),
            InstanceSpec(world.primary_ip),
            InstanceSpec("10.0.1.20", role="CORE"),
        ),
        applications={
            "Hadoop": "3.4.1",
            "Livy": world.livy.release,
            "Spark": pyspark.__version__,
        },
        release_label=world.options.release_label,
        primary_security_group=_first_cluster(world.settings).security_group_id or "",
        subnet_id=world.settings.network.subnet_id,
        configurations=(LIVY_KEYSTORE,) if world.speaks_tls else (),
    )


def _free_address() -> str:
    """An address of 127.0.0.0/8 of the primary's own, on which nothing listens."""
    chance = random.SystemRandom()
    for _ in range(ADDRESS_TRIES):
        address = (
            f"127.{chance.randrange(16, 255)}.{chance.randrange(255)}.{chance.randrange(2, 255)}"
        )
        if not port_is_open(address, LIVY_PORT):
            return address
    raise SandboxError(
        f"Something listens on port {LIVY_PORT} of every loopback address that was tried. End "
        f"what listens there on 0.0.0.0 (see `ss -ltnp 'sport = :{LIVY_PORT}'`), then run again."
    )


def _empty(folder: Path) -> None:
    """Begin from nothing; what an earlier run was killed over is still there."""
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
