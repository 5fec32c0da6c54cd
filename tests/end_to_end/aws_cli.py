"""Stands in for the AWS CLI on PATH: boto3 checks and makes the call that its options name."""

import json
import os
import sys
from typing import Any

import boto3
from botocore import xform_name
from botocore.model import ListShape, OperationModel, Shape, StructureShape

# The AWS CLI's own options for one rule of a security group.
_RULE = ("protocol", "port", "cidr", "source-group")


def main(arguments: list[str]) -> None:
    service, *rest = arguments
    at = next(number for number, each in enumerate(rest) if each.startswith("--"))
    operation, options = rest[:at], _options(rest[at:])
    client: Any = boto3.client(
        service,  # type: ignore[call-overload]
        options.pop("region")[0],
        endpoint_url=os.environ["AWS_ENDPOINT_URL"],
    )
    [query], output = options.pop("query", [""]), options.pop("output", ["json"])
    if operation[0] == "wait":
        named = {_camel(option): words[0] for option, words in options.items()}
        waiter = client.get_waiter(operation[1].replace("-", "_"))
        waiter.wait(**named, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
        return
    method = operation[0].replace("-", "_")
    name = client.meta.method_to_api_mapping[method]
    answer = getattr(client, method)(
        **_given(client.meta.service_model.operation_model(name), options)
    )
    if query:
        assert output == ["text"]
        sys.stdout.write(f"{answer[query]}\n")


def _options(words: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for word in words:
        if word.startswith("--"):
            option = word.removeprefix("--")
            found[option] = []
        else:
            found[option].append(word)
    return found


def _given(model: OperationModel, options: dict[str, list[str]]) -> dict[str, Any]:
    """The call's parameters; an option that it has not is a KeyError."""
    assert isinstance(model.input_shape, StructureShape)
    members = {xform_name(name, "-"): name for name in model.input_shape.members}
    rule = {name: options.pop(name)[0] for name in _RULE if name in options}
    given = {
        members[option]: _value(model.input_shape.members[members[option]], words)
        for option, words in options.items()
    }
    return given | ({"IpPermissions": [_permission(**_snake(rule))]} if rule else {})


def _value(shape: Shape, words: list[str]) -> Any:
    if shape.type_name == "boolean":
        assert not words
        return True
    if isinstance(shape, ListShape) and shape.member.type_name == "string":
        return words
    [word] = words
    if shape.type_name in ("structure", "list", "map"):
        return json.loads(word)
    numbers = {"integer": int, "long": int, "double": float, "float": float}
    return numbers.get(shape.type_name, str)(word)


def _permission(
    protocol: str, port: str, cidr: str | None = None, source_group: str | None = None
) -> dict[str, Any]:
    ports = {"IpProtocol": protocol, "FromPort": int(port), "ToPort": int(port)}
    if cidr is not None:
        return {**ports, "IpRanges": [{"CidrIp": cidr}]}
    return {**ports, "UserIdGroupPairs": [{"GroupId": source_group}]}


def _snake(options: dict[str, str]) -> dict[str, str]:
    return {name.replace("-", "_"): value for name, value in options.items()}


def _camel(option: str) -> str:
    return "".join(part.title() for part in option.split("-"))


if __name__ == "__main__":
    main(sys.argv[1:])
