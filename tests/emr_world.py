"""A small EMR for the resolver's tests; requests and answers fit botocore's own model."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import botocore.session
from botocore.exceptions import ClientError
from botocore.model import ServiceModel
from botocore.validate import validate_parameters

from cluster_endpoint.emr import Outside

CLUSTER_ID = "j-2AXXXXXXGAPLF"
MODEL: ServiceModel = botocore.session.get_session().get_service_model("emr")


def cluster(**changes: Any) -> dict[str, Any]:
    """A running cluster of one instance-group primary, with these fields changed."""
    return {
        "Id": CLUSTER_ID,
        "Name": "nightly-spark",
        "Status": {"State": "WAITING", "StateChangeReason": {}},
        "InstanceCollectionType": "INSTANCE_GROUP",
        "ReleaseLabel": "emr-7.9.0",
        "Applications": [
            {"Name": "Hadoop", "Version": "3.4.1"},
            {"Name": "Spark", "Version": "3.5.5"},
            {"Name": "Livy", "Version": "0.8.0"},
        ],
        "MasterPublicDnsName": "ip-10-0-0-5.eu-west-1.compute.internal",
        **changes,
    }


def instance(number: int = 5, state: str = "RUNNING", /, **changes: Any) -> dict[str, Any]:
    """A primary node at 10.0.0.<number>, with these fields changed."""
    return {
        "Id": f"ci-{number:04d}",
        "Ec2InstanceId": f"i-{number:017d}",
        "PrivateIpAddress": f"10.0.0.{number}",
        "PrivateDnsName": f"ip-10-0-0-{number}.eu-west-1.compute.internal",
        "Status": {"State": state},
        **changes,
    }


def refused(code: str, message: str, operation: str = "DescribeCluster") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


@dataclass
class EmrWorld:
    """EMR and a clock whose time passes only in `sleep`.

    `clusters` holds DescribeCluster's answers in turn, the last one for ever; an exception in
    it, or in `pages`, is raised instead.
    """

    clusters: list[Any] = field(default_factory=lambda: [cluster()])
    pages: list[Any] = field(default_factory=lambda: [[instance()]])
    time: float = 0.0
    requests: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def outside(self) -> Outside:
        return Outside(
            call=self._call,
            region="eu-west-1",
            now=lambda: self.time,
            sleep=self._sleep,
            jitter=lambda: 1.0,
        )

    def _sleep(self, seconds: float) -> None:
        self.time += seconds

    def _call(self, operation: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        model = MODEL.operation_model(operation)
        assert model.input_shape is not None
        assert model.output_shape is not None
        validate_parameters(dict(arguments), model.input_shape)
        self.requests.append((operation, dict(arguments)))
        answer = self._describe() if operation == "DescribeCluster" else self._list(arguments)
        validate_parameters(answer, model.output_shape)
        return answer

    def _describe(self) -> dict[str, Any]:
        answer = self.clusters.pop(0) if len(self.clusters) > 1 else self.clusters[0]
        if isinstance(answer, Exception):
            raise answer
        return {"Cluster": answer}

    def _list(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        number = int(arguments.get("Marker", "0"))
        page = self.pages[number]
        if isinstance(page, list) and page and isinstance(page[0], Exception):
            raise page.pop(0)
        if isinstance(page, Exception):
            raise page
        more = {"Marker": str(number + 1)} if number + 1 < len(self.pages) else {}
        return {"Instances": [dict(each) for each in page], **more}
