"""Imports ministack's modules late: it reads its environment when it is imported."""

import importlib
from typing import Any


def module(name: str) -> Any:
    """The module `ministack.<name>`; only `server.py` may run before the first call."""
    return importlib.import_module(f"ministack.{name}")
