"""Answers the commands' calls of AWS from memory, and checks each by botocore's model of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import botocore.session
import pytest
from botocore.model import OperationModel
from botocore.validate import ParamValidator, validate_parameters

from emr_notebook.cli.aws.reader import Reader, iam_action
from tests.assets.cluster_endpoint.emr_records import REGION, refused

Fields = dict[str, Any]
Answer = Callable[[Fields], Fields]

_SESSION = botocore.session.get_session()


@dataclass
class AwsInMemory:
    """AWS as the commands read it: `answers` by boto3's names of service and method.

    `denied` are IAM actions that these credentials may not use. `calls` are the methods so far,
    each with its arguments.
    """

    answers: dict[tuple[str, str], Answer] = field(default_factory=dict)
    denied: set[str] = field(default_factory=set)
    calls: list[tuple[str, Fields]] = field(default_factory=list)

    def reader(self) -> Reader:
        """A Reader of this world."""
        return Reader(REGION, self.call)

    def call(self, service: str, method: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """One call, checked in both directions as far as botocore's model of it goes."""
        self.calls.append((method, dict(arguments)))
        model = _model(service, method)
        if model.input_shape is not None:
            validate_parameters(dict(arguments), model.input_shape)
        if iam_action(service, method) in self.denied:
            raise refused("AccessDeniedException", f"not authorized to perform: {method}")
        if (service, method) not in self.answers:
            pytest.fail(f"nothing here answers {service} {method}")
        answer = self.answers[service, method](dict(arguments))
        # boto3 itself makes a mapping of a template in JSON.
        if model.output_shape is not None and method != "get_template":
            report = ParamValidator().validate(answer, model.output_shape)
            assert not report.has_errors(), report.generate_report()
        return answer

    def count(self, method: str) -> int:
        """How often a method was called."""
        return [name for name, _ in self.calls].count(method)


def _model(service: str, method: str) -> OperationModel:
    operation = iam_action(service, method).partition(":")[2]
    return _SESSION.get_service_model(service).operation_model(operation)
