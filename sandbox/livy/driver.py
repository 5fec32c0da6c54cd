"""Runs one session: Spark, and an interpreter that answers statements over a socket.

In: `{"conf": …}` once, then `{"id", "kind", "code"}` for a statement and `{"cancel": id}`.
Out: `{"ready": true}`, `{"id", "progress"}` while a statement runs, `{"id", "output"}` when it
is done, `{"jvm_ended": true}` when Spark's JVM is gone. The process ends when the server does,
and Spark's JVM with it.
"""

import io
import logging
import os
import queue
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from typing import Any

from py4j.protocol import Py4JError  # type: ignore[import-untyped]
from pyspark import SparkConf, SparkContext
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession, SQLContext

from sandbox.isolation.system_calls import die_with_parent
from sandbox.livy.interpreter import Interpreter, capture_output
from sandbox.livy.sql import SqlInterpreter
from sandbox.livy.wire import INTERPRETER_LOG, Wire

Json = dict[str, Any]

JVM_STOP_SECONDS = 8
JVM_END_SECONDS = 1
PROGRESS_SECONDS = 0.5
# What Livy's interpreter imports before the first statement.
PRELUDE = """\
from pyspark.sql import HiveContext
from pyspark.streaming import StreamingContext
import pyspark.cloudpickle as cloudpickle
"""
# What py4j raises when the JVM's sockets are gone.
DISCONNECTED = ("Py4JNetworkError", "Py4JError", "ConnectionRefusedError", "ConnectionResetError")
NOT_FINITE = "Non-standard token 'NaN': enable `JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS` to allow"


def main() -> None:
    """Serve the session whose socket is the file descriptor named by the first argument."""
    die_with_parent()
    wire = Wire(socket.socket(fileno=int(sys.argv.pop(1))))
    sys.stdin = io.StringIO()
    Driver(wire).serve()


class Driver:
    """Spark as it was at the start, and what is waiting to be run on it."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        first = wire.read() or {}
        self._statements: queue.Queue[Json] = queue.Queue()
        self._jsc: Any = None
        threading.Thread(target=self._listen, daemon=True).start()
        conf = SparkConf().setAll(list(dict(first.get("conf", {})).items()))
        try:
            spark = SparkSession.builder.config(conf=conf).getOrCreate()
        except (Py4JError, PySparkException):
            # Java has written down why, as in Livy; Python's frames are the stand-in's own.
            os._exit(1)
        self._tracker, self._jsc = spark.sparkContext.statusTracker(), spark.sparkContext._jsc
        threading.Thread(target=self._report_jvms_end, daemon=True).start()
        _keep_last_words()
        self._sql = SqlInterpreter(spark)
        self._python = Interpreter(_namespace(spark))

    def serve(self) -> None:
        """Run statements until the process ends."""
        self._wire.write({"ready": True})
        try:
            while True:
                self._run(self._statements.get())
        finally:
            sys.stderr = sys.__stderr__

    def _run(self, statement: Json) -> None:
        number = statement["id"]
        done = threading.Event()
        threading.Thread(target=self._report_progress, args=(number, done), daemon=True).start()
        output = self._output(number, statement["kind"], statement["code"])
        done.set()
        if output.get("ename") in DISCONNECTED and _jvm_has_ended():
            return  # said by the thread that waits for the JVM
        try:
            self._wire.write({"id": number, "output": output})
        except ValueError as error:
            self._wire.write({"id": number, "output": unreadable(error)})

    def _output(self, number: int, kind: str, code: str) -> Json:
        # The group is what a cancel names. In Python it is set by a statement of Livy's own, which
        # fails unseen where the session's code has stopped Spark or made `sc` something else.
        described = f"Job group for statement {number}"
        if kind == "sql":
            self._jsc.setJobGroup(str(number), described)
            return self._sql.run(code)
        self._python.run(f'sc.setJobGroup("{number}", "{described}")')
        return self._python.run(code)

    def _report_progress(self, number: int, done: threading.Event) -> None:
        """Send the share of the statement's Spark tasks that are done, until the statement is."""
        while not done.wait(PROGRESS_SECONDS):
            with suppress(Exception):  # a figure for a progress bar; the next one may succeed
                self._wire.write({"id": number, "progress": self._progress(str(number))})

    def _progress(self, group: str) -> float:
        jobs = [self._tracker.getJobInfo(job) for job in self._tracker.getJobIdsForGroup(group)]
        stages = [
            self._tracker.getStageInfo(stage) for job in jobs if job for stage in job.stageIds
        ]
        total = sum(stage.numTasks for stage in stages if stage)
        done = sum(stage.numCompletedTasks for stage in stages if stage)
        return float(done) / total if total else 0.0

    def _listen(self) -> None:
        """Hand statements to the main thread and cancel jobs, until the server is gone."""
        while (message := self._wire.read()) is not None:
            if "cancel" not in message:
                self._statements.put(message)
            elif self._jsc is not None:
                with suppress(Py4JError):  # a Spark that was stopped runs no jobs
                    self._jsc.cancelJobGroup(str(message["cancel"]))
        jvm = _jvm()
        if jvm is not None and jvm.stdin is not None:
            # The JVM ends when its input does; who waits for it leaves no orphan.
            jvm.stdin.close()
            with suppress(subprocess.TimeoutExpired):
                jvm.wait(JVM_STOP_SECONDS)
        os._exit(0)

    def _report_jvms_end(self) -> None:
        jvm = _jvm()
        if jvm is not None:
            jvm.wait()
            self._wire.write({"jvm_ended": True})
            os._exit(1)


def unreadable(error: ValueError) -> Json:
    """What Livy's JVM makes of an output that Python cannot write as JSON."""
    name, value = "java.lang.AssertionError", "assertion failed"
    if "Circular" not in str(error):
        name, value = "com.fasterxml.jackson.core.JsonParseException", NOT_FINITE
    return {"status": "error", "ename": name, "evalue": value, "traceback": []}


def _namespace(spark: SparkSession) -> dict[str, Any]:
    capture_output()
    namespace: dict[str, Any] = {"spark": spark, "sc": spark.sparkContext}
    exec(PRELUDE, namespace)  # noqa: S102
    namespace["sqlContext"] = SQLContext(spark.sparkContext, spark)
    captured: list[Any] = [sys.stdout, sys.stderr]
    for stream in captured:
        print(stream.getvalue(), file=sys.__stderr__)
    capture_output()
    return namespace


def _keep_last_words() -> None:
    """Turn standard error, which so far was the JVM's too, into the interpreter's own file."""
    with open(INTERPRETER_LOG, "wb") as log:  # noqa: PTH123
        os.dup2(log.fileno(), 2)
    # Handlers that the session's code does not set up write there, not into its answers.
    logging.basicConfig()


def _jvm_has_ended() -> bool:
    jvm = _jvm()
    with suppress(subprocess.TimeoutExpired):
        return jvm is None or jvm.wait(JVM_END_SECONDS) is not None
    return False


def _jvm() -> "subprocess.Popen[bytes] | None":
    return getattr(SparkContext._gateway, "proc", None)
