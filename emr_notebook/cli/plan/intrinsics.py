"""Evaluates CloudFormation's intrinsic functions, as far as this app's templates use them."""

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

# The value of a Ref, where the attribute is "", or of a Fn::GetAtt.
LookUp = Callable[[str, str], object]

NO_VALUE: Final = object()


def evaluate(value: Any, look_up: LookUp) -> Any:
    """The value with its functions worked out.

    One that is not known here stays, with what it is applied to worked out: two of them can still
    be compared. Properties and items that come to NO_VALUE are left out, as AWS::NoValue is.
    """
    if isinstance(value, Mapping):
        if len(value) == 1:
            ((name, argument),) = value.items()
            if name == "Ref":
                return look_up(str(argument), "")
            if name == "Fn::GetAtt":
                return look_up(*_resource_and_attribute(argument))
            if name in _FUNCTIONS:
                return _FUNCTIONS[name](evaluate(argument, look_up))
        inner = {name: evaluate(each, look_up) for name, each in value.items()}
        return {name: each for name, each in inner.items() if each is not NO_VALUE}
    if isinstance(value, list):
        found = [evaluate(each, look_up) for each in value]
        return [each for each in found if each is not NO_VALUE]
    return value


def _resource_and_attribute(argument: Any) -> tuple[str, str]:
    if isinstance(argument, str):
        resource, _, attribute = argument.partition(".")
        return resource, attribute
    return str(argument[0]), str(argument[1])


def _join(argument: Any) -> Any:
    delimiter, parts = argument if _is_pair(argument) else ("", None)
    if isinstance(parts, list) and all(isinstance(each, str) for each in parts):
        return str(delimiter).join(parts)
    return {"Fn::Join": argument}


def _base64(argument: Any) -> Any:
    if isinstance(argument, str):
        return base64.b64encode(argument.encode()).decode()
    return {"Fn::Base64": argument}


def _is_pair(argument: Any) -> bool:
    return isinstance(argument, Sequence) and len(argument) == 2


_FUNCTIONS: Mapping[str, Callable[[Any], Any]] = {"Fn::Join": _join, "Fn::Base64": _base64}
