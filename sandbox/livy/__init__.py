"""Runs Livy: a stand-in that speaks its REST protocol, or a real one by LIVY_HOME.

The stand-in answers as Livy 0.9.0 does, as far as SparkMagic and the recordings in
tests/sandbox/livy/recordings ask: sessions of kind pyspark, sql and shared, their statements,
logs, heartbeats and time-outs. Sessions in Scala or R are refused with the reason; a statement
in one of them gets Livy's own answer for an interpreter that does not start. Batches, file
uploads and the Java client's jobs are not there.
"""
