"""AWS and a clock for the resolver's tests.

Every request and every answer is held against botocore's own models.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from unittest import mock

import botocore.session
import pytest
from botocore.exceptions import ParamValidationError
from botocore.model import OperationModel
from botocore.validate import validate_parameters

from cluster_endpoint import handler
from cluster_endpoint.aws import OPERATIONS, AwsGateway
from tests.assets.cluster_endpoint.emr_api import Api, Fields
from tests.assets.cluster_endpoint.emr_records import ACCOUNT, REGION

CONTEXT = SimpleNamespace(
    invoked_function_arn=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:resolver"
)
STARTED = 1000.0
_SESSION = botocore.session.get_session()
_MODELS: dict[str, OperationModel] = {
    name: _SESSION.get_service_model(operation.service).operation_model(name)
    for name, operation in OPERATIONS.items()
}


@dataclass
class World(Api):
    """AWS behind the resolver's one seam, and a clock whose time passes in calls and in `sleep`.

    `failures` are raised by an operation's next calls, a lone exception by all of them. `lies` are
    answered in an operation's place, as they are.
    """

    failures: dict[str, list[Exception] | Exception] = field(default_factory=dict)
    lies: Fields = field(default_factory=dict)
    seconds_a_call: float = 0.0
    time: float = STARTED
    requests: list[tuple[str, Fields]] = field(default_factory=list)

    @property
    def operations(self) -> list[str]:
        """The names of the calls so far."""
        return [operation for operation, _ in self.requests]

    @property
    def spent(self) -> float:
        """Seconds since the beginning."""
        return self.time - STARTED

    def gateway(self) -> AwsGateway:
        return AwsGateway(
            call=self.call,
            region=REGION,
            now=lambda: self.time,
            sleep=self._sleep,
            jitter=lambda: 1.0,
        )

    def answer(self, asked: Mapping[str, Any]) -> Fields:
        """What the Lambda answers to an event in this world."""
        with mock.patch.object(handler, "_gateway", self.gateway):
            return handler.on_event(asked, CONTEXT)

    def data(self, asked: Mapping[str, Any]) -> dict[str, str]:
        """The attributes in that answer."""
        data: dict[str, str] = self.answer(asked)["Data"]
        return data

    def deployed(self, values: Mapping[str, str], output: str = "LastValue") -> None:
        """Let the stack hold these attributes of the deploy before."""
        self.stack["Outputs"] = [
            {"OutputKey": "Another", "OutputValue": "{}"},
            {"OutputKey": output, "OutputValue": json.dumps(dict(values))},
        ]

    def call(self, operation: str, arguments: Mapping[str, Any]) -> Fields:
        """The one seam: what boto3's call answers or raises."""
        self.time += self.seconds_a_call
        request = dict(arguments)
        self.requests.append((operation, request))
        model = _MODELS[operation]
        assert model.input_shape is not None
        assert model.output_shape is not None
        # boto3 raises this, too.
        validate_parameters(request, model.input_shape)
        failure = self.failures.get(operation, [])
        if isinstance(failure, Exception):
            raise failure
        if failure:
            raise failure.pop(0)
        if operation in self.lies:
            lie: Fields = self.lies[operation]
            return lie
        answer = self.answer_to(operation, request, self.spent)
        try:
            validate_parameters(answer, model.output_shape)
        except ParamValidationError as error:
            # No Exception, which the resolver would take for one of boto3's.
            pytest.fail(f"AWS never answers so: {error}")
        return answer

    def _sleep(self, seconds: float) -> None:
        self.time += seconds
