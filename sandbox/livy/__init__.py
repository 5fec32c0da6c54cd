"""Runs Livy: a stand-in that speaks its REST protocol, or a real one by LIVY_HOME.

The stand-in answers as Livy 0.8.0 or 0.9.0 does, as far as SparkMagic and the recordings in
tests/sandbox/livy/recordings ask: sessions of kind pyspark, sql and shared, their statements,
logs, heartbeats and time-outs. Scala, R, batches, file uploads and the Java client's jobs are not
there, nor is SQL in a session whose Python interpreter has died: it says so when asked for them.
"""
