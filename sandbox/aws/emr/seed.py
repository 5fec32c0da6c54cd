"""Puts clusters into the running AWS, and changes them while a deploy is watching.

A cluster is a file under `<state>/emr/`; the emulator reads it before it answers the next call.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from sandbox.aws.emr.records import (
    ClusterSpec,
    InstanceSpec,
    cluster_record,
    collection_id,
    collection_records,
    instance_record,
)
from sandbox.aws.service_model import output_errors
from sandbox.errors import SandboxError
from sandbox.files import write_whole

__all__ = ["ClusterSpec", "InstanceSpec", "put_cluster", "put_security_configuration", "remove"]


class HasState(Protocol):
    """A running AWS, as far as seeding it goes."""

    @property
    def state(self) -> Path: ...


def put_cluster(aws: HasState, spec: ClusterSpec) -> None:
    """Make the cluster, or make it what `spec` now says: its state, instances, everything.

    Raises SandboxError when EMR could not answer with such a cluster.
    """
    cluster = cluster_record(spec)
    instances = [instance_record(spec, n, i) for n, i in enumerate(spec.instances, start=1)]
    errors = output_errors("emr", "DescribeCluster", {"Cluster": cluster})
    errors += output_errors("emr", "ListInstances", {"Instances": instances})
    collections = collection_records(spec)
    for kind, listed in collections.items():
        errors += output_errors("emr", f"List{kind}", {kind: listed})
    if errors:
        raise SandboxError(f"EMR has no cluster like {spec.cluster_id}: {'; '.join(errors)}")
    roles = {collection_id(spec, i): i.role for i in spec.instances}
    content = {
        "cluster": cluster | collections,
        "instances": instances,
        "roles": roles,
        "indexed": spec.indexed,
    }
    write_whole(aws.state / "emr" / f"cluster-{spec.cluster_id}.json", json.dumps(content))


def put_security_configuration(aws: HasState, name: str, document: Mapping[str, Any]) -> None:
    """Make a security configuration that clusters can name."""
    content = json.dumps({"name": name, "document": dict(document)})
    write_whole(aws.state / "emr" / f"security-{name}.json", content)


def remove(aws: HasState, cluster_id: str) -> None:
    """Make EMR forget the cluster, as it does months after its end."""
    (aws.state / "emr" / f"cluster-{cluster_id}.json").unlink(missing_ok=True)
