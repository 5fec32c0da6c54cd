"""Measures the resolver's cost in a process of its own, as Lambda starts one."""

import contextlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.children import run_python
from bench.pairs import Sample
from bench.stub_aws import running_stub
from emr_notebook.constructs.resolver_request import properties
from emr_notebook.settings.cluster import Cluster

FUNCTION_CODE = Path(__file__).parent.parent / "assets" / "lambda"
LEAST_LAMBDA_MIB = 128.0

RESOLVER = """
from cluster_endpoint import aws, handler
aws.boto3_gateway()
"""
BARE = """
import boto3
boto3.client("emr")
"""
LOOK_UP = """
import json, sys, types
from cluster_endpoint import handler
event = json.loads(sys.argv[1])
arn = "arn:aws:lambda:eu-west-1:111122223333:function:resolver"
answer = handler.on_event(event, types.SimpleNamespace(invoked_function_arn=arn))
assert answer["Data"]["State"] == "live", answer
with open("/proc/self/status") as status:
    # Not getrusage: its peak counts the process that this one was forked from.
    print([line.split()[1] for line in status if line.startswith("VmHWM")][0])
"""


@contextlib.contextmanager
def cold_start() -> Iterator[tuple[Sample, Sample]]:
    """Processor seconds from nothing to an EMR client: the resolver's, and bare boto3's."""
    with _function_code() as code:
        yield (
            lambda: run_python(RESOLVER, path=code, env={}).cpu_seconds,
            lambda: run_python(BARE, path=code, env={}).cpu_seconds,
        )


@contextlib.contextmanager
def memory() -> Iterator[tuple[Sample, Sample]]:
    """MiB at the peak of the look-up that needs most, and what the least Lambda has.

    An update, by tags, of a cluster whose answer is large, in an account with a thousand active
    ones, its security configuration and its group's configurations read: every client is made.
    """
    with _function_code() as code, running_stub() as stub:
        event = json.dumps(_longest_update())

        def peak() -> float:
            env = {"AWS_ENDPOINT_URL": stub.endpoint, "AWS_CA_BUNDLE": str(stub.authorities)}
            return int(run_python(LOOK_UP, event, path=code, env=env).printed) / 1024

        yield peak, lambda: LEAST_LAMBDA_MIB


def _longest_update() -> dict[str, object]:
    cluster = Cluster(tags={"team": "risk"}, scheme="detect", group_configurations=True)
    asked = properties("analytics", cluster, opened_port=None, refresh="2")
    return {
        "RequestType": "Update",
        "StackId": "arn:aws:cloudformation:eu-west-1:111122223333:stack/notebooks/1",
        "PhysicalResourceId": "cluster-endpoint-analytics",
        "ResourceProperties": {**asked, "LastValueOutput": "ClusteranalyticsValue"},
        "OldResourceProperties": {**asked, "Refresh": "1"},
    }


@contextlib.contextmanager
def _function_code() -> Iterator[Path]:
    """The function's folder as it is deployed: sources only."""
    with tempfile.TemporaryDirectory() as place:
        code = Path(place, "code")
        shutil.copytree(FUNCTION_CODE, code, ignore=shutil.ignore_patterns("__pycache__"))
        yield code
