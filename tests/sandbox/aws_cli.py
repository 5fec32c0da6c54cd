"""Stands in for the AWS CLI on PATH: boto3 checks and makes the call that its options name."""

import os
import sys
from typing import Any

import boto3


def main(arguments: list[str]) -> None:
    service, *rest = arguments
    at = next(number for number, each in enumerate(rest) if each.startswith("--"))
    operation, options = rest[:at], rest[at:]
    given = dict(zip(options[::2], options[1::2], strict=True))
    region = given.pop("--region")
    client: Any = boto3.client(
        service,  # type: ignore[call-overload]
        region,
        endpoint_url=os.environ["AWS_ENDPOINT_URL"],
    )
    named = {_camel(option.removeprefix("--")): value for option, value in given.items()}
    if operation[0] == "wait":
        waiter = client.get_waiter(operation[1].replace("-", "_"))
        waiter.wait(**named, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    else:
        getattr(client, operation[0].replace("-", "_"))(**named)


def _camel(option: str) -> str:
    return "".join(part.title() for part in option.split("-"))


if __name__ == "__main__":
    main(sys.argv[1:])
