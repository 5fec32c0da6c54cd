"""Runs one session: Spark, and an interpreter that answers statements over a socket.

In: `{"conf": …}` once, then `{"id", "kind", "code"}` for a statement and `{"cancel": id}`.
Out: `{"ready": true}`, `{"id", "progress"}` while a statement runs, `{"id", "output"}` when it
is done. The process ends when the server does, and Spark's JVM with it.
"""

import io
import os
import queue
import socket
import subprocess
import sys
import threading
import warnings
from contextlib import suppress
from typing import Any

from pyspark import SparkConf, SparkContext
from pyspark.sql import SparkSession, SQLContext

from sandbox.isolation.system_calls import die_with_parent
from sandbox.livy.interpreter import Interpreter
from sandbox.livy.sql import run_sql
from sandbox.livy.wire import JVM_ENDED, Wire

Json = dict[str, Any]

JVM_STOP_SECONDS = 8
PROGRESS_SECONDS = 0.5


def main() -> None:
    """Serve the session whose socket is the file descriptor named by the first argument."""
    die_with_parent()
    wire = Wire(socket.socket(fileno=int(sys.argv.pop(1))))
    sys.stdin = io.StringIO()
    first = wire.read() or {}
    statements: queue.Queue[Json] = queue.Queue()
    threading.Thread(target=_listen, args=(wire, statements), daemon=True).start()
    conf = SparkConf().setAll(list(dict(first.get("conf", {})).items()))
    spark = SparkSession.builder.config(conf=conf).getOrCreate()
    threading.Thread(target=_end_with_jvm, daemon=True).start()
    context = spark.sparkContext
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # Livy still offers sqlContext
        sql_context = SQLContext(context)
    interpreter = Interpreter({"spark": spark, "sc": context, "sqlContext": sql_context})
    wire.write({"ready": True})
    while True:
        _run(wire, spark, interpreter, statements.get())


def _run(wire: Wire, spark: SparkSession, interpreter: Interpreter, statement: Json) -> None:
    number, code = statement["id"], statement["code"]
    # The group is what a cancel names; the jobs of this thread belong to it from here on.
    spark.sparkContext.setJobGroup(str(number), f"Job group for statement {number}")
    done = threading.Event()
    threading.Thread(target=_report, args=(wire, number, done), daemon=True).start()
    output = run_sql(spark, code) if statement["kind"] == "sql" else interpreter.run(code)
    done.set()
    try:
        wire.write({"id": number, "output": output})
    except (TypeError, ValueError) as error:
        refusal = {"ename": "ValueError", "evalue": f"cannot json-ify: {error}", "traceback": []}
        wire.write({"id": number, "output": {"status": "error", **refusal}})


def _report(wire: Wire, number: int, done: threading.Event) -> None:
    """Send the share of the statement's Spark tasks that are done, until the statement is."""
    while not done.wait(PROGRESS_SECONDS):
        context = SparkContext._active_spark_context
        if context is not None:
            with suppress(Exception):  # a figure for a progress bar; the next one may succeed
                wire.write({"id": number, "progress": _progress(context, str(number))})


def _progress(context: SparkContext, group: str) -> float:
    tracker = context.statusTracker()
    jobs = [tracker.getJobInfo(job) for job in tracker.getJobIdsForGroup(group)]
    stages = [tracker.getStageInfo(stage) for job in jobs if job for stage in job.stageIds]
    total = sum(stage.numTasks for stage in stages if stage)
    done = sum(stage.numCompletedTasks for stage in stages if stage)
    return float(done) / total if total else 0.0


def _listen(wire: Wire, statements: queue.Queue[Json]) -> None:
    """Hand statements to the main thread and cancel jobs, until the server is gone."""
    while (message := wire.read()) is not None:
        context = SparkContext._active_spark_context
        if "cancel" not in message:
            statements.put(message)
        elif context is not None:
            context.cancelJobGroup(str(message["cancel"]))
    jvm = _jvm()
    if jvm is not None and jvm.stdin is not None:
        # The JVM ends when its input does; who waits for it leaves no orphan.
        jvm.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            jvm.wait(JVM_STOP_SECONDS)
    os._exit(0)


def _end_with_jvm() -> None:
    jvm = _jvm()
    if jvm is not None:
        jvm.wait()
        os._exit(JVM_ENDED)


def _jvm() -> "subprocess.Popen[bytes] | None":
    return getattr(SparkContext._gateway, "proc", None)
