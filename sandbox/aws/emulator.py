"""Imports ministack's modules late: it reads its environment when it is imported."""

import importlib
from typing import Any


def ministack(name: str) -> Any:
    """The module `ministack.<name>`; `server.py` sets the environment before the first call."""
    return importlib.import_module(f"ministack.{name}")
