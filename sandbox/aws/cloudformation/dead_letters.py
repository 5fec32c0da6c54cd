"""Gives Lambdas their dead-letter queues, which ministack's CloudFormation leaves out."""

from collections.abc import Callable
from typing import Any

from sandbox.aws.cloudformation.schema import Created, Properties
from sandbox.aws.emulator import ministack

TYPE = "AWS::Lambda::Function"
Handler = Callable[..., Created]


def install() -> None:
    """Put the queue into the configuration of each function that is made or updated."""
    handlers = ministack("services.cloudformation.provisioners")._RESOURCE_HANDLERS[TYPE]
    create: Handler = handlers["create"]
    update: Handler = handlers["update"]

    def with_queue(made: Created, properties: Properties) -> Created:
        function = ministack("services.lambda_svc")._functions.get(made[0])
        if function is not None:
            function["config"]["DeadLetterConfig"] = properties.get("DeadLetterConfig", {})
        return made

    def creating(logical_id: str, properties: Properties, *more: Any) -> Created:
        return with_queue(create(logical_id, properties, *more), properties)

    def updating(name: str, old: Properties, new: Properties, *more: Any) -> Created:
        return with_queue(update(name, old, new, *more), new)

    handlers |= {"create": creating, "update": updating}
