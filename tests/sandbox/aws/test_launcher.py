"""Starting and stopping the sandbox's AWS."""

import contextlib
import socket
import subprocess
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import SSLError

from sandbox.aws import start_aws
from sandbox.errors import SandboxError
from sandbox.loopback import free_port, port_is_open
from sandbox.tls import make_authority
from tests.sandbox.aws.running_aws import create_network, running_aws

pytestmark = pytest.mark.sandbox


def test_a_taken_port_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(SandboxError, match=rf"port {port} of 127\.0\.0\.1.*another port"):
            start_aws(state=tmp_path / "aws", authority=make_authority(tmp_path), port=port)


def test_the_port_asked_for_is_the_only_one_it_listens_on(tmp_path: Path) -> None:
    port = free_port()
    with running_aws(tmp_path, port=port) as aws:
        assert aws.endpoint == f"https://127.0.0.1:{port}"
        aws.client("sqs").list_queues()

        assert listening(aws.child.process.pid) == {("127.0.0.1", port)}


def test_nothing_listens_or_runs_after_stop(tmp_path: Path) -> None:
    with running_aws(tmp_path) as aws:
        port = int(aws.endpoint.rpartition(":")[2])
    assert not port_is_open("127.0.0.1", port)
    assert aws.child.process.poll() is not None


def test_every_file_is_under_the_state_directory(tmp_path: Path) -> None:
    machine_tmp = set(Path("/tmp").glob("ministack*"))  # noqa: S108 - what must not appear
    with running_aws(tmp_path) as aws:
        s3 = aws.client("s3")
        s3.create_bucket(
            Bucket="lake", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        s3.put_object(Bucket="lake", Key="a b.csv", Body=b"1")
    assert set(Path("/tmp").glob("ministack*")) == machine_tmp  # noqa: S108


def test_its_environment_reaches_it_and_trusts_it_from_another_process(tmp_path: Path) -> None:
    code = "import boto3; print(boto3.client('sts').get_caller_identity()['Account'])"
    with running_aws(tmp_path) as aws:
        done = subprocess.run(
            ["python", "-c", code], env=aws.env(), capture_output=True, text=True, check=True
        )
    assert done.stdout.strip() == "111122223333"


def test_node_trusts_it_with_that_environment(tmp_path: Path) -> None:
    code = "fetch(process.env.AWS_ENDPOINT_URL + '/_ministack/health').then(r => console.log(r.ok))"
    with running_aws(tmp_path) as aws:
        done = subprocess.run(
            ["node", "-e", code], env=aws.env(), capture_output=True, text=True, check=True
        )
    assert done.stdout.strip() == "true"


def test_a_client_without_the_authority_refuses_it(tmp_path: Path) -> None:
    with running_aws(tmp_path) as aws:
        stranger = boto3.client(
            "sts",
            "eu-west-1",
            endpoint_url=aws.endpoint,
            aws_access_key_id="111122223333",
            aws_secret_access_key="sandbox",
            config=Config(proxies={}, retries={"total_max_attempts": 1}),
        )
        with pytest.raises(SSLError):
            stranger.get_caller_identity()


def test_a_second_start_begins_empty(tmp_path: Path) -> None:
    for _ in range(2):
        with running_aws(tmp_path) as aws:
            assert aws.client("s3").list_buckets()["Buckets"] == []
            aws.client("s3").create_bucket(
                Bucket="once", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
            )


def test_the_seeded_network_is_one_subnet_and_group_of_one_vpc(tmp_path: Path) -> None:
    with running_aws(tmp_path) as aws:
        vpc_id, subnet_id, group_id = create_network(aws)
        ec2 = aws.client("ec2")
        [subnet] = ec2.describe_subnets(SubnetIds=[subnet_id])["Subnets"]
        [group] = ec2.describe_security_groups(GroupIds=[group_id])["SecurityGroups"]

    assert subnet["VpcId"] == group["VpcId"] == vpc_id


def listening(pid: int) -> set[tuple[str, int]]:
    """The addresses and TCP ports the process listens on, from /proc."""
    inodes = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        target = ""
        # A connection may close between the listing and the look at it.
        with contextlib.suppress(FileNotFoundError):
            target = str(entry.readlink())
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in inodes:
                address, port = fields[1].split(":")
                packed = bytes.fromhex(address)[::-1]
                family = socket.AF_INET if table == "tcp" else socket.AF_INET6
                found.add((socket.inet_ntop(family, packed), int(port, 16)))
    return found
