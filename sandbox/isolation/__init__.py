"""Runs the sandbox where the kernel ends it, and tells whether the machine lets it."""
