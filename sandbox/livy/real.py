"""Configures a real Apache Livy, in the folder that LIVY_HOME names."""

import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox.errors import SandboxError

# The Scala of the Spark that PyPI carries; a session cannot start with another one's repl.
REPL_JARS = "repl_2.12-jars"
# Java 9 and later hide what Livy's serializer reaches into; Java 8 does not know these options.
JAVA_OPTIONS = " ".join(
    ["-XX:+IgnoreUnrecognizedVMOptions"]
    + [f"--add-opens=java.base/java.{name}=ALL-UNNAMED" for name in ("lang", "util", "nio")]
)
_SERVER_JAR = re.compile(r"livy-server-(\d.*)\.jar")
LOG4J = """\
log4j.rootCategory=INFO, console
log4j.appender.console=org.apache.log4j.ConsoleAppender
log4j.appender.console.target=System.err
log4j.appender.console.layout=org.apache.log4j.PatternLayout
log4j.appender.console.layout.ConversionPattern=%d{yy/MM/dd HH:mm:ss} %p %c{1}: %m%n
"""


@dataclass(frozen=True)
class RealLivy:
    """How to start the Livy that was found, its version, and a folder to remove afterwards."""

    command: Path
    env: dict[str, str]
    version: str
    links: Path


def livy_version(home: Path) -> str:
    """The version of the Apache Livy in this folder; SandboxError when it holds none."""
    jars = sorted((home / "jars").glob("livy-server-*.jar"))
    versions = [found[1] for jar in jars if (found := _SERVER_JAR.fullmatch(jar.name))]
    present = {
        "bin/livy-server": os.access(home / "bin" / "livy-server", os.X_OK),
        "jars/livy-server-<version>.jar": bool(versions),
        "rsc-jars/livy-rsc-*.jar": any((home / "rsc-jars").glob("livy-rsc-*.jar")),
        f"{REPL_JARS}/livy-repl_*.jar": any((home / REPL_JARS).glob("livy-repl_*.jar")),
    }
    missing = [name for name, found in present.items() if not found]
    if missing:
        held = sorted(path.name for path in home.iterdir()) if home.is_dir() else None
        contents = ", ".join(held) or "nothing" if held is not None else "not a folder"
        raise SandboxError(
            f"LIVY_HOME={home} holds no Apache Livy that can run sessions: it lacks "
            f"{', '.join(missing)} (found: {contents}). Accepted is the folder that an "
            "apache-livy-<version>_2.12-bin.zip unpacks to. Point LIVY_HOME at it, or unset "
            "LIVY_HOME to use the sandbox's stand-in."
        )
    return versions[0]


def prepare_livy(
    home: Path, *, host: str, port: int, state: Path, spark_env: Mapping[str, str]
) -> RealLivy:
    """Write Livy's configuration below `state`; answer how to start it.

    Nothing in `home` is changed. SandboxError when it holds no Apache Livy.
    """
    version = livy_version(home)
    conf = state / "livy-conf"
    conf.mkdir(parents=True, exist_ok=True)
    for name, text in configuration(host, port).items():
        (conf / name).write_text(text)
    scratch = tempfile.gettempdir()
    # /tmp has no space in its name, wherever the checkout is.
    links = Path(tempfile.mkdtemp(prefix="livy-", dir="/tmp" if " " in scratch else scratch))  # noqa: S108
    env = {
        **spark_env,
        "LIVY_CONF_DIR": str(conf),
        "LIVY_LOG_DIR": str(state),
        "LIVY_PID_DIR": str(state),
        "LIVY_SERVER_JAVA_OPTS": JAVA_OPTIONS,
    }
    for name in ("LIVY_CONF_DIR", "JAVA_HOME", "SPARK_CONF_DIR"):
        env[name] = str(_without_spaces(Path(env[name]), links))
    command = _without_spaces(home.absolute(), links) / "bin" / "livy-server"
    return RealLivy(command, env, version, links)


def configuration(host: str, port: int) -> dict[str, str]:
    """Livy's configuration files by name: local Spark, no recovery, connections over `host`."""
    server = {
        "livy.server.host": host,
        "livy.server.port": str(port),
        "livy.server.recovery.mode": "off",
        "livy.spark.master": "local[2]",
        "livy.spark.deploy-mode": "client",
        "livy.repl.enable-hive-context": "false",
    }
    client = {"livy.rsc.rpc.server.address": host, "livy.rsc.launcher.address": host}
    return {
        "livy.conf": "".join(f"{name} = {value}\n" for name, value in server.items()),
        "livy-client.conf": "".join(f"{name} = {value}\n" for name, value in client.items()),
        "log4j.properties": LOG4J,
    }


def _without_spaces(path: Path, links: Path) -> Path:
    """The path, or a link to it without spaces: bin/livy-server does not quote its own."""
    if not re.search(r"\s", str(path)):
        return path
    link = links / f"{len(list(links.iterdir()))}"
    link.symlink_to(path)
    return link
