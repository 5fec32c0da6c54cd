"""Reads AWS: all calls of the commands are made by reader.py, and only read."""
