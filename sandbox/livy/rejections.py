"""Rejects sessions that Livy can read and does not start, as it is when nobody configured it.

That is Livy without a spark-blacklist.conf of its own, and without livy.file.local-dir-whitelist.
"""

import re
import urllib.parse
from collections.abc import Iterator
from typing import Any

from sandbox.livy.protocol import LISTS, duration_seconds

Json = dict[str, Any]

# Livy sets spark.master itself, whatever is asked for, and refuses these.
BLACKLIST = ("spark.submit.deployMode", "spark.submit.proxyUser.allowCustomClasspathInClusterMode")
FILE_LISTS = (
    *("spark.jars", "spark.files", "spark.submit.pyFiles", "spark.archives"),
    *("spark.yarn.dist.archives", "spark.yarn.dist.files", "spark.yarn.dist.jars"),
    *("spark.yarn.archive", "spark.yarn.jar", "spark.yarn.jars"),
)


def check_session(request: Json) -> None:
    """ValueError in Livy's words for the first thing in a session's request that it rejects."""
    for field in ("ttl", "idleTimeout"):
        if request.get(field) is not None:
            duration_seconds(str(request[field]))
    conf = request.get("conf") or {}
    if listed := [each for each in conf if each in BLACKLIST]:
        raise ValueError(f"Blacklisted configuration values in session config: {', '.join(listed)}")
    for uri in _files(request, conf):
        _check_file(uri)
    name = request.get("name")
    if name is not None and all(letter.isdecimal() for letter in name):
        raise ValueError(f"Invalid session name: {name}")


def listed_files(text: str) -> list[str]:
    """The files of a Spark property that lists some, as Livy splits it."""
    return [uri for uri in re.split("[, ]+", text) if uri]


def _files(request: Json, conf: Json) -> Iterator[str]:
    for name in FILE_LISTS:
        yield from listed_files(str(conf.get(name) or ""))
    for name in LISTS:
        yield from (str(uri) for uri in request.get(name) or [] if uri)


def _check_file(uri: str) -> None:
    parts = urllib.parse.urlsplit(uri)
    if not parts.scheme and not parts.path.startswith("/"):
        raise ValueError(f"requirement failed: Path '{parts.path}' is not absolute.")
    # The sandbox has no HDFS, which such a path would be of on a cluster: it is this machine's.
    if parts.scheme in ("", "file"):
        raise ValueError(
            f"requirement failed: Local path {parts.path} cannot be added to user sessions."
        )
