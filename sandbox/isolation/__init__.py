"""Runs the sandbox where the kernel ends it, and finds out whether it can."""
