"""Turns a session's request into Spark's settings."""

from typing import Any

from sandbox.livy.rejections import listed_files

Json = dict[str, Any]

SPARK_NAMES = {
    "name": "spark.app.name",
    "driverMemory": "spark.driver.memory",
    "driverCores": "spark.driver.cores",
    "executorMemory": "spark.executor.memory",
    "executorCores": "spark.executor.cores",
    "numExecutors": "spark.executor.instances",
    "queue": "spark.yarn.queue",
    "jars": "spark.jars",
    "files": "spark.files",
    "pyFiles": "spark.submit.pyFiles",
    "archives": "spark.archives",
}
# Livy's own, in the place of what is asked for: here the sandbox's.
OVERRIDDEN = "spark.master"


def spark_conf(number: int, request: Json) -> dict[str, str]:
    """The Spark settings that the request of the session of this number asks for."""
    asked = {name: str(value) for name, value in (request.get("conf") or {}).items()}
    asked.pop(OVERRIDDEN, None)
    conf = {"spark.app.name": f"livy-session-{number}", **asked}
    for field, name in SPARK_NAMES.items():
        value = request.get(field)
        if isinstance(value, list):
            conf[name] = ",".join([*value, *listed_files(asked.get(name, ""))])
        elif value:
            conf[name] = str(value)
    return conf
