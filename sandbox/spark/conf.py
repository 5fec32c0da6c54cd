"""Writes Spark's settings: local, loopback only, with the emulator's S3 behind s3://."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from sandbox.environment import REGION
from sandbox.spark.java import Java
from sandbox.spark.truststore import java_options, write_truststore

# Two or three sessions and everything else have to stay under 6 GiB.
DRIVER_MEMORY = "1g"
CORES = 2
S3_ATTEMPTS = 3
S3_TIMEOUT_MILLISECONDS = 20_000

LOG4J2 = """\
rootLogger.level = info
rootLogger.appenderRef.stderr.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{yy/MM/dd HH:mm:ss} %p %c{1}: %m%n%ex
# Without a level of its own for this class, PySpark's gateway sets the whole log to WARN.
logger.gateway.name = org.apache.spark.api.python.PythonGatewayServer
logger.gateway.level = info
"""


def write_spark_conf(
    directory: Path,
    *,
    java: Java,
    jars: Sequence[Path],
    s3_endpoint: str,
    access_key: str,
    secret_key: str,
    ca_pem: Path,
    bind_address: str,
) -> dict[str, str]:
    """Write Spark's configuration below `directory`; answer the environment that selects it.

    `s3_endpoint` is a URL, `ca_pem` the authority behind its certificate, and `bind_address`
    the loopback address that drivers listen on. What Spark writes (warehouse, shuffle,
    temporary files) stays below `directory`. Works for pyspark and for a real Livy alike.
    """
    conf, scratch = directory / "conf", directory / "tmp"
    for folder in (conf, scratch):
        folder.mkdir(parents=True, exist_ok=True)
    store = write_truststore(ca_pem, directory / "authority.p12")
    properties = {
        **_driver_properties(directory, jars, [*java_options(store), *_jvm_options(scratch)]),
        **_network_properties(bind_address),
        **_s3_properties(s3_endpoint, access_key, secret_key),
    }
    defaults = conf / "spark-defaults.conf"
    defaults.write_text(render_properties(properties), encoding="utf-8")
    (conf / "log4j2.properties").write_text(LOG4J2)
    return _environment(conf, scratch, java, bind_address)


def render_properties(properties: Mapping[str, str]) -> str:
    """A Java properties file; a backslash in a value is doubled, as that format asks."""
    return "".join(
        f"{name} {value}\n".replace("\\", "\\\\") for name, value in sorted(properties.items())
    )


def _environment(conf: Path, scratch: Path, java: Java, bind_address: str) -> dict[str, str]:
    import pyspark  # A third of a second, for processes that start no Spark.

    return {
        "JAVA_HOME": str(java.home),
        "SPARK_HOME": str(Path(pyspark.__file__).parent),
        "SPARK_CONF_DIR": str(conf),
        "SPARK_LOCAL_IP": bind_address,
        "SPARK_LOCAL_DIRS": str(scratch),
        "SPARK_LAUNCHER_OPTS": "-XX:-UsePerfData -XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
        "TMPDIR": str(scratch),
    }


def _jvm_options(scratch: Path) -> list[str]:
    # No /tmp/hsperfdata left behind. The small collector and the quick compiler: a first result
    # in 6 s instead of 9, where none of the work is large enough for the others to pay.
    quick = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
    return [f"-Djava.io.tmpdir={scratch}", "-XX:-UsePerfData", *quick]


def _driver_properties(
    directory: Path, jars: Sequence[Path], jvm_options: Sequence[str]
) -> dict[str, str]:
    return {
        "spark.master": f"local[{CORES}]",
        "spark.driver.memory": DRIVER_MEMORY,
        # The *default* options: a session's own extraJavaOptions then add to them.
        "spark.driver.defaultJavaOptions": " ".join(f'"{option}"' for option in jvm_options),
        # Not spark.jars: Livy sets that itself, which would drop these.
        "spark.driver.extraClassPath": ":".join(str(jar) for jar in jars),
        # As a path: Hadoop takes the %20 of a URI for part of the name.
        "spark.sql.warehouse.dir": str(directory / "warehouse"),
        "spark.hadoop.hadoop.tmp.dir": str(directory / "tmp" / "hadoop"),
        "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.shuffle.partitions": str(2 * CORES),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }


def _network_properties(bind_address: str) -> dict[str, str]:
    return {"spark.driver.host": bind_address, "spark.driver.bindAddress": bind_address}


def _s3_properties(endpoint: str, access_key: str, secret_key: str) -> dict[str, str]:
    s3a = {
        "endpoint": endpoint,
        "endpoint.region": REGION,
        "path.style.access": "true",
        "access.key": access_key,
        "secret.key": secret_key,
        "aws.credentials.provider": "org.apache.hadoop.fs.s3a.SimpleAWSCredentialsProvider",
        # An emulator that is down fails a cell in seconds, not after the default 20 attempts.
        "attempts.maximum": str(S3_ATTEMPTS),
        "retry.limit": str(S3_ATTEMPTS),
        "connection.timeout": str(S3_TIMEOUT_MILLISECONDS),
    }
    # On EMR s3:// is EMRFS; here the same paths go to S3A.
    return {"spark.hadoop.fs.s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem"} | {
        f"spark.hadoop.fs.s3a.{name}": value for name, value in s3a.items()
    }
