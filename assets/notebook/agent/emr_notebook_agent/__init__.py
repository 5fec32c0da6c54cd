"""Looks after a notebook, on the notebook: its connection to Spark, and what it says of that.

It needs Python 3.9 and its standard library; `kernel` alone also needs SparkMagic.
"""
