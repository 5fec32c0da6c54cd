"""Defines the error by which the sandbox says that it cannot go on."""


class SandboxError(Exception):
    """A failure in the words of whoever ran the command: what is wrong, and the next step."""
