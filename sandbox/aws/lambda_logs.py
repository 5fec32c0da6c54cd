"""Keeps what a Python Lambda logs: ministack keeps what is printed only."""

from sandbox.aws.emulator import ministack

# Lambda's own runtime has such a handler on the root logger before the function is imported.
_HANDLER = r"""
import logging as _logging, time as _time
_handler = _logging.StreamHandler()
_handler.setFormatter(_logging.Formatter(
    "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(message)s", "%Y-%m-%dT%H:%M:%S"))
_handler.formatter.converter = _time.gmtime
_logging.getLogger().addHandler(_handler)
"""


def install() -> None:
    """Give every Python worker that handler."""
    runtime = ministack("core.lambda_runtime")
    runtime._PYTHON_WORKER_SCRIPT = _HANDLER + runtime._PYTHON_WORKER_SCRIPT
