"""Serves the least of AWS that a look-up needs, on loopback, at once and from memory."""

import contextlib
import json
import ssl
import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import botocore

from sandbox.tls import make_authority

CLUSTER_ID = "j-2AXXXXXXGAPLF"
ARN = f"arn:aws:elasticmapreduce:eu-west-1:111122223333:cluster/{CLUSTER_ID}"
# A thousand active clusters in pages of EMR's size.
PAGES, PAGE_SIZE = 20, 50
# Some 200 KB of properties, 100 bytes each.
PROPERTIES = 2_000

STACKS = """<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">
<DescribeStacksResult><Stacks><member><StackName>notebooks</StackName>
<CreationTime>2026-01-01T00:00:00Z</CreationTime><StackStatus>UPDATE_IN_PROGRESS</StackStatus>
</member></Stacks></DescribeStacksResult></DescribeStacksResponse>"""


def _clusters(request: Mapping[str, Any]) -> dict[str, Any]:
    page = int(request.get("Marker", "0"))
    listed = [_summary(f"j-{page:04d}{number:08d}") for number in range(PAGE_SIZE)]
    if page + 1 < PAGES:
        return {"Clusters": listed, "Marker": str(page + 1)}
    return {"Clusters": [*listed, _summary(CLUSTER_ID)]}


def _summary(cluster_id: str) -> dict[str, Any]:
    return {"Id": cluster_id, "Name": f"nightly {cluster_id}", "Status": {"State": "WAITING"}}


def _cluster(_: Mapping[str, Any]) -> dict[str, Any]:
    settings = {f"spark.some.property.{number:06d}": "x" * 66 for number in range(PROPERTIES)}
    return {
        "Cluster": {
            **_summary(CLUSTER_ID),
            "InstanceCollectionType": "INSTANCE_GROUP",
            "ReleaseLabel": "emr-7.9.0",
            "Applications": [
                {"Name": "Livy", "Version": "0.8.0"},
                {"Name": "Spark", "Version": "3.5.5"},
            ],
            "SecurityConfiguration": "plain",
            "Configurations": [{"Classification": "spark-defaults", "Properties": settings}],
        }
    }


def _instances(_: Mapping[str, Any]) -> dict[str, Any]:
    name = "ip-10-0-0-5.eu-west-1.compute.internal"
    node = {"PrivateIpAddress": "10.0.0.5", "PrivateDnsName": name, "Status": {"State": "RUNNING"}}
    return {"Instances": [node]}


ANSWERS: Mapping[str, Any] = {
    "GetResources": lambda _: {"ResourceTagMappingList": [{"ResourceARN": ARN}]},
    "ListClusters": _clusters,
    "DescribeCluster": _cluster,
    "DescribeSecurityConfiguration": lambda _: {"SecurityConfiguration": "{}"},
    "ListInstanceGroups": lambda _: {"InstanceGroups": []},
    "ListInstances": _instances,
}


class _Stub(BaseHTTPRequestHandler):
    # One connection for all calls, as with AWS.
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        operation = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
        # CloudFormation alone has no such header.
        answer = json.dumps(ANSWERS[operation](json.loads(body))) if operation else STACKS
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@dataclass(frozen=True)
class Stub:
    """Where it listens, and a file of authorities that has its own beside all that boto3 trusts."""

    endpoint: str
    authorities: Path


@contextlib.contextmanager
def running_stub() -> Iterator[Stub]:
    """The stub, while it answers: over TLS, which costs a client memory, too."""
    with (
        tempfile.TemporaryDirectory() as place,
        ThreadingHTTPServer(("127.0.0.1", 0), _Stub) as server,
    ):
        authority = make_authority(Path(place))
        certificate, key = authority.issue("stub", ["127.0.0.1"])
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        authorities = Path(place, "authorities.pem")
        boto3s_own = Path(botocore.__file__).with_name("cacert.pem")
        authorities.write_bytes(boto3s_own.read_bytes() + authority.ca_pem.read_bytes())
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield Stub(f"https://127.0.0.1:{server.server_port}", authorities)
        finally:
            server.shutdown()
            thread.join()
