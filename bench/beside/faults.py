"""Ten things that go wrong, and what each of the two then does."""

import contextlib
import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.beside.contenders import Contender, Refused, short
from bench.beside.results import WORKS, Outcome
from bench.beside.world import Both
from sandbox.aws.emr.seed import ClusterSpec, InstanceSpec, put_cluster
from sandbox.loopback import port_is_open
from tests.sandbox.aws.idle_livy import IdleLivy

OTHER_PORT = 8999
DEPLOYS_NOTHING = "deploys nothing"
DOES_NOT_START = "does not start"
OPENS = "opens, without Spark"
SAID = ("problem: ", "next: ")


Outcomes = Mapping[str, Outcome]


def deployed(both: Both, contender: Contender, name: str, livy: str, **changes: Any) -> Outcome:
    """Deploy it; whether its notebook's kernels are sent to the Livy at `livy`."""
    begun = time.perf_counter()
    try:
        notebook = contender.deploy(name, **changes)
    except Refused as refused:
        return Outcome(DEPLOYS_NOTHING, short(str(refused)), time.perf_counter() - begun)
    seconds = time.perf_counter() - begun
    return replace(started(both, notebook, livy), seconds=seconds)


def started(both: Both, notebook: str, livy: str) -> Outcome:
    """Whether the notebook is in service and its kernels are sent to the Livy at `livy`."""
    log = both.notebooks.start_log(notebook)
    if both.notebooks.settled(notebook) != "InService":
        return Outcome(DOES_NOT_START, short(log.splitlines()[-1] if log else ""))
    said = [line for line in log.splitlines() if line.startswith(SAID)]
    address, port = urlsplit(livy).hostname or "", urlsplit(livy).port or 0
    is_right = port_is_open(address, port) and sent_to(both, notebook) in (
        livy,
        # A followed cluster's name, which the start has looked at itself.
        *([sent_to(both, notebook)] if "check: ok" in log else []),
    )
    return Outcome(WORKS if is_right else OPENS, short(" ".join(said)))


def sent_to(both: Both, notebook: str) -> str:
    """The Livy that its SparkMagic is configured for, "" without any."""
    home = both.world.aws.state / "notebooks" / notebook / "home/ec2-user"
    try:
        config = json.loads((home / ".sparkmagic/config.json").read_text())
    except (OSError, ValueError):
        return ""
    return str(config["kernel_python_credentials"]["url"])


def at_deploy(both: Both, fault: str, livy: str, **changes: Mapping[str, Any]) -> Outcomes:
    """Deploy both into the fault, and remove what came of it; `changes` by contender."""
    found = {}
    for contender, given in ((both.ours, changes["ours"]), (both.article, changes["article"])):
        name = f"{fault}-{'ours' if contender is both.ours else 'article'}"
        found[contender.label] = deployed(both, contender, name, livy, **given)
        with contextlib.suppress(Exception):
            both.notebooks.delete_stack(name)
    return found


def cluster(both: Both, cluster_id: str, **changes: Any) -> str:
    """Make another cluster, with the world's Livy on its primary; its id."""
    group = both.world.settings.clusters["analytics"].security_group_id or ""
    usual = ClusterSpec(
        cluster_id,
        instances=(InstanceSpec(both.world.primary_ip),),
        primary_security_group=group,
        subnet_id=both.world.settings.network.subnet_id,
    )
    put_cluster(both.world.aws, replace(usual, **changes))
    return cluster_id


def dead_cluster(both: Both) -> Outcomes:
    """The cluster has ended."""
    instances = (InstanceSpec(both.world.primary_ip, state="TERMINATED"),)
    dead = cluster(both, "j-DEAD0001", state="TERMINATED", instances=instances)
    return at_deploy(both, "dead", both.world.livy_url, **named(dead))


def fleet(both: Both) -> Outcomes:
    """The cluster is one of instance fleets."""
    made = cluster(both, "j-FLEET001", collection="INSTANCE_FLEET")
    return at_deploy(both, "fleet", both.world.livy_url, **named(made))


def other_port(both: Both) -> Outcomes:
    """The cluster's Livy listens on another port."""
    conf = {"Classification": "livy-conf", "Properties": {"livy.server.port": str(OTHER_PORT)}}
    address = f"127.20.{both.world.primary_ip.split('.')[2]}.9"
    made = cluster(both, "j-PORT0001", configurations=(conf,), instances=(InstanceSpec(address),))
    with idle_livy(address):
        return at_deploy(both, "port", f"http://{address}:{OTHER_PORT}", **named(made))


def denied(both: Both) -> Outcomes:
    """Whoever looks the cluster up may not list its instances."""
    iam = both.notebooks.client("iam")
    policy = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": "*", "Resource": "*"},
                {"Effect": "Deny", "Action": "elasticmapreduce:ListInstances", "Resource": "*"},
            ],
        }
    )
    boundary = iam.create_policy(PolicyName="boundary", PolicyDocument=policy)["Policy"]["Arn"]
    iam.create_user(UserName="caller")
    iam.put_user_policy(UserName="caller", PolicyName="it", PolicyDocument=policy)
    key = iam.create_access_key(UserName="caller")["AccessKey"]
    keys = {
        "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
    }
    ours = {"stage": {"permissions_boundary_arn": boundary}}
    return at_deploy(both, "denied", both.world.livy_url, ours=ours, article={"env": keys})


def named(cluster_id: str) -> dict[str, dict[str, Any]]:
    """What both are given to use this cluster."""
    ours = {"cluster": {"id": cluster_id, "follow": False}}
    return {"ours": ours, "article": {"emr_cluster_id": cluster_id}}


def restarted(both: Both, notebooks: Mapping[str, str]) -> Outcomes:
    """Each of the two notebooks is stopped and started."""
    for name in notebooks.values():
        both.notebooks.stop(name)
        both.notebooks.start(name)
    return {label: started(both, name, both.world.livy_url) for label, name in notebooks.items()}


def no_internet(both: Both, notebooks: Mapping[str, str]) -> Outcomes:
    """Both restart in a VPC that leads nowhere, S3 included."""
    ec2 = both.notebooks.client("ec2")
    endpoints = ec2.describe_vpc_endpoints()["VpcEndpoints"]
    s3 = next(each for each in endpoints if each["ServiceName"].endswith(".s3"))
    ec2.delete_vpc_endpoints(VpcEndpointIds=[s3["VpcEndpointId"]])
    try:
        return restarted(both, notebooks)
    finally:
        ec2.create_vpc_endpoint(
            VpcId=s3["VpcId"], ServiceName=s3["ServiceName"], RouteTableIds=s3["RouteTableIds"]
        )


def full_disk(both: Both, notebooks: Mapping[str, str]) -> Outcomes:
    """Both restart with a full volume."""
    with contextlib.ExitStack() as full:
        for name in notebooks.values():
            both.notebooks.stop(name)
            home = both.world.aws.state / "notebooks" / name / "home/ec2-user/SageMaker"
            full.enter_context(filled(home, both.world.aws.state / f"aside-{name}"))
        for name in notebooks.values():
            both.notebooks.start(name)
        found = {
            label: started(both, name, both.world.livy_url) for label, name in notebooks.items()
        }
        for name in notebooks.values():
            both.notebooks.stop(name)
    for name in notebooks.values():
        both.notebooks.start(name)
    return found


def livy_down(both: Both, notebooks: Mapping[str, str]) -> Outcomes:
    """Both restart while Livy does not answer; it stays down."""
    both.world.livy.stop()
    return restarted(both, notebooks)


@contextlib.contextmanager
def filled(volume: Path, aside: Path) -> Iterator[None]:
    """The folder in memory, its files in it and no room for another; they stay as they were.

    `aside` is where they are kept: what is beside the volume goes with each stop.
    """
    volume.rename(aside)
    volume.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(volume)]
    subprocess.run(mount, check=True, capture_output=True)
    try:
        subprocess.run(["cp", "-a", f"{aside}/.", str(volume)], check=True, capture_output=True)
        with contextlib.suppress(OSError), (volume / "filler").open("wb") as filler:
            while True:
                filler.write(bytes(4096))
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(volume)], check=True, capture_output=True)
        volume.rmdir()
        aside.rename(volume)


@contextlib.contextmanager
def idle_livy(address: str) -> Iterator[None]:
    """A Livy without sessions, on the other port."""
    with ThreadingHTTPServer((address, OTHER_PORT), IdleLivy) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


AT_DEPLOY: Mapping[str, Callable[[Both], Outcomes]] = {
    "the cluster has ended": dead_cluster,
    "instance fleets": fleet,
    "Livy on another port": other_port,
    "a denied action: ListInstances": denied,
}
AT_START: Mapping[str, Callable[[Both, Mapping[str, str]], Outcomes]] = {
    "a restart of the notebook": restarted,
    "a restart without internet and without S3": no_internet,
    "a full volume": full_disk,
}
LIVY_DOWN = "Livy down at a start"
DEAD_PRIMARY = "a dead primary first in the listing"
REPLACED = "a replaced cluster"
