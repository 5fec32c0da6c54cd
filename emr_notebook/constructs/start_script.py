"""Writes the notebook's scripts: a header of shell variables, then the asset, verbatim."""

import base64
import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

# SageMaker API, NotebookInstanceLifecycleHook.Content: counted in base64.
CONTENT_LIMIT = 16_384

# What a plain template takes for the folders in which the agent lies.
LONGEST_PREFIX = 128

# What a value that is known only at deploy time may grow to, in characters: the longest that the
# resolver's own forms let through.
LONGEST_VALUE: Mapping[str, int] = {
    "LIVY_URL": len("https://") + 253 + len(":65535"),
    "LIVY_FALLBACK": len("https://") + 253 + len(":65535"),
    "CLUSTER_ID": 22,
    "RELEASE_LABEL": 64,
    "SPARK_VERSION": 64,
    "LIVY_VERSION": 64,
    # Of a plain template, whose bucket and folders are parameters: bucket, folders, name.
    "AGENT_URI": len("s3://") + 63 + len("/") + LONGEST_PREFIX + 64,
}
# A value of the settings here, a deploy-time value in a plain template: it counts as one.
REPLACED_IN_PLAIN_TEMPLATES = "AGENT_URI"

_TOKEN = re.compile(r"\$\{Token\[[^\]]*\]\}")
_ASSIGNMENT = re.compile(r"([A-Z][A-Z0-9_]*)='")
_WHOLE_ASSIGNMENT = re.compile(rf"^{_ASSIGNMENT.pattern}((?:[^']|'\\'')*)'$", re.MULTILINE)

# Shown in the notebook. No braces but these: SparkMagic formats it with the error.
_FATAL_ERROR = """The code failed because of a fatal error:
\t{}.

Run the first cell of START HERE, which says what is wrong. Then restart the kernel."""


class ScriptTooLarge(ValueError):
    """The start script does not fit into SageMaker's limit."""


def sparkmagic_config(
    session: Mapping[str, object] | None = None,
    *,
    team: Mapping[str, Any] | None = None,
    ignore_ssl_errors: bool = False,
) -> dict[str, object]:
    """SparkMagic's config.json without the kernels' credentials, which the start script adds.

    `session` is what a Livy session asks for, in the names of Livy's REST API; entries that are
    None or empty are left out; `team` is what the settings give in SparkMagic's own names. What is
    not set here stays at SparkMagic's own default.
    """
    asked = {
        key: value for key, value in (session or {}).items() if value not in (None, {}, [], "")
    }
    given = dict(team or {})
    headers = given.pop("custom_headers", {})
    return {
        # Not session_configs: a user's %%configure replaces that whole.
        "session_configs_defaults": asked,
        # Above the 60 s in which a session on a busy cluster often does not start.
        "livy_session_startup_timeout_seconds": 180,
        # Livy ends a session whose notebook was silent for this long, two of SparkMagic's
        # heartbeats; 0 would leave orphans on the cluster, and long cells to Livy's idle limit.
        "livy_server_heartbeat_timeout_seconds": 60,
        "cleanup_all_sessions_on_exit": True,
        "fatal_error_suggestion": _FATAL_ERROR,
        # A failing cell ends Run All, as in other kernels.
        "all_errors_are_fatal": True,
        # Text stays text: what looks like a number or a date may be a postcode or a name.
        "coerce_dataframe": False,
        # Without it, a Livy with CSRF protection refuses every request that changes something.
        "custom_headers": {"X-Requested-By": "emr-notebook", **headers},
        **given,
        **({"ignore_ssl_errors": True} if ignore_ssl_errors else {}),
    }


def header(
    *,
    cluster: str,
    livy_url: str,
    cluster_id: str,
    release_label: str,
    spark_version: str,
    livy_version: str,
    sparkmagic_config: Mapping[str, object],
    authorities: str = "",
    livy_fallback_url: str = "",
    agent_uri: str = "",
    agent_sha256: str = "",
    idle_minutes: int | None = None,
    start_hook: str = "",
    environment: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """The variables that on_start.sh reads; `cluster` is the key in the settings.

    `agent_uri` is where the agent lies, whose bytes have `agent_sha256`; without them the script
    writes SparkMagic's configuration and no more.
    `livy_fallback_url` serves when the name in `livy_url` does not resolve.
    `idle_minutes` is after how long without a use the notebook stops itself; None: never.
    `start_hook` is who runs the hook in the agent's file, user or root; "" where there is none.
    `environment` are the variables that kernels, terminals and the hook get.
    `authorities` are certificates in PEM that Livy's may be issued by, beside the public ones.
    """
    return {
        "CLUSTER": cluster,
        "CLUSTER_ID": cluster_id,
        "LIVY_URL": livy_url,
        "RELEASE_LABEL": release_label,
        "SPARK_VERSION": spark_version,
        "LIVY_VERSION": livy_version,
        **({"LIVY_FALLBACK": livy_fallback_url} if livy_fallback_url else {}),
        **({"LIVY_CA": authorities} if authorities else {}),
        **({"AGENT_URI": agent_uri, "AGENT_SHA256": agent_sha256} if agent_uri else {}),
        **({} if idle_minutes is None else {"IDLE_MINUTES": str(idle_minutes)}),
        **({"START_HOOK": start_hook} if start_hook else {}),
        **({"ENVIRONMENT": _compact(environment)} if environment else {}),
        "SPARKMAGIC_CONFIG": _compact(sparkmagic_config),
    }


def with_version(header: Mapping[str, str], body: str) -> dict[str, str]:
    """The header with SCRIPT_VERSION: 8 hexadecimal digits that change when the script does.

    Deploy-time values do not count: where Livy is shows beside it. Nor does where the agent lies:
    that is another bucket in each account, and its content has a variable of its own.
    """
    counted = {k: _TOKEN.sub("", v) for k, v in header.items() if k != REPLACED_IN_PLAIN_TEMPLATES}
    said = json.dumps([counted, body])
    return {**header, "SCRIPT_VERSION": hashlib.sha256(said.encode()).hexdigest()[:8]}


def script_lines(header: Mapping[str, str], body: str) -> list[str]:
    r"""The script's lines: shebang, one NAME='value' per variable, and the body as it is.

    A list, so that `cdk diff` shows a changed line: join it in the template with a literal
    {"Fn::Join": ["\n", lines]}, since cdk.Fn.join merges neighbours into one long line. CRLF
    becomes LF: bash would look for an interpreter named bash<CR>. Deploy-time values (CDK tokens)
    go in untouched, because the resolver lets through only characters that a shell does not read.
    """
    lines = body.replace("\r\n", "\n").split("\n")
    if lines[0].startswith("#!"):
        lines = lines[1:]
    return [
        "#!/bin/bash",
        "# Written by the deploy: an edit here is lost at the next one.",
        *(line for name, value in header.items() for line in _assignment(name, value)),
        *lines,
    ]


def check_size(lines: Sequence[str], *, token_allowance: Mapping[str, int] = LONGEST_VALUE) -> int:
    """The script's size in base64 characters, each deploy-time value at its longest.

    Raises ScriptTooLarge over SageMaker's limit, and ValueError when a deploy-time value stands
    where no longest is known.
    """
    raw = "\n".join(_with_longest_values(line, token_allowance) for line in lines).encode()
    size = 4 * math.ceil(len(raw) / 3)
    if size > CONTENT_LIMIT:
        over = math.ceil((size - CONTENT_LIMIT) * 3 / 4)
        raise ScriptTooLarge(
            f"the start script has {size:,} base64 characters; SageMaker accepts {CONTENT_LIMIT:,}."
            f" Take {over:,} bytes from what the settings decide: from the notebook's spark.conf,"
            " whose properties can be set on the cluster instead (spark-defaults), from its"
            " environment, or from the file of the cluster's tls.ca_file, where the authority's own"
            " certificate is enough"
        )
    return size


def content(lines: Sequence[str]) -> str:
    """The script in base64, as SageMaker takes it; for lines without deploy-time values."""
    return base64.b64encode("\n".join(lines).encode()).decode()


def header_in(content: str) -> dict[str, str]:
    """The header's variables in a script in base64; {} for a script that is not this app's."""
    text = base64.b64decode(content).decode("utf-8", "replace")
    found: dict[str, str] = {}
    for name, quoted in _WHOLE_ASSIGNMENT.findall(text):
        # The header stands before the program, which may assign the same variable again.
        found.setdefault(name, quoted.replace("'\\''", "'"))
    return found


def without_agent(content: str) -> str:
    """A script in base64 as text, but for which agent it runs and the version that follows."""
    names = ("AGENT_URI", "AGENT_SHA256", "SCRIPT_VERSION")
    text = base64.b64decode(content).decode("utf-8", "replace")
    return _WHOLE_ASSIGNMENT.sub(lambda found: "" if found[1] in names else found[0], text)


def _compact(value: Mapping[str, object]) -> str:
    return json.dumps(value, separators=(",", ":"))


def _assignment(name: str, value: str) -> list[str]:
    """NAME='value', as one line for each line of the value."""
    if not _ASSIGNMENT.fullmatch(f"{name}='"):
        raise ValueError(f"{name!r} is not a shell variable's name: capitals, digits, underscores")
    if "\0" in value:
        raise ValueError(f"{name} holds a NUL character, which no shell variable can")
    quoted = value.replace("'", "'\\''")
    return f"{name}='{quoted}'".split("\n")


def _with_longest_values(line: str, allowance: Mapping[str, int]) -> str:
    assigned = _ASSIGNMENT.match(line)
    if assigned is not None and assigned[1] == REPLACED_IN_PLAIN_TEMPLATES:
        return f"{assigned[0]}{'x' * allowance[assigned[1]]}'"
    if not _TOKEN.search(line):
        return line
    if assigned is None or assigned[1] not in allowance:
        raise ValueError(f"no longest value is known for the deploy-time value in {line!r}")
    return _TOKEN.sub("x" * allowance[assigned[1]], line)
