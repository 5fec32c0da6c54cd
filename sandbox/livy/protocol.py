"""Checks the bodies of requests as Livy does, and refuses the others in its words.

Livy's words are its JSON library's (Jackson): clients show them, so they are kept.
"""

import json
import re
from typing import Any

Json = dict[str, Any]

SESSION_CLASS = "org.apache.livy.server.interactive.CreateInteractiveRequest"
STATEMENT_CLASS = "org.apache.livy.ExecuteRequest"
# In the order in which Livy lists them.
SESSION_FIELDS = (
    *("executorCores", "conf", "driverMemory", "name", "driverCores", "idleTimeout", "pyFiles"),
    *("archives", "kind", "files", "jars", "proxyUser", "numExecutors"),
    *("heartbeatTimeoutInSecond", "ttl", "queue", "executorMemory"),
)
# The version that the stand-in plays, unless it is told another one.
NEWEST = "0.9.0-incubating"
STATEMENT_FIELDS = ("kind", "code")
LISTS = ("jars", "files", "pyFiles", "archives")
NUMBERS = ("driverCores", "executorCores", "numExecutors", "heartbeatTimeoutInSecond")
KINDS = {
    "spark": "spark",
    "scala": "spark",
    "pyspark": "pyspark",
    "python": "pyspark",
    "sparkr": "sparkr",
    "r": "sparkr",
    "shared": "shared",
    "sql": "sql",
}
UNSUPPORTED_KINDS = ("spark", "sparkr")
# What Livy decides itself, by the spark-blacklist.conf that it ships.
BLACKLIST = (
    *("spark.master", "spark.submit.deployMode"),
    *("spark.yarn.jar", "spark.yarn.jars", "spark.yarn.archive"),
)
SOURCE = "[Source: (org.eclipse.jetty.server.HttpInputOverHTTP)"
_MILLISECONDS = {
    "us": 0.001,
    "ms": 1,
    "s": 1_000,
    "m": 60_000,
    "min": 60_000,
    "h": 3_600_000,
    "d": 86_400_000,
}


class LivyError(Exception):
    """A refusal: the HTTP status and the body of the answer."""

    def __init__(self, status: int, body: Json | str) -> None:
        super().__init__(body)
        self.status = status
        self.body = body


def illegal_argument(message: str) -> LivyError:
    """Livy's answer to an IllegalArgumentException."""
    return LivyError(400, {"msg": message})


def internal_error(kind: str, message: str) -> LivyError:
    """Livy's answer to any other exception: its class and message as one string."""
    return LivyError(500, f"java.lang.{kind}: {message}")


def session_fields(version: str) -> tuple[str, ...]:
    """The fields that a Livy of this version, 0.8 or 0.9, knows of a session."""
    new = ("idleTimeout",) if version.startswith("0.8.") else ()
    return tuple(name for name in SESSION_FIELDS if name not in new)


def parse_session(text: str, version: str = NEWEST) -> Json:
    """The fields of a POST /sessions, checked; LivyError in Livy's words otherwise."""
    request = _parse_object(text, SESSION_CLASS, session_fields(version))
    kind = str(request.get("kind", "shared"))
    if kind not in KINDS:
        message = f'Invalid kind: {kind} (through reference chain: {SESSION_CLASS}["kind"])'
        raise LivyError(400, message)
    if KINDS[kind] in UNSUPPORTED_KINDS:
        raise illegal_argument(
            f"The sandbox's stand-in for Livy runs sessions of kind pyspark, sql and shared, not "
            f"{kind}. Use the PySpark kernel, or set LIVY_HOME to a real Livy and start again."
        )
    for name, value in request.items():
        wanted = _wanted_type(name)
        if value is not None and (not isinstance(value, wanted) or isinstance(value, bool)):
            raise LivyError(
                400,
                f"Cannot deserialize value of type `{_java_name(wanted)}` from {value!r} "
                f'(through reference chain: {SESSION_CLASS}["{name}"])',
            )
    if listed := [name for name in request.get("conf") or {} if name in BLACKLIST]:
        raise illegal_argument(
            "Rejected, Reason: Blacklisted configuration values in session config: "
            + ", ".join(listed)
        )
    for name in ("ttl", "idleTimeout"):
        if request.get(name) is not None:
            duration_seconds(str(request[name]))
    return {**request, "kind": KINDS[kind]}


def parse_statement(text: str) -> Json:
    """The `code` and `kind` of a POST to a session's statements; either may be absent."""
    return _parse_object(text, STATEMENT_CLASS, STATEMENT_FIELDS)


def statement_kind(asked: str | None, session_kind: str) -> str:
    """The interpreter that a statement is for; LivyError when it names none."""
    if asked is not None and asked not in KINDS:
        raise LivyError(500, _rpc_failure("IllegalArgumentException", f"Invalid kind: {asked}"))
    kind = KINDS[asked] if asked is not None else session_kind
    if kind == "shared":
        message = "Code type should be specified if session kind is shared"
        raise LivyError(500, _rpc_failure("IllegalArgumentException", message))
    return kind


def statement_code(request: Json) -> str:
    """The statement's code; LivyError, in the words of Livy's own failure, when there is none."""
    if request.get("code") is None:
        message = 'Cannot invoke "String.toCharArray()" because "s" is null'
        raise LivyError(500, _rpc_failure("NullPointerException", message))
    return str(request["code"])


def duration_seconds(text: str) -> float:
    """A duration such as 10m, 1h or 500ms; milliseconds when it has no unit."""
    found = re.fullmatch(r"(-?\d+)([a-z]+)?", text.strip().lower())
    if not found or (found[2] or "ms") not in _MILLISECONDS:
        raise illegal_argument(f"Invalid time string: {text}")
    return int(found[1]) * _MILLISECONDS[found[2] or "ms"] / 1000


def _rpc_failure(kind: str, message: str) -> str:
    return (
        "java.util.concurrent.ExecutionException: org.apache.livy.rsc.rpc.RpcException: "
        f"java.lang.{kind}: {message}"
    )


def _parse_object(text: str, class_name: str, known: tuple[str, ...]) -> Json:
    if not text.strip():
        message = f"No content to map due to end-of-input\n at {SOURCE}; line: 1, column: 0]"
        raise LivyError(400, message)
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise LivyError(400, _syntax_message(error)) from error
    if not isinstance(value, dict):
        token = "ARRAY" if isinstance(value, list) else "SCALAR"
        raise LivyError(
            400,
            f"Cannot deserialize value of type `{class_name}` from {token.title()} value "
            f"(token `JsonToken.START_{token}`)\n at {SOURCE}; line: 1, column: 1]",
        )
    for name in value:
        if name not in known:
            raise LivyError(400, _unknown_message(text, name, class_name, known))
    return value


def _syntax_message(error: json.JSONDecodeError) -> str:
    rest = error.doc[error.pos :]
    found = f"'{rest[0]}' (code {ord(rest[0])})" if rest else "end-of-input"
    wanted = (
        "double-quote to start field name" if "property name" in error.msg else "a valid JSON value"
    )
    return (
        f"Unexpected character ({found}): was expecting {wanted}\n"
        f" at {SOURCE}; line: {error.lineno}, column: {error.colno + 1}]"
    )


def _unknown_message(text: str, name: str, class_name: str, known: tuple[str, ...]) -> str:
    # Jackson stands behind the value's first token when it finds that it has no use for it.
    token = re.search(rf'"{re.escape(name)}"\s*:\s*([^\s,}}\]"{{\[]+|.)', text)
    end = token.end() if token else 0
    line, column = text.count("\n", 0, end) + 1, end - text.rfind("\n", 0, end)
    listed = ", ".join(f'"{field}"' for field in known)
    return (
        f'Unrecognized field "{name}" (class {class_name}), not marked as ignorable '
        f"({len(known)} known properties: {listed}])\n at {SOURCE}; line: {line}, column: {column}]"
        f' (through reference chain: {class_name}["{name}"])'
    )


def _wanted_type(name: str) -> type:
    if name == "conf":
        return dict
    if name in LISTS:
        return list
    return int if name in NUMBERS else str


def _java_name(kind: type) -> str:
    return {dict: "Map", list: "List", int: "int", str: "java.lang.String"}[kind]
