"""Prepares Spark: its Java, its jars, its settings and whom it trusts."""
