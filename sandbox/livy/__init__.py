"""Livy in the sandbox: a stand-in that speaks its REST protocol, or a real one by LIVY_HOME.

The stand-in answers as Livy 0.9.0 does, as far as SparkMagic and the recordings in
tests/sandbox/livy_recordings ask: sessions of kind pyspark and sql, their statements, logs,
heartbeats and time-outs. Statements in Scala or R get Livy's own answer for an interpreter
that does not start. Batches, file uploads and the Java client's jobs are not there.
"""
